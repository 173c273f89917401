// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Aging, see age.h. The questions come under page table locks and the rmap's: nothing
 * here sleeps, and a leaf's lock is held for a copy of 16 KiB at most by others.
 */
#include <linux/mmu_notifier.h>

#include "odp/age.h"
#include "base/stats.h"
#include "odp/tree.h"

static bool accessed(struct mmu_notifier *notifier, u64 start, u64 end, bool forget)
{
	struct rodp_mirror *mirror = container_of(notifier, struct rodp_mirror, aging);
	struct rodp_leaf *leaf;
	bool young = false;
	u64 va;

	rcu_read_lock();
	for (va = start; va < end; va = (va | (RODP_LEAF_BYTES - 1)) + 1) {
		leaf = rodp_tree_find(mirror, va);
		if (leaf && rodp_leaf_accessed(leaf, va, end, forget))
			young = true;
	}
	rcu_read_unlock();
	if (young)
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_YOUNG);
	return young;
}

/* No TLB of ours to flush: the two are the same. */
static rodp_young_t clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
				unsigned long start, unsigned long end)
{
	return accessed(notifier, start, end, true);
}

static rodp_young_t test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			       unsigned long address)
{
	return accessed(notifier, address, address + 1, false);
}

static const struct mmu_notifier_ops age_ops = {
	.clear_flush_young = clear_young,
	.clear_young = clear_young,
	.test_young = test_young,
};

int rodp_age_begin(struct rodp_mirror *mirror)
{
	mirror->aging.ops = &age_ops;
	return mmu_notifier_register(&mirror->aging, mirror->mm);
}

void rodp_age_end(struct rodp_mirror *mirror)
{
	mmu_notifier_unregister(&mirror->aging, mirror->mm);
}
