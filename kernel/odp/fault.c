// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Fault jobs and those who wait for them, see fault.h.
 *
 * Everything is under the mirror's fault_lock, which is held for a few list
 * operations at a time. Jobs run in the mirror's own work queue: one that user
 * space holds up (userfaultfd) delays no other process and, up to the queue's
 * limit of active jobs, no other job of its own.
 *
 * A waiter's memory may go as soon as its work runs, or its owner's call of
 * rodp_fault_detach() finds nothing to detach. So queueing the work is the last
 * thing done to it, and detach must not overtake that: for the moment of waking,
 * and for the look whether there is anything to detach, there are locks that are
 * in neither the waiter nor the mirror, chosen by the waiter's address.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "base/stats.h"
#include "base/trace.h"
#include "odp/core.h"
#include "odp/entries.h"
#include "odp/fault.h"
#include "odp/resolve.h"

/*
 * Jobs of a mirror that nobody waits for. Beyond that read-ahead is dropped: it
 * could only queue up behind so many, and costs memory that nobody accounts for.
 */
#define MAX_AHEAD 16

/* How long a job rests when invalidations keep it from installing: they go first. */
#define BREAK_USEC 100

struct rodp_fault {
	struct work_struct work;
	struct rodp_mirror *mirror; /* referenced */

	/* Under mirror->fault_lock; only the job itself writes done. */
	struct list_head link; /* mirror->faults */
	struct list_head waiters;
	u64 done, end; /* what is yet to be mapped; done is page aligned */
	u64 since; /* ns, ktime_get */
	bool write;
	bool ahead; /* nobody ever waited */
	bool abandoned; /* the last one that waited has gone */
	bool has_module; /* the job holds a reference to it */
};

static struct kmem_cache *fault_cache;

static void fault_work(struct work_struct *work);

void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume)
{
	*waiter = (struct rodp_fault_waiter){ .wq = wq, .cpu = WORK_CPU_UNBOUND, .resume = resume };
	INIT_LIST_HEAD(&waiter->link);
}

/* Waiters. */

/* Inside fault_lock; see the head of this file. */
#define WAKE_LOCK_BITS 6
static spinlock_t wake_locks[1 << WAKE_LOCK_BITS];

static spinlock_t *wake_lock_of(const struct rodp_fault_waiter *waiter)
{
	return &wake_locks[hash_ptr(waiter, WAKE_LOCK_BITS)];
}

/* fault_lock held. */
static void waiter_forget(struct rodp_fault_waiter *waiter)
{
	list_del_init(&waiter->link);
	waiter->fault = NULL;
	waiter->mirror = NULL;
}

/* fault_lock held. */
static void waiter_time(const struct rodp_fault_waiter *waiter)
{
	struct rodp_mirror *mirror = waiter->mirror;
	const u64 ns = ktime_get_ns() - waiter->since;

	rodp_latency_add(&mirror->latency, ns);
	rodp_stats_latency(mirror->stats, ns);
}

/* Its own, if that is online: an offline one runs no softirqs. Preemption is off. */
static int waiter_cpu(const struct rodp_fault_waiter *waiter)
{
	int cpu = waiter->cpu;

	return cpu == WORK_CPU_UNBOUND || cpu_online(cpu) ? cpu : WORK_CPU_UNBOUND;
}

/* fault_lock held. The waiter may be gone when this returns. */
static void waiter_wake(struct rodp_fault_waiter *waiter, int error)
{
	spinlock_t *wake_lock = wake_lock_of(waiter);

	waiter_time(waiter);
	spin_lock(wake_lock);
	waiter->error = error;
	waiter_forget(waiter);
	queue_work_on(waiter_cpu(waiter), waiter->wq, waiter->resume);
	spin_unlock(wake_lock);
}

/* fault_lock held. */
static void waiter_join(struct rodp_fault_waiter *waiter, struct rodp_fault *fault)
{
	waiter->fault = fault;
	list_move_tail(&waiter->link, &fault->waiters);
	fault->abandoned = false;
}

/* fault_lock held. */
static void waiter_leave(struct rodp_fault_waiter *waiter)
{
	struct rodp_fault *fault = waiter->fault;

	waiter_forget(waiter);
	if (fault && !fault->ahead)
		fault->abandoned = list_empty(&fault->waiters);
}

/*
 * RCU held. Where the waiter is, or NULL when nothing is done to it any more. The
 * mirror may be at its end by now, but its memory is not.
 */
static struct rodp_mirror *waiter_mirror(const struct rodp_fault_waiter *waiter)
{
	spinlock_t *wake_lock = wake_lock_of(waiter);
	struct rodp_mirror *mirror;
	unsigned long flags;

	spin_lock_irqsave(wake_lock, flags);
	mirror = waiter->mirror;
	spin_unlock_irqrestore(wake_lock, flags);
	return mirror;
}

