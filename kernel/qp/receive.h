/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The entry of every packet that comes from the network. */
#ifndef RODP_QP_RECEIVE_H
#define RODP_QP_RECEIVE_H

#include <linux/skbuff.h>

struct net;

/* A checked packet (net/rx.h) for the QP that it names. Consumes skb. Softirq, RCU. */
void rodp_qp_receive(struct net *net, struct sk_buff *skb);

#endif
