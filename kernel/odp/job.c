// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Fault jobs, see job.h. */
#include <linux/interval_tree.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "base/stats.h"
#include "base/trace.h"
#include "odp/core.h"
#include "odp/pool.h"
#include "odp/pools.h"
#include "odp/job.h"
#include "odp/resolve.h"
#include "odp/starved.h"
#include "odp/task.h"
#include "odp/waiter.h"

/*
 * Most jobs of one mirror, waiting or under way. More requests wait without one. A job
 * is memory that nobody is charged with, and a place in the tree.
 */
#define JOB_MAX 1024

struct rodp_job {
	struct rodp_task task;
	struct rodp_mirror *mirror; /* referenced */

	/* Protected by mirror->fault_lock; written by the job's own task only: done. */
	struct interval_tree_node span; /* in mirror->jobs: what is yet to be mapped, [done, end) */
	struct rodp_waiters waiters;
	u64 done; /* VA, page aligned: what is below is mapped */
	u64 end; /* VA */
	u64 since; /* ns, ktime_get() */
	bool write;
	bool ahead; /* read-ahead: goes on without waiters */
	bool has_module; /* holds a reference to the module */
};

static struct kmem_cache *job_cache;

struct rodp_job *rodp_job_alloc(gfp_t gfp)
{
	return kmem_cache_alloc(job_cache, gfp);
}

void rodp_job_free(struct rodp_job *job)
{
	if (job)
		kmem_cache_free(job_cache, job);
}

/* Enter the job into the tree for what it has yet to map, if there is anything. */
static void job_enter(struct rodp_job *job)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	job->span.start = job->done;
	job->span.last = job->end - 1;
	if (job->done < job->end)
		interval_tree_insert(&job->span, &job->mirror->jobs);
	else
		RB_CLEAR_NODE(&job->span.rb);
}

static void job_withdraw(struct rodp_job *job)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	if (RB_EMPTY_NODE(&job->span.rb))
		return;
	interval_tree_remove(&job->span, &job->mirror->jobs);
	RB_CLEAR_NODE(&job->span.rb);
}

/* Of the jobs that have yet to map va, those that another could not join are few. */
struct rodp_job *rodp_job_find(struct rodp_mirror *mirror, u64 va, bool write)
{
	struct interval_tree_node *node = interval_tree_iter_first(&mirror->jobs, va, va);
	struct rodp_job *job;

	lockdep_assert_held(&mirror->fault_lock);
	for (; node; node = interval_tree_iter_next(node, va, va)) {
		job = container_of(node, struct rodp_job, span);
		if (job->write >= write)
			return job;
	}
	return NULL;
}

void rodp_job_join(struct rodp_job *job, struct rodp_fault_waiter *waiter)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	rodp_waiters_join(&job->waiters, waiter);
}

/* ---- how far a job is ---- */

/* Returns whether the job came further. */
static bool job_move(struct rodp_job *job, u64 done)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	if (job->done == done)
		return false;
	job_withdraw(job);
	/* The watch reads it without the lock. */
	WRITE_ONCE(job->done, done);
	job_enter(job);
	return true;
}

/* Returns whether the job is to go on beyond done. */
static bool job_goes_on(const struct rodp_job *job)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	return job->done < job->end && (job->ahead || !job->waiters.abandoned);
}

/* Everything below done is mapped. Returns whether to go on. */
static bool job_advance(struct rodp_job *job, u64 done)
{
	struct rodp_mirror *mirror = job->mirror;
	bool goes_on, unwoken, moved = false;

	do {
		spin_lock_bh(&mirror->fault_lock);
		moved |= job_move(job, done);
		unwoken = rodp_waiters_wake_below(&job->waiters, done);
		goes_on = job_goes_on(job);
		spin_unlock_bh(&mirror->fault_lock);
	} while (unwoken);
	if (moved)
		rodp_task_progress(mirror->pool, &job->task);
	return goes_on && rodp_mirror_is_used(mirror);
}

static void job_leave(struct rodp_job *job)
{
	struct rodp_mirror *mirror = job->mirror;

	lockdep_assert_held(&mirror->fault_lock);
	job_withdraw(job);
	mirror->ahead -= job->ahead;
	mirror->job_count--;
	rodp_account_uncharge(mirror->pool->jobs, 1);
	rodp_starved_feed(mirror);
}

