// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Mirrors: the sets they are in, how they are made and torn down. See mirror.h, core.h. */
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "base/stats.h"
#include "odp/age.h"
#include "odp/core.h"
#include "odp/job.h"
#include "odp/leaf.h"
#include "odp/mirror.h"
#include "odp/prefetch.h"
#include "odp/request.h"
#include "odp/shrink.h"
#include "odp/tree.h"
#include "odp/waiter.h"

/*
 * Most fault jobs of one mirror that run at a time. A userfaultfd can block a job: only when
 * this many are blocked, the other faults of the process wait. A larger number would
 * let one process occupy as many kernel threads.
 */
#define MIRROR_MAX_JOBS 64

/* Mirrors that are not torn down yet, and where the unloading waits for the last one. */
static atomic_t mirror_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(mirror_none);

void rodp_mirror_set_init(struct rodp_mirror_set *set)
{
	mutex_init(&set->lock);
	INIT_LIST_HEAD(&set->mirrors);
}

/*
 * The last reference was dropped: nobody can request faults, and no job is under way. The job that
 * dropped it may still be in its last steps, and destroy_workqueue() waits for these. Must
 * not touch the set, which may be freed.
 */
static void mirror_teardown_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, teardown);

	destroy_workqueue(mirror->wq);
	rodp_age_end(mirror);
	rodp_tree_clear(mirror);
	mmdrop(mirror->mm);
	rodp_stats_put(mirror->stats);
	/* A late rodp_fault_detach() and the data path may still read it under RCU. */
	kfree_rcu(mirror, rcu);
	/* rodp_odp_module_exit() waits for the rest of this function. */
	if (atomic_dec_and_test(&mirror_count))
		wake_up(&mirror_none);
}

/* Those parts of making a mirror that can fail. */
static struct rodp_mirror *mirror_alloc(struct mm_struct *mm)
{
	struct rodp_mirror *mirror = kzalloc(sizeof(*mirror), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!mirror)
		return ERR_PTR(err);
	mirror->mm = mm;
	mirror->wq = alloc_workqueue("rodp_fault", WQ_UNBOUND, MIRROR_MAX_JOBS);
	if (!mirror->wq)
		goto err_free;
	rodp_tally_init(&mirror->tally);
	rodp_tree_init(mirror);
	err = rodp_age_begin(mirror);
	if (err)
		goto err_wq;
	return mirror;

err_wq:
	destroy_workqueue(mirror->wq);
err_free:
	kfree(mirror);
	return ERR_PTR(err);
}

/* A mirror of current->mm with one user. */
static struct rodp_mirror *mirror_create(struct rodp_stats *stats)
{
	struct rodp_mirror *mirror = mirror_alloc(current->mm);

	if (IS_ERR(mirror))
		return mirror;
	mmgrab(mirror->mm);
	mirror->stats = rodp_stats_get(stats);
	mirror->users = 1;
	refcount_set(&mirror->refs, 1);
	INIT_WORK(&mirror->teardown, mirror_teardown_work);
	rodp_requests_init(mirror);
	rodp_prefetches_init(mirror);
	atomic_inc(&mirror_count);
	return mirror;
}

static struct rodp_mirror *mirror_set_find(struct rodp_mirror_set *set, const struct mm_struct *mm)
{
	struct rodp_mirror *mirror;

	lockdep_assert_held(&set->lock);
	list_for_each_entry(mirror, &set->mirrors, link)
		if (mirror->mm == mm)
			return mirror;
	return NULL;
}

static struct rodp_mirror *mirror_set_add(struct rodp_mirror_set *set, struct rodp_stats *stats)
{
	struct rodp_mirror *mirror;

	lockdep_assert_held(&set->lock);
	mirror = mirror_create(stats);
	if (!IS_ERR(mirror))
		list_add(&mirror->link, &set->mirrors);
	return mirror;
}

struct rodp_mirror *rodp_mirror_get(struct rodp_mirror_set *set, struct rodp_stats *stats)
{
	struct rodp_mirror *mirror;

	mutex_lock(&set->lock);
	mirror = mirror_set_find(set, current->mm);
	if (mirror)
		mirror->users++;
	else
		mirror = mirror_set_add(set, stats);
	mutex_unlock(&set->lock);
	return mirror;
}

void rodp_mirror_put(struct rodp_mirror_set *set, struct rodp_mirror *mirror)
{
	bool last;

	mutex_lock(&set->lock);
	/* Jobs read it without the lock, to stop early. */
	WRITE_ONCE(mirror->users, mirror->users - 1);
	last = !mirror->users;
	if (last)
		list_del(&mirror->link);
	mutex_unlock(&set->lock);
	if (last)
		rodp_mirror_drop(mirror);
}

struct rodp_mirror *rodp_mirror_find(struct rodp_mirror_set *set, const struct mm_struct *mm)
{
	struct rodp_mirror *mirror;

	mutex_lock(&set->lock);
	mirror = mirror_set_find(set, mm);
	if (mirror)
		mirror->users++;
	mutex_unlock(&set->lock);
	return mirror;
}

bool rodp_mirror_is_mine(const struct rodp_mirror *mirror)
{
	return mirror->mm == current->mm;
}

struct rodp_tally *rodp_mirror_tally(struct rodp_mirror *mirror)
{
	return &mirror->tally;
}

void rodp_mirror_latency(struct rodp_mirror *mirror, struct rodp_latency *latency)
{
	spin_lock_irq(&mirror->fault_lock);
	*latency = mirror->latency;
	spin_unlock_irq(&mirror->fault_lock);
}

int rodp_odp_module_init(void)
{
	int err = rodp_leaf_module_init();

	if (err)
		return err;
	err = rodp_shrink_module_init();
	if (err)
		goto err_leaves;
	rodp_waiter_module_init();
	err = rodp_job_module_init();
	if (err)
		goto err_shrink;
	rodp_odp_wq = alloc_workqueue("rodp_odp", WQ_UNBOUND, 0);
	if (!rodp_odp_wq) {
		err = -ENOMEM;
		goto err_jobs;
	}
	return 0;

err_jobs:
	rodp_job_module_exit();
err_shrink:
	rodp_shrink_module_exit();
err_leaves:
	rodp_leaf_module_exit();
	return err;
}

void rodp_odp_module_exit(void)
{
	/* Jobs hold the module, so every mirror that is left is in its tear-down. */
	wait_event(mirror_none, !atomic_read(&mirror_count));
	destroy_workqueue(rodp_odp_wq);
	mmu_notifier_synchronize();
	rcu_barrier(); /* leaves */
	rodp_job_module_exit();
	rodp_shrink_module_exit();
	rodp_leaf_module_exit();
}
