// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* UDP sockets, one pair a network namespace, see socket.h. */
#include <linux/mutex.h>
#include <linux/udp.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "net/rx.h"
#include "net/socket.h"

struct rodp_netns {
	struct mutex lock; /* users, and the sockets' coming and going */
	unsigned int users;
	struct socket *sock4;
	struct socket *sock6; /* NULL also where IPv6 is off */
};

static unsigned int socket_netns_id;

static struct rodp_netns *socket_netns(struct net *net)
{
	return net_generic(net, socket_netns_id);
}

static struct socket *socket_open(struct net *net, sa_family_t family)
{
	struct udp_port_cfg port = {
		.family = family,
		.local_udp_port = cpu_to_be16(RODP_UDP_PORT),
		.ipv6_v6only = family == AF_INET6,
	};
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = rodp_rx_udp,
	};
	struct socket *sock;
	int err = udp_sock_create(net, &port, &sock);

	if (err)
		return ERR_PTR(err);
	setup_udp_tunnel_sock(net, sock->sk, &tunnel);
	udp_allow_gso(sock->sk);
	return sock;
}

static void socket_close_both(struct rodp_netns *ns)
{
	lockdep_assert_held(&ns->lock);
	if (ns->sock6)
		udp_tunnel_sock_release(ns->sock6->sk);
	if (ns->sock4)
		udp_tunnel_sock_release(ns->sock4->sk);
	WRITE_ONCE(ns->sock6, NULL);
	WRITE_ONCE(ns->sock4, NULL);
}

static int socket_open_both(struct net *net, struct rodp_netns *ns)
{
	struct socket *sock;

	lockdep_assert_held(&ns->lock);
	sock = socket_open(net, AF_INET);
	if (IS_ERR(sock))
		return PTR_ERR(sock);
	WRITE_ONCE(ns->sock4, sock);
	sock = socket_open(net, AF_INET6);
	if (!IS_ERR(sock)) {
		WRITE_ONCE(ns->sock6, sock);
		return 0;
	}
	if (PTR_ERR(sock) == -EAFNOSUPPORT)
		return 0;
	socket_close_both(ns);
	return PTR_ERR(sock);
}

int rodp_net_get(struct net *net)
{
	struct rodp_netns *ns = socket_netns(net);
	int err = 0;

	mutex_lock(&ns->lock);
	if (!ns->users)
		err = socket_open_both(net, ns);
	if (!err)
		ns->users++;
	mutex_unlock(&ns->lock);
	return err;
}

void rodp_net_put(struct net *net)
{
	struct rodp_netns *ns = socket_netns(net);

	mutex_lock(&ns->lock);
	if (!--ns->users)
		socket_close_both(ns);
	mutex_unlock(&ns->lock);
}

struct sock *rodp_net_sock(struct net *net, int version)
{
	struct rodp_netns *ns = socket_netns(net);
	struct socket *sock = version == 4 ? READ_ONCE(ns->sock4) : READ_ONCE(ns->sock6);

	return sock ? sock->sk : NULL;
}

static int __net_init socket_netns_init(struct net *net)
{
	mutex_init(&socket_netns(net)->lock);
	return 0;
}

static struct pernet_operations socket_netns_ops = {
	.init = socket_netns_init,
	.id = &socket_netns_id,
	.size = sizeof(struct rodp_netns),
};

int rodp_net_module_init(rodp_packet_receiver receiver)
{
	rodp_rx_set_receiver(receiver);
	return register_pernet_subsys(&socket_netns_ops);
}

void rodp_net_module_exit(void)
{
	unregister_pernet_subsys(&socket_netns_ops);
}
