/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets that are dropped. The caller says why, and the device counts it; docs/counters.md
 * describes each reason.
 */
#ifndef RODP_NET_DROP_H
#define RODP_NET_DROP_H

#include <linux/skbuff.h>

#include "base/dev.h"

/**
 * rodp_packet_drop() - drop a packet that is for a known device
 * @dev: the device.
 * @skb: the packet; is consumed.
 * @why: the counter of the reason.
 *
 * Context: Process or softirq.
 */
static inline void rodp_packet_drop(struct rodp_dev *dev, struct sk_buff *skb, enum rodp_stat why)
{
	rodp_stats_inc(dev->stats, why);
	kfree_skb(skb);
}

/**
 * rodp_packet_drop_stray() - drop a packet from the network that is for no known device
 * @net: the network namespace.
 * @skb: the packet, the network header in place; is consumed.
 * @why: the counter of the reason, of the device that the packet's address belongs to, if any.
 *
 * Context: Process or softirq, under RCU.
 */
void rodp_packet_drop_stray(struct net *net, struct sk_buff *skb, enum rodp_stat why);

#endif
