/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The UDP sockets of a network namespace: port 4791, IPv4 and IPv6, open while
 * the namespace has at least one device.
 */
#ifndef RODP_NET_SOCKET_H
#define RODP_NET_SOCKET_H

#include <net/net_namespace.h>

#include "net/packet.h"

/**
 * rodp_net_module_init() - set this room up
 * @receiver: where each well-formed packet goes.
 *
 * Context: Process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int rodp_net_module_init(rodp_packet_receiver receiver);

/**
 * rodp_net_module_exit() - undo it
 *
 * Context: Process, sleeps. No device is left.
 */
void rodp_net_module_exit(void);

/**
 * rodp_net_get() - open a network namespace's sockets for one more device
 * @net: the network namespace.
 *
 * Context: Process, sleeps.
 * Return: 0, -EADDRINUSE (another RoCEv2 device, such as rxe, has the port there), -ENOMEM.
 */
int rodp_net_get(struct net *net);

/**
 * rodp_net_put() - undo rodp_net_get(): the last device closes the sockets
 * @net: the network namespace.
 *
 * Context: Process, sleeps.
 */
void rodp_net_put(struct net *net);

/**
 * rodp_net_sock() - the socket that packets are sent by
 * @net: the network namespace.
 * @version: of IP, 4 or 6.
 *
 * Context: Under rcu_read_lock() or with BH disabled, or while a device keeps the sockets open.
 * Return: the socket, or NULL: no device is in the namespace, or the host has no IPv6.
 */
struct sock *rodp_net_sock(struct net *net, int version);

#endif
