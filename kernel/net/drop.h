/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets that nobody takes. Whoever drops one says why, and the device counts it; docs/counters.md
 * tells what each reason means. Consumes skb. Softirq or process context, under RCU.
 */
#ifndef RODP_NET_DROP_H
#define RODP_NET_DROP_H

#include <linux/skbuff.h>

#include "base/dev.h"

/* A packet for this device. */
static inline void rodp_packet_drop(struct rodp_dev *dev, struct sk_buff *skb, enum rodp_stat why)
{
	rodp_stats_inc(dev->stats, why);
	kfree_skb(skb);
}

/*
 * A packet from the network for nobody in particular: counted by the device of net that it was sent
 * to, if there is one. The network header is in place.
 */
void rodp_packet_drop_stray(struct net *net, struct sk_buff *skb, enum rodp_stat why);

#endif
