/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shared receive queues: a ring of receive work requests that the lanes of many QPs take
 * from.
 *
 * An SRQ has one lock, inside the lanes' locks: whoever holds a receive lane takes one
 * request at a time, and nobody holds the lanes of two QPs for it. What the SRQ's user
 * must be told (its limit event; of an XRC SRQ also completion events) is told by the
 * SRQ's own work item.
 *
 * A basic SRQ is kept by its QPs. An XRC SRQ is found by the number that a packet bears,
 * under RCU, and used with a reference that lasts for one packet, never across a wait: so
 * a peer that stops in the middle of a message holds up nobody who destroys the SRQ.
 */
#ifndef RODP_QP_SRQ_H
#define RODP_QP_SRQ_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "qp/end/end.h"
#include "qp/queue/rwqe.h"
#include "ring/ring.h"

struct rodp_srq {
	struct ib_srq ib;
	struct rodp_dev *dev;
	struct mutex resize; /* one change of the ring at a time; next. Before `lock` */
	struct rodp_ring next; /* prepared, and not in use yet; or none: all zero */
	spinlock_t lock; /* BH disabled; ring.cons, limit */
	spinlock_t post_lock; /* the writer's side of the ring of a kernel consumer; any context */
	struct rodp_ring ring;
	u32 cons; /* next to take out of the ring */
	u32 max_sge;
	u32 limit; /* requests; 0: not armed */
	unsigned long pending; /* enum srq_pending, for the work item */
	struct work_struct work;
	/* XRC only. */
	u64 serial; /* never used twice, other than its number; 0: not an XRC SRQ */
	struct rodp_cq *cq;
	refcount_t ref;
	struct completion unused;
};

static inline struct rodp_srq *to_rodp_srq(struct ib_srq *ib)
{
	return container_of(ib, struct rodp_srq, ib);
}

/**
 * rodp_srq_create() - make the SRQ that ib_core allocated
 * @srq: zeroed but for ib_core's part; of an XRC SRQ ib.ext is filled
 * @init: what was asked for; its attr becomes what is granted
 * @uctx: whose process may map the ring, or NULL: a kernel consumer's
 * @resp: where the ring can be mapped; NULL without @uctx
 *
 * Context: Process, sleeps.
 * Return: 0, -EINVAL (sizes), -EOPNOTSUPP (type), -ENOMEM, -EBUSY (no number is free).
 */
int rodp_srq_create(struct rodp_srq *srq, struct ib_srq_init_attr *init, struct ib_ucontext *uctx,
		    struct rodp_create_srq_resp *resp);

/**
 * rodp_srq_destroy() - end an SRQ
 * @srq: no QP has it any more (ib_core sees to that). Of an XRC SRQ waits for packets under way.
 *
 * Context: Process, sleeps.
 */
void rodp_srq_destroy(struct rodp_srq *srq);

/**
 * rodp_srq_arm() - arm the limit event
 * @srq: the SRQ
 * @limit: it is raised once, when fewer requests than this are left, at once if that is so already;
 *	0: disarm
 *
 * Context: Process or softirq; takes the SRQ's lock.
 * Return: 0, or -EINVAL: more than the ring has.
 */
int rodp_srq_arm(struct rodp_srq *srq, u32 limit);

/**
 * rodp_srq_limit() - where the limit event is armed
 * @srq: the SRQ
 *
 * Context: Any.
 * Return: requests, or 0: it is not.
 */
u32 rodp_srq_limit(struct rodp_srq *srq);

/**
 * rodp_srq_prepare_ring() - keep a ring that is to take the place of an SRQ's
 * @srq: the SRQ
 * @ring: the new one, whose slots are as large; becomes one that was prepared before, for the caller to
 *	destroy, or none
 *
 * Context: Process, sleeps.
 */
void rodp_srq_prepare_ring(struct rodp_srq *srq, struct rodp_ring *ring);

/**
 * rodp_srq_commit_ring() - go over to the prepared ring, with what is posted
 * @srq: the SRQ
 * @ring: becomes the old one, for the caller to destroy; or none
 *
 * Context: Process, sleeps; takes the SRQ's lock for a part of the requests at a time.
 * Return: 0, or -EINVAL: nothing is prepared, the requests, or the limit, do not fit, or the
 * process wrote nonsense into its counter; then nothing has changed.
 */
int rodp_srq_commit_ring(struct rodp_srq *srq, struct rodp_ring *ring);

/*
 * Take a receive work request. A receive lane is held.
 * Returns 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_srq_take(struct rodp_srq *srq, struct rodp_rwqe *rwqe);

/* XRC: complete a request that was taken, to the SRQ's CQ. The receive lane of end is held. */
void rodp_srq_complete(struct rodp_srq *srq, struct rodp_end *end, struct rodp_cqe *cqe,
		       bool solicited);

/* XRC: its number; else 0. */
static inline u32 rodp_srq_number(const struct rodp_srq *srq)
{
	return srq->serial ? srq->ib.ext.xrc.srq_num : 0;
}

/**
 * rodp_srq_get() - find an XRC SRQ by its number
 * @xrcd: the domain that it must be in
 * @srqn: the number, as packets bear it
 *
 * Context: Any.
 * Return: the SRQ with a reference, for rodp_srq_put() before anything is waited for, or NULL.
 */
struct rodp_srq *rodp_srq_get(struct ib_xrcd *xrcd, u32 srqn);

/**
 * rodp_srq_put() - drop a reference
 * @srq: an XRC SRQ, which may be freed before this returns, unless under RCU
 *
 * Context: Any.
 */
void rodp_srq_put(struct rodp_srq *srq);

/**
 * rodp_srq_module_exit() - free the table of numbers
 *
 * Context: Process, when there is no SRQ any more.
 */
void rodp_srq_module_exit(void);

#endif
