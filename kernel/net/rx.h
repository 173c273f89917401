/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Incoming packets: everything that can be checked without knowing the QP. */
#ifndef RODP_NET_RX_H
#define RODP_NET_RX_H

#include "net/packet.h"
#include "net/segments.h"

/**
 * rodp_rx_udp() - receive a UDP datagram, or segments: the socket's encap_rcv
 * @sk: the socket, which takes segments (udp_allow_gso()).
 * @skb: the datagram, from the UDP header on; is consumed.
 *
 * Checks lengths, opcode and version; drops and counts what is malformed, hands everything else
 * to the receiver.
 *
 * Context: Softirq, under rcu_read_lock().
 * Return: 0.
 */
int rodp_rx_udp(struct sock *sk, struct sk_buff *skb);

/**
 * rodp_rx_count() - count packets that a QP accepts
 * @dev: the QP's device.
 * @segs: the packets, the network headers in place.
 *
 * Context: Softirq.
 * Return: whether any of them met congestion on its way.
 */
bool rodp_rx_count(struct rodp_dev *dev, const struct rodp_segments *segs);

/* Sets where well-formed packets go: once, before the first socket is opened. */
void rodp_rx_set_receiver(rodp_packet_receiver receiver);

#endif
