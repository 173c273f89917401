// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Aging, see age.h. Reclaim asks under page table locks and the locks of the reverse map: nothing
 * here sleeps. A leaf's lock is waited for, but others hold it for a copy of 16 KiB at most.
 */
#include <linux/mmu_notifier.h>

#include "base/stats.h"
#include "odp/age.h"
#include "odp/tree.h"

static bool age_accessed(struct mmu_notifier *notifier, u64 start, u64 end, bool forget)
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

/* For clear_flush_young too: the device has no TLB to flush. */
static rodp_young_t age_clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
				    unsigned long start, unsigned long end)
{
	return age_accessed(notifier, start, end, true);
}

static rodp_young_t age_test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
				   unsigned long address)
{
	return age_accessed(notifier, address, address + 1, false);
}

static const struct mmu_notifier_ops age_ops = {
	.clear_flush_young = age_clear_young,
	.clear_young = age_clear_young,
	.test_young = age_test_young,
};

int rodp_age_begin(struct rodp_mirror *mirror)
{
	int err;

	mirror->aging.ops = &age_ops;
	err = mmu_notifier_register(&mirror->aging, mirror->mm);
	/* A signal is pending, of whatever kind: it is handled, and the system call begins again. */
	return err == -EINTR ? -ERESTARTNOINTR : err;
}

void rodp_age_end(struct rodp_mirror *mirror)
{
	mmu_notifier_unregister(&mirror->aging, mirror->mm);
}
