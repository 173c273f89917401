/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The fault engine: makes VA ranges present in a mirror.
 *
 * A miss never sleeps where it happens. It becomes a request here; a worker maps the whole
 * extent leaf by leaf (mmu_interval_read_begin, hmm_range_fault, leaf lock,
 * mmu_interval_read_retry, install) and wakes whoever waits, as the pages come, by
 * queueing the waiter's work item. A request that begins in what a job has yet to
 * map, with no more rights than that job, joins it.
 *
 * Nobody ever waits for a job: a waiter detaches, and the job, which may hang in
 * a userfaultfd for as long as user space likes, ends later on references of its
 * own to the mirror, the counters and the module (I7).
 */
#ifndef RODP_ODP_FAULT_H
#define RODP_ODP_FAULT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct rodp_fault;
struct rodp_mirror;

/*
 * Most bytes that one job maps: enough that asking again costs nothing beside
 * the mapping (milliseconds), and little enough that a peer who announces a huge
 * message cannot have memory allocated far ahead of the bytes that it sends.
 */
#define RODP_FAULT_BYTES (64ULL << 20)

/* Embedded in whoever parks. Initialise once; one request at a time. */
struct rodp_fault_waiter {
	struct workqueue_struct *wq; /* where resume is queued, */
	int cpu; /* and on which CPU: WORK_CPU_UNBOUND, or the caller's choice at each request */
	struct work_struct *resume;
	int error; /* valid once resume runs: 0, or why the page at va cannot be mapped */

	/* Private, under fault_lock of the mirror. */
	struct rodp_mirror *mirror; /* where the request is under way, or NULL */
	struct rodp_fault *fault; /* the job waited for; NULL while there is no memory for one */
	struct list_head link; /* in the job, or with others that have none */
	u64 va, end; /* the request */
	u64 since; /* when it was made, ns, ktime_get */
	bool write;
};

void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume);

/*
 * Ask for [va, va + len) to become present, writable if write is set.
 * @waiter: woken once the page at va is mapped or known to be impossible; the job
 *	may go on with the rest of the range meanwhile. NULL for read-ahead that
 *	nobody waits for, which is a hint: it may come to nothing.
 *
 * error is 0 when the page at va was mapped, whatever became of later pages: the
 * caller tries again and asks again from where it stopped, which it must be ready
 * to do any number of times, since what is mapped may be gone when it looks.
 * error: -EFAULT (nothing mapped there, wrong rights, memory that HMM refuses,
 * owner gone), -ENOMEM.
 *
 * A job maps at most RODP_FAULT_BYTES; what is beyond must be asked for again.
 *
 * Context: process or softirq, spin locks held or not; not hard interrupt. Does
 * not sleep, and does not fail for want of memory: a waiter carries its request
 * until a work item has memory for a job.
 * Returns 0, or -ENODEV when the mirror is going away.
 */
int rodp_fault_request(struct rodp_mirror *mirror, u64 va, u64 len, bool write,
		       struct rodp_fault_waiter *waiter);

/*
 * Forget the request: after this returns the engine does not touch waiter and does not
 * queue its work. (Work that was queued already is the caller's to cancel.) Not needed
 * once resume has run: queueing it is the last thing that is done to a waiter.
 * Any context, does not sleep. Harmless when nothing is under way.
 */
void rodp_fault_detach(struct rodp_fault_waiter *waiter);

/* Of mirror.c: a new mirror, and the room. */
void rodp_faults_init(struct rodp_mirror *mirror);
int rodp_fault_module_init(void);
void rodp_fault_module_exit(void);

#endif