/* err: why the page at job->done is not mapped. Nobody finds or joins the job any more. */
static void job_end(struct rodp_job *job, int err)
{
	struct rodp_mirror *mirror = job->mirror;
	bool unwoken;

	if (err)
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_FAILED);
	trace_rodp_fault_end(mirror, mirror->owner, job->done, err, job->since);
	spin_lock_bh(&mirror->fault_lock);
	job_leave(job);
	spin_unlock_bh(&mirror->fault_lock);
	do {
		spin_lock_bh(&mirror->fault_lock);
		unwoken = rodp_waiters_wake_all(&job->waiters, job->done, err);
		spin_unlock_bh(&mirror->fault_lock);
		cond_resched();
	} while (unwoken);
}

/* ---- the task ---- */

/* In a thread of the owner's. Returns why the page at job->done cannot be mapped. */
static int job_map(struct rodp_job *job)
{
	const u64 end = min_t(u64, job->end, job->mirror->mm->task_size);
	struct rodp_resolver resolver;

	rodp_resolver_init(&resolver, job->mirror, job->done, end, job->write);
	while (rodp_resolver_next(&resolver))
		if (!job_advance(job, resolver.va))
			return 0;
	/* Without an error the job has come to task_size, and is to go on. */
	return resolver.err ? resolver.err : -EFAULT;
}

static void job_run(struct rodp_task *task, bool alive)
{
	struct rodp_job *job = container_of(task, struct rodp_job, task);

	/* Without has_module: the module is being unloaded and does not wait for a new job. */
	job_end(job, alive && job->has_module ? job_map(job) : -EFAULT);
}

static void job_over(struct rodp_task *task)
{
	struct rodp_job *job = container_of(task, struct rodp_job, task);
	struct rodp_mirror *mirror = job->mirror;
	const bool has_module = job->has_module;

	rodp_job_free(job);
	rodp_mirror_drop(mirror);
	/* The unloading waits for the pool, and the pool's end for this thread. */
	if (has_module)
		module_put(THIS_MODULE);
}

static void job_late(struct rodp_task *task, bool late)
{
	const struct rodp_job *job = container_of(task, struct rodp_job, task);
	struct rodp_mirror *mirror = job->mirror;

	rodp_stats_inc(mirror->stats, late ? RODP_STAT_ODP_FAULTS_LATE : RODP_STAT_ODP_LATE_OVER);
	if (late)
		trace_rodp_fault_late(mirror, READ_ONCE(job->done), task->since);
}

static const struct rodp_task_ops job_ops = {
	.run = job_run,
	.over = job_over,
	.late = job_late,
};

/* ---- how a job begins ---- */

bool rodp_job_may_start(struct rodp_mirror *mirror)
{
	lockdep_assert_held(&mirror->fault_lock);
	/* One without jobs would not learn that others have ended theirs. */
	if (!mirror->job_count) {
		rodp_account_charge(mirror->pool->jobs, 1);
		return true;
	}
	return mirror->job_count < JOB_MAX && !rodp_account_try_charge(mirror->pool->jobs, 1);
}

static void job_start(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end, bool write,
		      bool ahead)
{
	lockdep_assert_held(&mirror->fault_lock);
	*job = (struct rodp_job){
		.task.ops = &job_ops,
		.mirror = mirror,
		.done = va & PAGE_MASK,
		.end = end,
		.since = ktime_get_ns(),
		.write = write,
		.ahead = ahead,
	};
	rodp_waiters_init(&job->waiters);
	/* A job can block for long and needs the module: with a reference, rmmod says so. */
	job->has_module = try_module_get(THIS_MODULE);
	mirror->job_count++;
	mirror->ahead += ahead;
	job_enter(job);
	refcount_inc(&mirror->refs);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS);
	trace_rodp_fault_begin(mirror, va, end - va, write);
	rodp_pools_add(mirror->pool, &job->task);
}

void rodp_job_start(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end, bool write)
{
	job_start(job, mirror, va, end, write, false);
}

void rodp_job_start_ahead(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end,
			  bool write)
{
	job_start(job, mirror, va, end, write, true);
}

int rodp_job_module_init(void)
{
	job_cache = KMEM_CACHE(rodp_job, 0);
	return job_cache ? 0 : -ENOMEM;
}

void rodp_job_module_exit(void)
{
	kmem_cache_destroy(job_cache);
}
