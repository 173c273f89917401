// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The callback of a leaf. Called by the mm in process context, under any of its
 * sleeping locks, before it changes page tables in the range. Never sleeps and
 * never fails (I2), so that ranges which must not block are served like others.
 */
#include "base/stats.h"
#include "base/trace.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/notifier.h"
#include "odp/tree.h"

/*
 * What an event takes (I5). Only two leave the pages readable. PROTECTION_VMA
 * does not: mprotect(PROT_NONE), NUMA hinting and userfaultfd's write protection
 * all arrive as one. An event that is not known takes everything.
 */
static enum rodp_leaf_loss event_loss(enum mmu_notifier_event event)
{
	switch (event) {
	case MMU_NOTIFY_PROTECTION_PAGE:
	case MMU_NOTIFY_SOFT_DIRTY:
		return RODP_LEAF_LOSE_WRITE;
	default:
		return RODP_LEAF_LOSE_PAGES;
	}
}

/*
 * Whether an event means that the VA is gone, so that an empty leaf is of no
 * use. After the others the pages are likely to come back.
 */
static bool event_unmaps(enum mmu_notifier_event event)
{
	return event == MMU_NOTIFY_UNMAP || event == MMU_NOTIFY_RELEASE;
}

static enum rodp_stat event_stat(enum mmu_notifier_event event)
{
	switch (event) {
	case MMU_NOTIFY_UNMAP:
		return RODP_STAT_ODP_INV_UNMAP;
	case MMU_NOTIFY_PROTECTION_VMA:
		return RODP_STAT_ODP_INV_PROTECT_VMA;
	case MMU_NOTIFY_PROTECTION_PAGE:
		return RODP_STAT_ODP_INV_PROTECT_PAGE;
	case MMU_NOTIFY_SOFT_DIRTY:
		return RODP_STAT_ODP_INV_SOFT_DIRTY;
	case MMU_NOTIFY_RELEASE:
		return RODP_STAT_ODP_INV_RELEASE;
	case MMU_NOTIFY_MIGRATE:
		return RODP_STAT_ODP_INV_MIGRATE;
	default: /* CLEAR, and EXCLUSIVE, which is the same to us */
		return RODP_STAT_ODP_INV_CLEAR;
	}
}

static bool leaf_invalidate(struct mmu_interval_notifier *notifier,
			    const struct mmu_notifier_range *range, unsigned long seq)
{
	struct rodp_leaf *leaf = container_of(notifier, struct rodp_leaf, notifier);
	struct rodp_stats *stats = leaf->mirror->stats;
	unsigned int dropped;
	bool unused;

	unused = rodp_leaf_invalidate(leaf, range->start, range->end, event_loss(range->event), seq,
				      &dropped);
	trace_rodp_invalidate(leaf->mirror, range, leaf->base, dropped);
	if (unused && event_unmaps(range->event))
		rodp_tree_retire(leaf->mirror, leaf->base);
	rodp_stats_inc(stats, event_stat(range->event));
	if (!mmu_notifier_range_blockable(range))
		rodp_stats_inc(stats, RODP_STAT_ODP_INV_NONBLOCK);
	return true;
}

const struct mmu_interval_notifier_ops rodp_leaf_notifier_ops = {
	.invalidate = leaf_invalidate,
};
