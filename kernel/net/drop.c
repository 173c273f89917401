// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Packets that nobody takes, see drop.h. */
#include "net/drop.h"
#include "net/owner.h"

void rodp_packet_drop_stray(struct net *net, struct sk_buff *skb, enum rodp_stat why)
{
	struct rodp_dev *dev = rodp_owner_of(net, skb);

	if (dev) {
		rodp_stats_inc(dev->stats, why);
		ib_device_put(&dev->ib);
	}
	kfree_skb(skb);
}
