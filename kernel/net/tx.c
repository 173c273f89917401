// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Outgoing packets: routes, UDP and IP headers, the ICRC. See packet.h. */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "wire/crc32.h"
#include "wire/icrc.h"
#include "net/flows.h"
#include "net/packet.h"
#include "net/socket.h"

static void tx_push_udp(const struct rodp_route *route, struct sk_buff *skb)
{
	struct udphdr *udp = skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = route->sport;
	udp->dest = cpu_to_be16(RODP_UDP_PORT);
	udp->len = cpu_to_be16(skb->len);
	udp->check = 0; /* the ICRC covers the payload (annex A17.3.1.2: should be zero) */
}

static void tx_push_ipv4(const struct rodp_route *route, struct sk_buff *skb)
{
	struct iphdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = route->tos;
	ip->tot_len = cpu_to_be16(skb->len);
	ip->id = 0; /* atomic datagram (RFC 6864): DF is set */
	ip->frag_off = cpu_to_be16(IP_DF);
	ip->ttl = route->hop_limit;
	ip->protocol = IPPROTO_UDP;
	ip->check = 0; /* ip_local_out() */
	ip->saddr = route->v4.saddr;
	ip->daddr = route->v4.daddr;
}

static void tx_push_ipv6(const struct rodp_route *route, struct sk_buff *skb)
{
	u16 bytes = skb->len;
	struct ipv6hdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip6_flow_hdr(ip, route->tos, route->flow_label);
	ip->payload_len = cpu_to_be16(bytes);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = route->hop_limit;
	ip->saddr = route->v6.saddr;
	ip->daddr = route->v6.daddr;
}

/* The ICRC goes into the last four bytes; the network header is in place. */
static void tx_seal(struct sk_buff *skb, u8 version)
{
	u8 *bth = skb_transport_header(skb) + sizeof(struct udphdr);
	u8 *end = skb_tail_pointer(skb) - RODP_ICRC_BYTES;
	u32 crc = rodp_icrc_start(skb_network_header(skb), version, rodp_crc32);
	__le32 icrc;

	crc = rodp_crc32(crc, bth + sizeof(struct rodp_bth), end - bth - sizeof(struct rodp_bth));
	icrc = rodp_icrc_finish(crc);
	memcpy(end, &icrc, sizeof(icrc));
}

void rodp_packet_address(const struct rodp_flow *flow, struct sk_buff *skb)
{
	u32 body = skb->len;

	rodp_packet(skb)->vlan = flow->route.vlan;
	rodp_packet(skb)->sl = flow->route.priority & 7;
	tx_push_udp(&flow->route, skb);
	if (flow->route.version == 4) {
		tx_push_ipv4(&flow->route, skb);
		ip_send_check(ip_hdr(skb));
	} else {
		tx_push_ipv6(&flow->route, skb);
	}
	skb_pull(skb, skb->len - body);
}

static int tx_has_queue(struct net_device *ndev, struct netdev_nested_priv *priv)
{
	return !(ndev->priv_flags & IFF_NO_QUEUE);
}

/*
 * See struct rodp_flow. A bond, a VLAN or a bridge has no queue and is not the end of the way: what
 * is below it decides, one NIC is enough. Where a veth leads, to another namespace and perhaps a
 * NIC behind a bridge there, nobody can tell.
 */
static bool tx_is_per_cpu(struct net_device *ndev)
{
	struct netdev_nested_priv none = {};

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the netdevs below may go");
	return !tx_has_queue(ndev, &none) &&
	       !netdev_walk_all_lower_dev_rcu(ndev, tx_has_queue, &none);
}

static struct dst_entry *tx_route_ipv4(struct net *net, struct rodp_flow *flow)
{
	const struct rodp_route *route = &flow->route;
	struct flowi4 fl = {
		.flowi4_oif = route->oif,
		.flowi4_proto = IPPROTO_UDP,
		.saddr = route->v4.saddr,
		.daddr = route->v4.daddr,
		.fl4_sport = route->sport,
		.fl4_dport = cpu_to_be16(RODP_UDP_PORT),
	};
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&flow->cache, &saddr);
	if (rt)
		return &rt->dst;
	rodp_flowi4_set_tos(&fl, route->tos);
	rt = ip_route_output_key(net, &fl);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	flow->per_cpu = tx_is_per_cpu(rt->dst.dev);
	dst_cache_set_ip4(&flow->cache, &rt->dst, fl.saddr);
	return &rt->dst;
}

