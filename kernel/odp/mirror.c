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
#include "odp/pools.h"
#include "odp/job.h"
#include "odp/leaf.h"
#include "odp/mirror.h"
#include "odp/prefetch.h"
#include "odp/request.h"
#include "odp/shrink.h"
#include "odp/tree.h"
#include "odp/waiter.h"

/* Mirrors that are not torn down yet, and where the unloading waits for the last one. */
static atomic_t mirror_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(mirror_none);

void rodp_mirror_set_init(struct rodp_mirror_set *set)
{
	mutex_init(&set->lock);
	INIT_LIST_HEAD(&set->mirrors);
	set->pool = NULL;
}

void rodp_mirror_set_fini(struct rodp_mirror_set *set)
{
	if (set->pool)
		rodp_pools_put(set->pool);
	set->pool = NULL;
}

/* The pool of the mirror that was registered through last stays while the set does. */
static void mirror_set_keep(struct rodp_mirror_set *set, struct rodp_pool *pool)
{
	lockdep_assert_held(&set->lock);
	if (set->pool == pool)
		return;
	rodp_pools_hold(pool);
	rodp_mirror_set_fini(set);
	set->pool = pool;
}

/*
 * The last reference was dropped: nobody can request faults, and no task is under way. The one that
 * dropped it may still be in its last steps, in which it does not touch the mirror. Must
 * not touch the set, which may be freed.
 */
static void mirror_teardown_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, teardown);

	rodp_age_end(mirror);
	rodp_tree_clear(mirror);
	rodp_pools_put(mirror->pool);
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
	mirror->pool = rodp_pools_get();
	if (IS_ERR(mirror->pool)) {
		err = PTR_ERR(mirror->pool);
		goto err_free;
	}
	rodp_tally_init(&mirror->tally);
	rodp_tree_init(mirror);
	err = rodp_age_begin(mirror);
	if (err)
		goto err_pool;
	return mirror;

err_pool:
	rodp_pools_put(mirror->pool);
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
	mirror->owner = task_tgid_nr(current);
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

/* The mirror of current->mm, which the set has. */
static struct rodp_mirror *mirror_set_use(struct rodp_mirror *mirror)
{
	int err = rodp_pools_ensure_worker(mirror->pool);

	if (err)
		return ERR_PTR(err);
	WRITE_ONCE(mirror->users, mirror->users + 1);
	return mirror;
}

struct rodp_mirror *rodp_mirror_get(struct rodp_mirror_set *set, struct rodp_stats *stats)
{
	struct rodp_mirror *mirror;

	mutex_lock(&set->lock);
	mirror = mirror_set_find(set, current->mm);
	mirror = mirror ? mirror_set_use(mirror) : mirror_set_add(set, stats);
	if (!IS_ERR(mirror))
		mirror_set_keep(set, mirror->pool);
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
		WRITE_ONCE(mirror->users, mirror->users + 1);
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
	spin_lock_bh(&mirror->fault_lock);
	*latency = mirror->latency;
	spin_unlock_bh(&mirror->fault_lock);
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
	err = rodp_pools_module_init();
	if (err)
		goto err_jobs;
	rodp_odp_wq = alloc_workqueue("rodp_odp", WQ_UNBOUND, 0);
	if (!rodp_odp_wq) {
		err = -ENOMEM;
		goto err_pool;
	}
	return 0;

err_pool:
	rodp_pools_module_exit();
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
	/* A thread leaves when it has had its turn: when its process was stopped, once it goes on. */
	rodp_pools_module_exit();
	destroy_workqueue(rodp_odp_wq);
	mmu_notifier_synchronize();
	rcu_barrier(); /* leaves */
	rodp_job_module_exit();
	rodp_shrink_module_exit();
	rodp_leaf_module_exit();
}
