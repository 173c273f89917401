/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Faults: how a missing page becomes present in a mirror.
 *
 * A device access that misses never sleeps where it happens. It requests a fault here. A job
 * in a thread of the process (pool.h) then maps the requested range, leaf by leaf (resolve.h), and
 * wakes each waiter as soon as its own page is mapped, by queueing the waiter's work item. A
 * request that starts in what a job has yet to map, and needs no more rights than that job
 * asks for, joins the job.
 *
 * Nobody waits for a job to end: a waiter detaches. A userfaultfd can block a job for as long
 * as user space likes; the job holds its own references to the mirror, the counters and
 * the module, and may end after all of its waiters are gone (I7). It ends when its process is killed.
 *
 * The functions are in request.c (which job serves a request) and in waiter.c (waking and
 * detaching). Both, and job.c between them, work under the mirror's fault_lock.
 */
#ifndef RODP_ODP_FAULT_H
#define RODP_ODP_FAULT_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct rodp_mirror;
struct rodp_waiters;

/*
 * Most bytes that one job maps. A new request costs nothing beside the milliseconds that
 * mapping so many bytes takes. More would let a peer that announces a huge message have
 * memory allocated far ahead of the bytes that it sends.
 */
#define RODP_FAULT_BYTES (64ULL << 20)

/**
 * struct rodp_fault_waiter - One who waits for a fault
 * @wq: the work queue that @resume is queued on
 * @cpu: the CPU for @resume, or WORK_CPU_UNBOUND; the owner may change it before each request.
 *	An offline CPU counts as WORK_CPU_UNBOUND.
 * @resume: the owner's work item, queued when the request is over
 * @err: result of the request, valid once @resume runs: 0, -EFAULT or -ENOMEM
 * @since: when the request was made, in ns (ktime_get()); the owner may read it
 *
 * Embedded in its owner and initialised once. It carries one request at a time.
 */
struct rodp_fault_waiter {
	struct workqueue_struct *wq;
	int cpu;
	struct work_struct *resume;
	int err;
	u64 since;

	/* private: protected by fault_lock of the mirror */
	struct rodp_mirror *mirror; /* of the request that is under way, or NULL */
	struct rodp_waiters *joined; /* of a job; NULL while it is starved of one */
	struct rb_node node; /* in joined->tree, by va */
	struct list_head link; /* in mirror->starved */
	u64 va, end; /* what is requested */
	bool write;
};

/**
 * rodp_fault_waiter_init() - Initialise a waiter without a request
 * @waiter: the waiter
 * @wq: work queue for @resume; lives longer than the waiter
 * @resume: work item of the owner, initialised
 *
 * Context: Any. The caller may set @waiter->cpu afterwards.
 */
void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume);

/**
 * rodp_fault_request() - Request that a range becomes present
 * @mirror: the mirror; the caller's memory of it is valid (it is a user, or under RCU)
 * @va: first byte, a VA of the mirror's mm
 * @len: bytes; what is beyond RODP_FAULT_BYTES or wraps around is cut off
 * @write: whether the pages must be writable
 * @waiter: woken once the page at @va is mapped or cannot be mapped; the job may go on with
 *	the rest of the range meanwhile. An older request of the waiter is detached first.
 *	NULL: read-ahead that nobody waits for. It is a hint and may be dropped.
 *
 * When @waiter is woken, @waiter->err is
 *
 * * 0 when the page at @va was mapped, whatever became of later pages, or when the request is
 *   to be made again. The caller repeats its access, and requests again from where that
 *   misses. It must be ready to do so any number of times, because a page that was mapped
 *   can be gone before the caller looks.
 * * -EFAULT when the page cannot be mapped: no mapping at @va, missing rights, memory that HMM
 *   refuses, or a process that has exited.
 * * -ENOMEM when there was no memory to map it.
 *
 * Context: Process or softirq, with or without spinlocks held, interrupts enabled. Takes
 * fault_lock, with BH disabled. Does not sleep, and does not fail for lack of memory, nor because
 * the process or its user has as many jobs as it may: the waiter waits for a job then.
 * Return: 0, or -ENODEV when the mirror is being torn down: then nothing is requested.
 */
int rodp_fault_request(struct rodp_mirror *mirror, u64 va, u64 len, bool write,
		       struct rodp_fault_waiter *waiter);

/**
 * rodp_fault_detach() - Withdraw the request of a waiter
 * @waiter: the waiter; nothing happens when it has no request under way
 *
 * After the return nothing here touches @waiter or queues @waiter->resume. Work that was queued
 * before is the caller's to cancel. No call is needed once @waiter->resume has run: queueing it
 * is the last access to a waiter.
 *
 * Context: As rodp_fault_request(), and not concurrently with a request of the same waiter.
 */
void rodp_fault_detach(struct rodp_fault_waiter *waiter);

#endif
