/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The UDP sockets of a network namespace: port 4791, IPv4 and IPv6, open while
 * the namespace has at least one device.
 */
#ifndef RODP_NET_SOCKET_H
#define RODP_NET_SOCKET_H

#include <net/net_namespace.h>

#include "net/packet.h"

/* Module set-up; every good packet goes to receiver. */
int rodp_net_module_init(rodp_packet_receiver receiver);
void rodp_net_module_exit(void);

/*
 * A device came to net, or left it. get: 0, -EADDRINUSE (another RoCEv2 device, such as
 * rxe, owns the port there), -ENOMEM. Process context, sleep.
 */
int rodp_net_get(struct net *net);
void rodp_net_put(struct net *net);

/* The socket for IP version 4 or 6, or NULL. Good while a device of the namespace is. */
struct sock *rodp_net_sock(struct net *net, int version);

#endif
