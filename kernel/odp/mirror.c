// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Mirrors: their sets, their lives, and the room's. See mirror.h, core.h. */
#include <linux/err.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "odp/age.h"
#include "base/stats.h"
#include "odp/core.h"
#include "odp/fault.h"
#include "odp/leaf.h"
#include "odp/mirror.h"
#include "odp/prefetch.h"
#include "odp/shrink.h"
#include "odp/tree.h"

/*
 * Fault jobs of one mirror at a time. A job may hang in a userfaultfd: so many must
 * hang before the process delays its own other faults. More than that would let one
 * process occupy as many kernel threads.
 */
#define MAX_ACTIVE_JOBS 64

/* Mirrors that are not torn down yet, and who waits for the last one. */
static atomic_t mirrors = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(no_mirrors);

void rodp_mirror_set_init(struct rodp_mirror_set *set)
{
	mutex_init(&set->lock);
	INIT_LIST_HEAD(&set->mirrors);
}

/*
 * The last reference has gone: nobody can ask for faults, no job is under way.
 * The last steps of the job that dropped it may still run; destroy_workqueue()
 * waits for them. Must not touch the set, which may be gone.
 */
static void teardown_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, teardown);

	destroy_workqueue(mirror->wq);
	rodp_age_end(mirror);
	rodp_tree_clear(mirror);
	mmdrop(mirror->mm);
	rodp_stats_put(mirror->stats);
	/* A late rodp_fault_detach() and the data path may still look at it. */
	kfree_rcu(mirror, rcu);
	/* rodp_odp_module_exit() waits for the rest of this function. */
	if (atomic_dec_and_test(&mirrors))
		wake_up(&no_mirrors);
}

/* What of a new mirror can fail. */
static struct rodp_mirror *mirror_alloc(struct mm_struct *mm)
{
	struct rodp_mirror *mirror = kzalloc(sizeof(*mirror), GFP_KERNEL_ACCOUNT);
	int error = -ENOMEM;

	if (!mirror)
		return ERR_PTR(error);
	mirror->mm = mm;
	mirror->wq = alloc_workqueue("rodp_fault", WQ_UNBOUND, MAX_ACTIVE_JOBS);
	if (!mirror->wq)
		goto err_free;
	rodp_tally_init(&mirror->tally);
	rodp_tree_init(mirror);
	error = rodp_age_begin(mirror);
	if (error)
		goto err_wq;
	return mirror;

err_wq:
	destroy_workqueue(mirror->wq);
err_free:
	kfree(mirror);
	return ERR_PTR(error);
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
	INIT_WORK(&mirror->teardown, teardown_work);
	rodp_faults_init(mirror);
	rodp_prefetches_init(mirror);
	atomic_inc(&mirrors);
	return mirror;
}

/* set->lock held. */
static struct rodp_mirror *set_find(struct rodp_mirror_set *set, const struct mm_struct *mm)
{
	struct rodp_mirror *mirror;

	list_for_each_entry(mirror, &set->mirrors, link)
		if (mirror->mm == mm)
			return mirror;
	return NULL;
}

/* set->lock held. */
static struct rodp_mirror *set_add(struct rodp_mirror_set *set, struct rodp_stats *stats)
{
	struct rodp_mirror *mirror = mirror_create(stats);

	if (!IS_ERR(mirror))
		list_add(&mirror->link, &set->mirrors);
	return mirror;
}

struct rodp_mirror *rodp_mirror_get(struct rodp_mirror_set *set, struct rodp_stats *stats)
{
	struct rodp_mirror *mirror;

	mutex_lock(&set->lock);
	mirror = set_find(set, current->mm);
	if (mirror)
		mirror->users++;
	else
		mirror = set_add(set, stats);
	mutex_unlock(&set->lock);
	return mirror;
}

void rodp_mirror_put(struct rodp_mirror_set *set, struct rodp_mirror *mirror)
{
	bool last;

	mutex_lock(&set->lock);
	/* Jobs look at it without the lock, to stop early. */
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
	mirror = set_find(set, mm);
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
	int error = rodp_leaf_module_init();

	if (error)
		return error;
	error = rodp_shrink_module_init();
	if (error)
		goto err_leaf_cache;
	error = rodp_fault_module_init();
	if (error)
		goto err_shrink;
	rodp_odp_wq = alloc_workqueue("rodp_odp", WQ_UNBOUND, 0);
	if (!rodp_odp_wq) {
		error = -ENOMEM;
		goto err_faults;
	}
	return 0;

err_faults:
	rodp_fault_module_exit();
err_shrink:
	rodp_shrink_module_exit();
err_leaf_cache:
	rodp_leaf_module_exit();
	return error;
}

void rodp_odp_module_exit(void)
{
	/* Fault jobs hold the module, so what is left of mirrors is on its way out by itself. */
	wait_event(no_mirrors, !atomic_read(&mirrors));
	destroy_workqueue(rodp_odp_wq);
	mmu_notifier_synchronize();
	rcu_barrier(); /* leaves */
	rodp_fault_module_exit();
	rodp_shrink_module_exit();
	rodp_leaf_module_exit();
}
