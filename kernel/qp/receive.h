/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The entry of every packet that comes from the network. */
#ifndef RODP_QP_RECEIVE_H
#define RODP_QP_RECEIVE_H

#include <linux/skbuff.h>

struct net;
struct rodp_qp;

/* A checked packet (net/rx.h) for the QP that it names. Consumes skb. Softirq, RCU. */
void rodp_qp_receive(struct net *net, struct sk_buff *skb);

/* Count a packet from the network that qp takes. Any context. */
void rodp_qp_count_received(struct rodp_qp *qp, struct sk_buff *skb);

#endif
