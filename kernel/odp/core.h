/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The core of a mirror: its fields and its references, for the files of this room. The
 * contract for other rooms is mirror.h.
 *
 * References are held by the users of a mirror (the callers of rodp_mirror_get(), one
 * reference for all of them), by every fault job, by every prefetch and by their task. A mirror without users is
 * in no set, and its jobs stop where they are. Dropping the last reference starts the
 * tear-down, in a work item. The memory stays until an RCU grace period after that.
 */
#ifndef RODP_ODP_CORE_H
#define RODP_ODP_CORE_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "base/recent.h"
#include "base/stats.h"
#include "odp/tally.h"
#include "odp/task.h"

struct rodp_pool;

struct rodp_mirror {
	struct xarray leaves; /* struct rodp_leaf by va >> RODP_LEAF_SHIFT, see tree.h */
	/* Leaves that were faulted in last, by that number: enough for 512 MiB in a row; see tree.h. */
	struct rodp_recent recent;
	struct rodp_tally tally; /* pages mapped and dropped, for the regions */
	struct mm_struct *mm; /* mmgrab() */
	pid_t owner; /* the process that registered memory first; for the trace */
	struct rodp_stats *stats; /* referenced */
	struct mmu_notifier aging; /* see age.h */

	refcount_t refs;
	unsigned int users; /* written under the set's lock */
	struct list_head link; /* in the set */
	struct work_struct teardown;
	struct mutex reaping; /* held by those that take leaves out of the tree */
	struct work_struct reap; /* see tree.h */

	struct rodp_pool *pool; /* does what is below; a user of it */

	/* Faults, see request.c and job.c. */
	spinlock_t fault_lock; /* taken with BH disabled */
	struct rb_root_cached jobs; /* fault_lock: struct rodp_job by what is yet to be mapped */
	unsigned int job_count; /* fault_lock: jobs that are not over, also ones not in the tree */
	struct list_head starved; /* fault_lock: waiters that no job was to be had for */
	struct rodp_latency latency; /* fault_lock: of requests with a waiter */
	unsigned int ahead; /* fault_lock: read-ahead jobs under way */
	unsigned long feed_pause; /* fault_lock: jiffies until the starved look again */
	struct delayed_work feed; /* gives the starved jobs; referenced while it is queued */

	/* See prefetch.c. */
	spinlock_t prefetch_lock;
	struct list_head prefetches; /* prefetch_lock */
	bool prefetching; /* prefetch_lock: the task is added, and holds a reference */
	struct rodp_task prefetch;

	struct rcu_head rcu;
};

/* For work items that neither the mm nor user space can block: reaping, feeding, tear-down. */
extern struct workqueue_struct *rodp_odp_wq;

/*
 * Take a reference. Returns false when the tear-down has begun. The caller is a user of the mirror
 * or is in an RCU read-side section, so that its memory is valid.
 */
static inline bool rodp_mirror_hold(struct rodp_mirror *mirror)
{
	return refcount_inc_not_zero(&mirror->refs);
}

/* Drop a reference. Any context. */
void rodp_mirror_drop(struct rodp_mirror *mirror);

/* Whether the mirror has users, so that mapping pages is of use. A hint: no lock is taken. */
static inline bool rodp_mirror_is_used(const struct rodp_mirror *mirror)
{
	return READ_ONCE(mirror->users) != 0;
}

#endif