void rodp_fault_detach(struct rodp_fault_waiter *waiter)
{
	struct rodp_mirror *mirror;
	unsigned long flags;

	rcu_read_lock();
	mirror = waiter_mirror(waiter);
	if (mirror) {
		spin_lock_irqsave(&mirror->fault_lock, flags);
		if (waiter->mirror)
			waiter_leave(waiter);
		spin_unlock_irqrestore(&mirror->fault_lock, flags);
	}
	rcu_read_unlock();
}

/* Jobs. */

/* fault_lock held. The job that will map the page at va anyway, or NULL. */
static struct rodp_fault *fault_find(struct rodp_mirror *mirror, u64 va, bool write)
{
	struct rodp_fault *fault;

	list_for_each_entry(fault, &mirror->faults, link)
		if (va >= fault->done && va < fault->end && fault->write >= write)
			return fault;
	return NULL;
}

/* fault_lock held, and a reference to the mirror. */
static void fault_start(struct rodp_fault *fault, struct rodp_mirror *mirror, u64 va, u64 end,
			bool write)
{
	*fault = (struct rodp_fault){
		.mirror = mirror,
		.done = va & PAGE_MASK,
		.end = end,
		.since = ktime_get_ns(),
		.write = write,
	};
	INIT_WORK(&fault->work, fault_work);
	INIT_LIST_HEAD(&fault->waiters);
	/* A job may hang for long, and the module cannot go before it: then let rmmod say so. */
	fault->has_module = try_module_get(THIS_MODULE);
	list_add_tail(&fault->link, &mirror->faults);
	refcount_inc(&mirror->refs);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS);
	trace_rodp_fault_begin(mirror, va, end - va, write);
	queue_work(mirror->wq, &fault->work);
}

/* fault_lock held. Wakes those whose page has been mapped. Returns whether to go on. */
static bool fault_advance_locked(struct rodp_fault *fault, u64 done)
{
	struct rodp_fault_waiter *waiter, *next;

	fault->done = done;
	list_for_each_entry_safe(waiter, next, &fault->waiters, link)
		if (waiter->va < done)
			waiter_wake(waiter, 0);
	return done < fault->end && !fault->abandoned;
}

static bool fault_advance(struct rodp_fault *fault, u64 done)
{
	struct rodp_mirror *mirror = fault->mirror;
	unsigned long flags;
	bool more;

	spin_lock_irqsave(&mirror->fault_lock, flags);
	more = fault_advance_locked(fault, done);
	spin_unlock_irqrestore(&mirror->fault_lock, flags);
	return more && rodp_mirror_is_used(mirror);
}

/*
 * fault_lock held. The job is over; error is why the page at done is not mapped.
 * Those who wait for later ones are not concerned: they find out by asking again.
 */
static void fault_end_locked(struct rodp_fault *fault, int error)
{
	struct rodp_fault_waiter *waiter, *next;

	list_del(&fault->link);
	fault->mirror->ahead -= fault->ahead;
	list_for_each_entry_safe(waiter, next, &fault->waiters, link)
		waiter_wake(waiter, (waiter->va & PAGE_MASK) == fault->done ? error : 0);
}

static void fault_end(struct rodp_fault *fault, int error)
{
	struct rodp_mirror *mirror = fault->mirror;
	const bool has_module = fault->has_module;
	unsigned long flags;

	if (error)
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_FAILED);
	trace_rodp_fault_end(mirror, fault->done, error, fault->since);
	spin_lock_irqsave(&mirror->fault_lock, flags);
	fault_end_locked(fault, error);
	spin_unlock_irqrestore(&mirror->fault_lock, flags);
	kmem_cache_free(fault_cache, fault);
	rodp_mirror_drop(mirror);
	/* rodp_odp_module_exit() waits for the mirror, and the mirror's tear-down for this function. */
	if (has_module)
		module_put(THIS_MODULE);
}

/* The users of the mm are referenced. Returns why the page at fault->done cannot be mapped. */
static int fault_run(struct rodp_fault *fault)
{
	const u64 end = min_t(u64, fault->end, fault->mirror->mm->task_size);
	struct rodp_resolver resolver;
	int error;

	rodp_resolver_init(&resolver, fault->mirror, fault->done, fault->write);
	do {
		if (resolver.va >= end)
			return -EFAULT;
		error = rodp_resolve(&resolver, end);
		if (error == -EAGAIN) {
			usleep_range(BREAK_USEC, 2 * BREAK_USEC);
			error = 0;
		}
	} while (fault_advance(fault, resolver.va) && !error);
	return error;
}

static void fault_work(struct work_struct *work)
{
	struct rodp_fault *fault = container_of(work, struct rodp_fault, work);
	struct mm_struct *mm = fault->mirror->mm;
	int error = -EFAULT;

	/* Without: the module is going already, and does not wait for a new job. */
	if (fault->has_module && mmget_not_zero(mm)) {
		error = fault_run(fault);
		/* Not mmput(): the last one tears the mm down, and with it waits for callbacks. */
		mmput_async(mm);
	}
	fault_end(fault, error);
}

