// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Packets that came early, see early.h. */
#include <linux/module.h>
#include <linux/slab.h>

#include "qp/lane/early.h"
#include "wire/psn.h"

static unsigned int keep_early = RODP_EARLY_MAX;
module_param(keep_early, uint, 0644);
MODULE_PARM_DESC(keep_early, "how many PSNs ahead packets that come early are kept; 0: none is");

/* The table counts with the packets. */
#define EARLY_BYTES (RODP_EARLY_MAX * sizeof(struct sk_buff *))

static bool early_make(struct rodp_early *early, struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	if (early->at)
		return true;
	if (!rodp_lane_try_charge(lane, EARLY_BYTES))
		return false;
	early->at = kcalloc(RODP_EARLY_MAX, sizeof(*early->at), GFP_ATOMIC | __GFP_NOWARN);
	if (!early->at)
		rodp_lane_uncharge(lane, EARLY_BYTES);
	return early->at;
}

/* If nothing is kept. */
static void early_unmake(struct rodp_early *early, struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	if (!early->at || early->count)
		return;
	kfree(early->at);
	early->at = NULL;
	rodp_lane_uncharge(lane, EARLY_BYTES);
}

/* What is kept in place `slot`, which is charged still, or NULL. */
static struct sk_buff *early_take(struct rodp_early *early, u32 slot)
{
	struct sk_buff *skb = early->at[slot];

	early->at[slot] = NULL;
	early->count -= !!skb;
	return skb;
}

static void early_drop(struct rodp_early *early, struct rodp_lane *lane, u32 slot)
{
	struct sk_buff *skb = early_take(early, slot);

	lockdep_assert_held(&lane->lock);
	if (!skb)
		return;
	rodp_lane_uncharge(lane, skb->truesize);
	kfree_skb(skb);
}

bool rodp_early_keep(struct rodp_early *early, struct rodp_lane *lane, u32 expected,
		     struct sk_buff *skb)
{
	u32 psn = rodp_packet(skb)->psn;

	BUILD_BUG_ON(RODP_EARLY_MAX & (RODP_EARLY_MAX - 1));
	lockdep_assert_held(&lane->lock);
	if (rodp_psn_distance(expected, psn) >= min(READ_ONCE(keep_early), RODP_EARLY_MAX) ||
	    (early->at && early->at[psn % RODP_EARLY_MAX]))
		return false;
	if (!early_make(early, lane))
		return false;
	if (!rodp_lane_try_charge(lane, skb->truesize)) {
		early_unmake(early, lane);
		return false;
	}
	rodp_packet_keep(skb);
	rodp_packet(skb)->early = true;
	early->at[psn % RODP_EARLY_MAX] = skb;
	early->count++;
	return true;
}

bool rodp_early_advance(struct rodp_early *early, struct rodp_lane *lane, u32 from, u32 to)
{
	u32 passed = min(rodp_psn_distance(from, to), RODP_EARLY_MAX);
	bool found;
	u32 i;

	lockdep_assert_held(&lane->lock);
	if (likely(!early->at) || from == to)
		return false;
	for (i = 0; i < passed; i++)
		early_drop(early, lane, (from + i) % RODP_EARLY_MAX);
	found = rodp_early_find(early, to);
	if (found)
		rodp_lane_put_first(lane, early_take(early, to % RODP_EARLY_MAX));
	early_unmake(early, lane);
	return found;
}

void rodp_early_purge(struct rodp_early *early, struct rodp_lane *lane)
{
	u32 i;

	lockdep_assert_held(&lane->lock);
	for (i = 0; early->count; i++)
		early_drop(early, lane, i);
	early_unmake(early, lane);
}