static struct dst_entry *tx_route_ipv6(struct net *net, const struct sock *sock,
				       struct rodp_flow *flow)
{
	const struct rodp_route *route = &flow->route;
	struct flowi6 fl = {
		.flowi6_oif = route->oif,
		.flowi6_proto = IPPROTO_UDP,
		.flowlabel = ip6_make_flowinfo(route->tos, route->flow_label),
		.saddr = route->v6.saddr,
		.daddr = route->v6.daddr,
		.fl6_sport = route->sport,
		.fl6_dport = cpu_to_be16(RODP_UDP_PORT),
	};
	struct in6_addr saddr;
	struct dst_entry *dst;

	dst = dst_cache_get_ip6(&flow->cache, &saddr);
	if (dst)
		return dst;
	/* IPv4's look-up refuses an address that the host has no more; this one does not. */
	if (!ipv6_chk_addr(net, &route->v6.saddr, NULL, 0))
		return ERR_PTR(-EADDRNOTAVAIL);
	dst = ip6_dst_lookup_flow(net, sock, &fl, NULL);
	if (IS_ERR(dst))
		return dst;
	flow->per_cpu = tx_is_per_cpu(dst->dev);
	dst_cache_set_ip6(&flow->cache, dst, &fl.saddr);
	return dst;
}

/* Counts the packet, and makes the sk_buff one of the IP layer's: skb->cb was ours until now. */
static void tx_set_meta(struct rodp_dev *dev, const struct rodp_flow *flow, struct sk_buff *skb,
			__be16 protocol)
{
	rodp_stats_inc(dev->stats, RODP_STAT_SENT_PKTS);
	rodp_stats_add(dev->stats, RODP_STAT_SENT_BYTES, rodp_packet(skb)->payload);
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->protocol = protocol;
	skb->dev = dev->ndev;
	skb->priority = flow->route.priority;
}

/*
 * What the stack says of a packet that it has taken: NET_XMIT_*, or a negative errno. Out of memory
 * is a queue that is full; any other error stands for packets of this kind and will not go away by
 * trying.
 */
static int tx_result(struct rodp_dev *dev, int err)
{
	if (net_xmit_eval(err) > 0 || err == -ENOBUFS || err == -ENOMEM)
		return -EAGAIN;
	if (err < 0)
		rodp_stats_inc(dev->stats, RODP_STAT_SEND_ERRORS);
	return 0;
}

static int tx_unsent(struct sk_buff *skb, int err)
{
	kfree_skb(skb);
	return err;
}

static int tx_unroutable(struct rodp_dev *dev, struct sk_buff *skb, const struct dst_entry *dst)
{
	rodp_stats_inc(dev->stats, RODP_STAT_SEND_ERRORS);
	return tx_unsent(skb, PTR_ERR(dst));
}

static int tx_send_ipv4(struct rodp_dev *dev, struct net *net, struct rodp_flow *flow,
			struct sk_buff *skb)
{
	struct sock *sock = rodp_net_sock(net, 4);
	struct dst_entry *dst;

	if (!sock)
		return tx_unsent(skb, -ENETDOWN);
	dst = tx_route_ipv4(net, flow);
	if (IS_ERR(dst))
		return tx_unroutable(dev, skb, dst);
	skb_dst_set(skb, dst);
	tx_push_udp(&flow->route, skb);
	tx_push_ipv4(&flow->route, skb);
	tx_seal(skb, 4);
	tx_set_meta(dev, flow, skb, htons(ETH_P_IP));
	return tx_result(dev, ip_local_out(net, sock, skb));
}

static int tx_send_ipv6(struct rodp_dev *dev, struct net *net, struct rodp_flow *flow,
			struct sk_buff *skb)
{
	struct sock *sock = rodp_net_sock(net, 6);
	struct dst_entry *dst;

	if (!sock)
		return tx_unsent(skb, -ENETDOWN);
	dst = tx_route_ipv6(net, sock, flow);
	if (IS_ERR(dst))
		return tx_unroutable(dev, skb, dst);
	skb_dst_set(skb, dst);
	tx_push_udp(&flow->route, skb);
	tx_push_ipv6(&flow->route, skb);
	tx_seal(skb, 6);
	tx_set_meta(dev, flow, skb, htons(ETH_P_IPV6));
	return tx_result(dev, ip6_local_out(net, sock, skb));
}

int rodp_packet_send(struct rodp_dev *dev, struct rodp_flow *flow, struct sk_buff *skb)
{
	struct net *net = rodp_dev_net(dev);

	if (!net)
		return tx_unsent(skb, -ENETDOWN);
	if (flow->route.version == 4)
		return tx_send_ipv4(dev, net, flow, skb);
	return tx_send_ipv6(dev, net, flow, skb);
}