/* Requests. */

static struct rodp_fault *fault_alloc(gfp_t gfp)
{
	return kmem_cache_alloc(fault_cache, gfp);
}

static void fault_free_spare(struct rodp_fault *spare)
{
	if (spare)
		kmem_cache_free(fault_cache, spare);
}

/*
 * fault_lock held. The job for a waiter's request: one that is under way, else
 * *spare, which is then no longer the caller's. NULL when there is neither.
 */
static struct rodp_fault *fault_for(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter,
				    struct rodp_fault **spare)
{
	struct rodp_fault *fault = fault_find(mirror, waiter->va, waiter->write);

	if (fault) {
		rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_COALESCED);
		return fault;
	}
	fault = *spare;
	*spare = NULL;
	if (fault)
		fault_start(fault, mirror, waiter->va, waiter->end, waiter->write);
	return fault;
}

/* fault_lock held, and a reference to the mirror. */
static void waiter_starve(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter)
{
	list_add_tail(&waiter->link, &mirror->starved);
	if (queue_work(mirror->wq, &mirror->feed))
		refcount_inc(&mirror->refs);
}

/* fault_lock held, and a reference to the mirror. */
static void request_awaited(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter,
			    struct rodp_fault **spare)
{
	struct rodp_fault *fault = fault_for(mirror, waiter, spare);

	waiter->mirror = mirror;
	if (fault)
		waiter_join(waiter, fault);
	else
		waiter_starve(mirror, waiter);
}

/* fault_lock held. */
static void request_ahead(struct rodp_mirror *mirror, u64 va, u64 end, bool write,
			  struct rodp_fault **spare)
{
	struct rodp_fault *fault = *spare;

	if (!fault || mirror->ahead >= MAX_AHEAD || fault_find(mirror, va, write))
		return;
	*spare = NULL;
	fault_start(fault, mirror, va, end, write);
	fault->ahead = true;
	mirror->ahead++;
}

/* The end of a request, which has at least one byte and does not wrap. */
static u64 request_end(u64 va, u64 len)
{
	return va + clamp_t(u64, len, 1, min_t(u64, RODP_FAULT_BYTES, U64_MAX - va));
}

int rodp_fault_request(struct rodp_mirror *mirror, u64 va, u64 len, bool write,
		       struct rodp_fault_waiter *waiter)
{
	const u64 end = request_end(va, len);
	struct rodp_fault *spare;
	unsigned long flags;

	if (!rodp_mirror_hold(mirror))
		return -ENODEV;
	spare = fault_alloc(GFP_ATOMIC | __GFP_NOWARN);
	if (waiter) {
		/* Waits for one who is about to have woken it. */
		rodp_fault_detach(waiter);
		waiter->since = ktime_get_ns();
		waiter->va = va;
		waiter->end = end;
		waiter->write = write;
	}
	spin_lock_irqsave(&mirror->fault_lock, flags);
	if (waiter)
		request_awaited(mirror, waiter, &spare);
	else
		request_ahead(mirror, va, end, write, &spare);
	spin_unlock_irqrestore(&mirror->fault_lock, flags);
	fault_free_spare(spare);
	rodp_mirror_drop(mirror);
	return 0;
}

/* Returns whether there was anybody to serve. */
static bool feed_one(struct rodp_mirror *mirror)
{
	struct rodp_fault *spare = fault_alloc(GFP_KERNEL | __GFP_NOFAIL);
	struct rodp_fault_waiter *waiter;

	spin_lock_irq(&mirror->fault_lock);
	waiter = list_first_entry_or_null(&mirror->starved, struct rodp_fault_waiter, link);
	if (waiter)
		waiter_join(waiter, fault_for(mirror, waiter, &spare));
	spin_unlock_irq(&mirror->fault_lock);
	fault_free_spare(spare);
	return waiter;
}

static void feed_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, feed);

	while (feed_one(mirror))
		cond_resched();
	rodp_mirror_drop(mirror);
}

void rodp_faults_init(struct rodp_mirror *mirror)
{
	spin_lock_init(&mirror->fault_lock);
	INIT_LIST_HEAD(&mirror->faults);
	INIT_LIST_HEAD(&mirror->starved);
	INIT_WORK(&mirror->feed, feed_work);
}

int rodp_fault_module_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wake_locks); i++)
		spin_lock_init(&wake_locks[i]);
	fault_cache = KMEM_CACHE(rodp_fault, 0);
	return fault_cache ? 0 : -ENOMEM;
}

void rodp_fault_module_exit(void)
{
	kmem_cache_destroy(fault_cache);
}
