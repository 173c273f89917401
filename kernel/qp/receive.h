/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The entry of every packet that comes from the network. */
#ifndef RODP_QP_RECEIVE_H
#define RODP_QP_RECEIVE_H

#include <linux/skbuff.h>

struct net;

/**
 * rodp_qp_receive() - a packet from the network for the QP that it names
 * @net: the network namespace
 * @skb: the packet, whose form was checked (net/rx.h); is consumed
 *
 * Context: Softirq, under RCU.
 */
void rodp_qp_receive(struct net *net, struct sk_buff *skb);

#endif
