/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The receive queue: work requests from ring, or from an SRQ, to completion. What is received is
 * the receiver's (recv/receiver.h), of which this is a part.
 */
#ifndef RODP_QP_RQ_H
#define RODP_QP_RQ_H

#include "qp/end/end.h"
#include "qp/queue/rwqe.h"
#include "ring/ring.h"

struct rodp_srq;

/* Where the queue is. All zero: at its beginning. */
struct rodp_rq_at {
	u32 cons; /* next to take out of the ring */
	bool taken; /* rwqe is one that is not complete */
	u32 srqn; /* XRC: where it was taken, */
	u64 srq_serial; /* and which SRQ that was */
	bool last_told; /* IB_EVENT_QP_LAST_WQE_REACHED was raised */
};

struct rodp_rq {
	struct rodp_end *end;
	struct rodp_lane lane;
	struct rodp_ring ring; /* none with an SRQ: hdr == NULL */
	spinlock_t post_lock; /* as in struct rodp_sq */
	u32 max_sge;
	struct rodp_srq *srq; /* the QP's own, or NULL; XRC: NULL */
	struct rodp_rq_at at;
	struct rodp_rwqe rwqe; /* taken for the message that is being received */
};

/**
 * rodp_rq_create() - make the ring
 * @rq: zeroed, its `end` set
 * @cap: what was asked for; becomes what is granted. Without receives there is no ring.
 * @uctx: whose process may map the ring, or NULL: a kernel consumer's
 * @resp: where the ring can be mapped; NULL without @uctx
 *
 * Context: Process, sleeps.
 * Return: 0, -EINVAL, -ENOMEM.
 */
int rodp_rq_create(struct rodp_rq *rq, struct ib_qp_cap *cap, struct ib_ucontext *uctx,
		   struct rodp_ring_resp *resp);

/**
 * rodp_rq_destroy() - give the ring back
 * @rq: of a lane that is stopped; safe on a queue that was never made
 *
 * Context: Process, sleeps.
 */
void rodp_rq_destroy(struct rodp_rq *rq);

/*
 * The rest: the receive lane is held.
 */

/**
 * rodp_rq_take() - take a receive work request for the message that begins
 * @rq: the queue
 * @srq: where to take it from; NULL: the ring
 *
 * Return: 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_rq_take(struct rodp_rq *rq, struct rodp_srq *srq);

/**
 * rodp_rq_complete() - complete the work request that was taken
 * @rq: the queue
 * @cqe: what the message told; what the work request told is filled in
 * @solicited: whether the sender asked for an event
 *
 * Context: Process or softirq; the receive lane is held.
 */
void rodp_rq_complete(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited);

/**
 * rodp_rq_complete_shared() - the same of a queue without a CQ of its own: to that of the SRQ that
 *	the work request came from, if that is still there
 * @rq: the queue
 * @cqe: as above
 * @solicited: as above
 *
 * Context: As above.
 */
void rodp_rq_complete_shared(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited);

/**
 * rodp_rq_flush() - complete what was taken and what is posted with IB_WC_WR_FLUSH_ERR
 * @rq: the queue. What an SRQ still has is for others.
 * @complete: one of the two above
 *
 * Context: As above. At most RODP_FLUSH_BATCH: a process can post without end.
 * Return: whether none is left; else call it again later.
 */
bool rodp_rq_flush(struct rodp_rq *rq,
		   void (*complete)(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited));

/**
 * rodp_rq_reset() - back to how it was created
 * @rq: the queue, whose lane is stopped and held
 *
 * Context: Process.
 */
void rodp_rq_reset(struct rodp_rq *rq);

#endif
