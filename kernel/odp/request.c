// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Fault requests: each is served by a job that is under way, or by a new one. See fault.h.
 *
 * A request may come from a softirq, where the allocation of a job can fail; and a process and its
 * user may have so many jobs only. The waiter is starved then (starved.h), until the mirror's feed
 * work, which can sleep, has a job for it.
 */
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/job.h"
#include "odp/request.h"
#include "odp/starved.h"
#include "odp/waiter.h"

/*
 * Most read-ahead jobs of a mirror at a time. More requests for read-ahead are dropped: they
 * would only queue up behind these, and cost memory that is charged to nobody.
 */
#define REQUEST_MAX_AHEAD 16

/* The job that is under way and serves the waiter's request, or NULL. */
static struct rodp_job *request_find(struct rodp_mirror *mirror,
				     const struct rodp_fault_waiter *waiter)
{
	struct rodp_job *job = rodp_job_find(mirror, waiter->va, waiter->write);

	lockdep_assert_held(&mirror->fault_lock);
	if (job)
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_COALESCED);
	return job;
}

/*
 * A new job for the waiter's request: *spare, which the caller then no longer owns. NULL when there is
 * none, or no room for one.
 */
static struct rodp_job *request_begin(struct rodp_mirror *mirror,
				      const struct rodp_fault_waiter *waiter,
				      struct rodp_job **spare)
{
	struct rodp_job *job = *spare;

	lockdep_assert_held(&mirror->fault_lock);
	if (!job || !rodp_job_may_start(mirror))
		return NULL;
	*spare = NULL;
	rodp_job_start(job, mirror, waiter->va, waiter->end, waiter->write);
	return job;
}

/* The caller has a reference to the mirror. */
static void request_awaited(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter,
			    struct rodp_job **spare)
{
	const bool memory = *spare;
	struct rodp_job *job;

	lockdep_assert_held(&mirror->fault_lock);
	waiter->mirror = mirror;
	job = request_find(mirror, waiter);
	/* Nobody goes before those that wait for a job already. */
	if (!job && !rodp_starved_first(mirror))
		job = request_begin(mirror, waiter, spare);
	if (job) {
		rodp_job_join(job, waiter);
		return;
	}
	rodp_starved_add(mirror, waiter);
	/* With memory it is room that is short: the next job that is over calls for more. */
	if (memory)
		rodp_starved_feed_later(mirror);
	else
		rodp_starved_feed(mirror);
}

static void request_ahead(struct rodp_mirror *mirror, u64 va, u64 end, bool write,
			  struct rodp_job **spare)
{
	struct rodp_job *job = *spare;

	lockdep_assert_held(&mirror->fault_lock);
	if (!job || mirror->ahead >= REQUEST_MAX_AHEAD || rodp_job_find(mirror, va, write) ||
	    !rodp_job_may_start(mirror))
		return;
	*spare = NULL;
	rodp_job_start_ahead(job, mirror, va, end, write);
}

/* The end of a request, which has at least one byte and does not wrap. */
static u64 request_end(u64 va, u64 len)
{
	return va + clamp_t(u64, len, 1, min_t(u64, RODP_FAULT_BYTES, U64_MAX - va));
}

/* Withdraw the waiter's old request, if any, and note its new one. */
static void request_note(struct rodp_fault_waiter *waiter, u64 va, u64 end, bool write)
{
	/* When the waiter is just being woken, this waits until that is done. */
	rodp_fault_detach(waiter);
	waiter->since = ktime_get_ns();
	waiter->va = va;
	waiter->end = end;
	waiter->write = write;
}

int rodp_fault_request(struct rodp_mirror *mirror, u64 va, u64 len, bool write,
		       struct rodp_fault_waiter *waiter)
{
	const u64 end = request_end(va, len);
	struct rodp_job *spare;

	if (!rodp_mirror_hold(mirror))
		return -ENODEV;
	spare = rodp_job_alloc(GFP_ATOMIC | __GFP_NOWARN);
	if (waiter)
		request_note(waiter, va, end, write);
	spin_lock_bh(&mirror->fault_lock);
	if (waiter)
		request_awaited(mirror, waiter, &spare);
	else
		request_ahead(mirror, va, end, write, &spare);
	spin_unlock_bh(&mirror->fault_lock);
	rodp_job_free(spare);
	rodp_mirror_drop(mirror);
	return 0;
}

/*
 * Find a job for the waiter that is starved for longest. Returns whether there was one and it has
 * its job. If it has none, there is no room.
 */
static bool request_feed(struct rodp_mirror *mirror)
{
	struct rodp_job *spare = rodp_job_alloc(GFP_KERNEL | __GFP_NOFAIL), *job = NULL;
	struct rodp_fault_waiter *waiter;

	spin_lock_bh(&mirror->fault_lock);
	waiter = rodp_starved_first(mirror);
	if (waiter)
		job = request_find(mirror, waiter);
	if (waiter && !job)
		job = request_begin(mirror, waiter, &spare);
	if (job)
		rodp_job_join(job, waiter);
	spin_unlock_bh(&mirror->fault_lock);
	rodp_job_free(spare);
	return job;
}

static void request_feed_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, feed.work);

	while (request_feed(mirror))
		cond_resched();
	spin_lock_bh(&mirror->fault_lock);
	rodp_starved_feed_later(mirror);
	spin_unlock_bh(&mirror->fault_lock);
	rodp_mirror_drop(mirror);
}

void rodp_requests_init(struct rodp_mirror *mirror)
{
	spin_lock_init(&mirror->fault_lock);
	mirror->jobs = RB_ROOT_CACHED;
	rodp_starved_init(mirror, request_feed_work);
}
