/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The fault engine: makes VA ranges present in a mirror.
 *
 * A miss never sleeps where it happens. It becomes a request here; a worker maps the whole
 * extent leaf by leaf (mmu_interval_read_begin, hmm_range_fault, leaf lock,
 * mmu_interval_read_retry, install), then wakes whoever waits by queueing the
 * waiter's work item. A request whose range lies inside one that is already
 * under way, with no more rights than that one, joins it.
 *
 * Nobody ever waits for a job: a waiter detaches, and the job, which may hang in
 * a userfaultfd for as long as user space likes, ends later on references of its
 * own to the mirror, the counters and the module (I7).
 */
#ifndef RODP_ODP_FAULT_H
#define RODP_ODP_FAULT_H

#include <linux/list.h>
#include <linux/workqueue.h>

struct rodp_fault;
struct rodp_mirror;

/* Embedded in whoever parks. Initialise once; one request at a time. */
struct rodp_fault_waiter {
	struct list_head link; /* private */
	struct rodp_fault *fault; /* private: the job waited for, or NULL */
	struct workqueue_struct *wq; /* where resume is queued */
	struct work_struct *resume;
	int error; /* valid once resume runs: 0, or why the page at va cannot be mapped */
};

void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume);

/*
 * Ask for [va, va + len) to become present, writable if write is set.
 * @waiter: woken once the job is over; NULL for read-ahead that nobody waits for.
 *
 * The job succeeds (error 0) when the page at va is mapped, whatever became of
 * later pages: the caller tries again and asks again from where it stopped.
 * error: -EFAULT (nothing mapped there, wrong rights, memory that HMM refuses,
 * owner gone), -ENOMEM.
 *
 * Context: process or softirq, spin locks held or not; does not sleep
 * (GFP_ATOMIC, backed by a mempool so that it cannot fail for want of memory).
 * Returns 0, or -ENODEV when the mirror is going away.
 */
int rodp_fault_request(struct rodp_mirror *mirror, u64 va, u64 len, bool write,
		       struct rodp_fault_waiter *waiter);

/*
 * Forget the request: after this returns the engine does not touch waiter and does not
 * queue its work. (Work that was queued already is the caller's to cancel.)
 * Any context, does not sleep. Harmless when nothing is under way.
 */
void rodp_fault_detach(struct rodp_fault_waiter *waiter);

#endif
