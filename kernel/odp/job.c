// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Fault jobs, see job.h. */
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/stats.h"
#include "base/trace.h"
#include "odp/core.h"
#include "odp/job.h"
#include "odp/resolve.h"
#include "odp/waiter.h"

struct rodp_job {
	struct work_struct work;
	struct rodp_mirror *mirror; /* referenced */

	/* Protected by mirror->fault_lock; written by the job's own work only: done. */
	struct list_head link; /* mirror->jobs */
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

struct rodp_job *rodp_job_find(struct rodp_mirror *mirror, u64 va, bool write)
{
	struct rodp_job *job;

	lockdep_assert_held(&mirror->fault_lock);
	list_for_each_entry(job, &mirror->jobs, link)
		if (va >= job->done && va < job->end && job->write >= write)
			return job;
	return NULL;
}

void rodp_job_join(struct rodp_job *job, struct rodp_fault_waiter *waiter)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	rodp_waiters_join(&job->waiters, waiter);
}

/* Whether the job is to go on beyond done. */
static bool job_advance_locked(struct rodp_job *job, u64 done)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	job->done = done;
	rodp_waiters_wake_below(&job->waiters, done);
	return done < job->end && (job->ahead || !job->waiters.abandoned);
}

/* Everything below done is mapped. Returns whether to go on. */
static bool job_advance(struct rodp_job *job, u64 done)
{
	struct rodp_mirror *mirror = job->mirror;
	unsigned long flags;
	bool more;

	spin_lock_irqsave(&mirror->fault_lock, flags);
	more = job_advance_locked(job, done);
	spin_unlock_irqrestore(&mirror->fault_lock, flags);
	return more && rodp_mirror_is_used(mirror);
}

static void job_end_locked(struct rodp_job *job, int err)
{
	lockdep_assert_held(&job->mirror->fault_lock);
	list_del(&job->link);
	job->mirror->ahead -= job->ahead;
	rodp_waiters_wake_all(&job->waiters, job->done, err);
}

/* err: why the page at job->done is not mapped. Frees the job. */
static void job_end(struct rodp_job *job, int err)
{
	struct rodp_mirror *mirror = job->mirror;
	const bool has_module = job->has_module;
	unsigned long flags;

	if (err)
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_FAILED);
	trace_rodp_fault_end(mirror, job->done, err, job->since);
	spin_lock_irqsave(&mirror->fault_lock, flags);
	job_end_locked(job, err);
	spin_unlock_irqrestore(&mirror->fault_lock, flags);
	rodp_job_free(job);
	rodp_mirror_drop(mirror);
	/* The unloading waits for the mirror, and the mirror's tear-down for this function. */
	if (has_module)
		module_put(THIS_MODULE);
}

/* The users of the mm are referenced. Returns why the page at job->done cannot be mapped. */
static int job_run(struct rodp_job *job)
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

static void job_work(struct work_struct *work)
{
	struct rodp_job *job = container_of(work, struct rodp_job, work);
	struct mm_struct *mm = job->mirror->mm;
	int err = -EFAULT;

	/* Without has_module: the module is being unloaded and does not wait for a new job. */
	if (job->has_module && mmget_not_zero(mm)) {
		err = job_run(job);
		/* Not mmput(): the last one tears the mm down, and with it waits for callbacks. */
		mmput_async(mm);
	}
	job_end(job, err);
}

void rodp_job_start(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end, bool write)
{
	lockdep_assert_held(&mirror->fault_lock);
	*job = (struct rodp_job){
		.mirror = mirror,
		.done = va & PAGE_MASK,
		.end = end,
		.since = ktime_get_ns(),
		.write = write,
	};
	INIT_WORK(&job->work, job_work);
	rodp_waiters_init(&job->waiters);
	/* A job can block for long and needs the module: with a reference, rmmod says so. */
	job->has_module = try_module_get(THIS_MODULE);
	list_add_tail(&job->link, &mirror->jobs);
	refcount_inc(&mirror->refs);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS);
	trace_rodp_fault_begin(mirror, va, end - va, write);
	queue_work(mirror->wq, &job->work);
}

void rodp_job_start_ahead(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end,
			  bool write)
{
	lockdep_assert_held(&mirror->fault_lock);
	rodp_job_start(job, mirror, va, end, write);
	/* The job reads it under fault_lock. */
	job->ahead = true;
	mirror->ahead++;
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
