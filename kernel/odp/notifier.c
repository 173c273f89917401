// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The callback of a leaf's notifier. The mm calls it in process context, under any of its
 * sleeping locks, before it changes page tables in the range. It never sleeps and never
 * fails (I2), so ranges that must not block are no special case.
 */
#include "base/stats.h"
#include "base/trace.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/notifier.h"
#include "odp/tree.h"

/*
 * What entries lose by an event (I5). Pages stay readable after two kinds of events only.
 * PROTECTION_VMA is not one of them: mprotect(PROT_NONE), NUMA hinting and userfaultfd's write
 * protection all arrive as one. An unknown event takes everything.
 */
static enum rodp_leaf_loss notifier_loss(enum mmu_notifier_event event)
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
 * Whether an event means that the VA is unmapped, so that an empty leaf is of no use. After
 * other events the pages are likely to be mapped again.
 */
static bool notifier_unmaps(enum mmu_notifier_event event)
{
	return event == MMU_NOTIFY_UNMAP || event == MMU_NOTIFY_RELEASE;
}

static enum rodp_stat notifier_stat(enum mmu_notifier_event event)
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
	/* CLEAR, and EXCLUSIVE, which has the same effect here. */
	default:
		return RODP_STAT_ODP_INV_CLEAR;
	}
}

static bool notifier_invalidate(struct mmu_interval_notifier *notifier,
				const struct mmu_notifier_range *range, unsigned long seq)
{
	struct rodp_leaf *leaf = container_of(notifier, struct rodp_leaf, notifier);
	struct rodp_stats *stats = leaf->mirror->stats;
	unsigned int dropped;
	bool unused;

	unused = rodp_leaf_invalidate(leaf, range->start, range->end, notifier_loss(range->event),
				      seq, &dropped);
	trace_rodp_invalidate(leaf->mirror, range, leaf->base, dropped);
	if (unused && notifier_unmaps(range->event))
		rodp_tree_retire(leaf->mirror, leaf->base);
	rodp_stats_inc(stats, notifier_stat(range->event));
	if (!mmu_notifier_range_blockable(range))
		rodp_stats_inc(stats, RODP_STAT_ODP_INV_NONBLOCK);
	return true;
}

const struct mmu_interval_notifier_ops rodp_leaf_notifier_ops = {
	.invalidate = notifier_invalidate,
};
