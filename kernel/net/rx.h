/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Incoming packets: everything that can be checked without knowing the QP. */
#ifndef RODP_NET_RX_H
#define RODP_NET_RX_H

#include "net/packet.h"

/**
 * rodp_rx_udp() - receive a UDP datagram: the socket's encap_rcv
 * @sk: the socket.
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
 * rodp_rx_count() - count a packet that a QP accepts
 * @dev: the QP's device.
 * @skb: the packet, the network header in place.
 *
 * Context: Softirq.
 */
void rodp_rx_count(struct rodp_dev *dev, struct sk_buff *skb);

/* Sets where well-formed packets go: once, before the first socket is opened. */
void rodp_rx_set_receiver(rodp_packet_receiver receiver);

#endif
