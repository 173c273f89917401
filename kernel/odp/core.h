/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The core of a mirror, which every part of this room works on (mirror.h is for the
 * other rooms): its fields, and its references.
 *
 * Who keeps a mirror alive: its users (the callers of rodp_mirror_get(), one
 * reference between them) and every fault job. Without users it is in no set,
 * jobs that are under way stop where they are, and the last reference starts
 * the tear-down. The memory stays until an RCU grace period after that.
 */
#ifndef RODP_ODP_CORE_H
#define RODP_ODP_CORE_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "base/stats.h"
#include "odp/tally.h"

/* Leaves that the data path finds without a walk down the tree: 512 MiB in a row. */
#define RODP_RECENT_LEAVES 256

struct rodp_mirror {
	struct xarray leaves; /* struct rodp_leaf by va >> RODP_LEAF_SHIFT, see tree.h */
	/* Those that were faulted in last, by the same number modulo the table's size; see tree.h. */
	struct rodp_leaf *recent[RODP_RECENT_LEAVES];
	struct rodp_tally tally; /* what came and went, for the regions */
	struct mm_struct *mm; /* mmgrab() */
	struct rodp_stats *stats; /* referenced */
	struct mmu_notifier aging; /* see age.h */

	refcount_t refs;
	unsigned int users; /* written under the set's lock */
	struct list_head link; /* in the set */
	struct work_struct teardown;
	struct mutex reaping; /* whoever takes leaves out of the tree */
	struct work_struct reap; /* see tree.h */

	/* Faults, see fault.c. */
	spinlock_t fault_lock; /* taken with interrupts disabled */
	struct list_head faults; /* struct rodp_fault, under way */
	struct list_head starved; /* waiters for whom there was no memory */
	struct rodp_latency latency; /* fault_lock: of those that were waited for */
	unsigned int ahead; /* jobs under way that nobody waits for */
	struct work_struct feed; /* serves the starved */
	struct workqueue_struct
		*wq; /* jobs; its own, so that those of others, stuck, do not matter */

	/* See prefetch.c. */
	spinlock_t prefetch_lock;
	struct list_head prefetches;
	struct work_struct prefetch;

	struct rcu_head rcu;
};

/* For works that the mm or user space cannot hold up: reaping, tear-down. */
extern struct workqueue_struct *rodp_odp_wq;

/* False when the tear-down has begun. The caller's memory of mirror is valid (RCU, or a user). */
static inline bool rodp_mirror_hold(struct rodp_mirror *mirror)
{
	return refcount_inc_not_zero(&mirror->refs);
}

/* Any context. */
void rodp_mirror_drop(struct rodp_mirror *mirror);

/* Whether anyone is left to whom a mapping could be of use. */
static inline bool rodp_mirror_is_used(const struct rodp_mirror *mirror)
{
	return READ_ONCE(mirror->users) != 0;
}

#endif
