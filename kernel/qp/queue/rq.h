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

/* As rodp_sq_create(); without receives in @cap there is no ring. */
int rodp_rq_create(struct rodp_rq *rq, struct ib_qp_cap *cap, struct ib_ucontext *uctx,
		   struct rodp_ring_resp *resp);
void rodp_rq_destroy(struct rodp_rq *rq);

/*
 * The rest: receive lane held.
 */

/**
 * rodp_rq_take() - take a receive work request for the message that begins
 * @rq: the queue
 * @srq: where to take it from; NULL: the ring
 *
 * Return: 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_rq_take(struct rodp_rq *rq, struct rodp_srq *srq);

/* Complete the work request that was taken; cqe holds what the message told. */
void rodp_rq_complete(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited);

/* The same of a queue without a CQ of its own: to that of the SRQ that it came from. */
void rodp_rq_complete_shared(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited);

/*
 * As rodp_sq_flush(). What an SRQ still has is for others.
 * @complete: one of the two above.
 */
bool rodp_rq_flush(struct rodp_rq *rq,
		   void (*complete)(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited));

/* Back to how it was created. The lane is stopped as well. */
void rodp_rq_reset(struct rodp_rq *rq);

#endif
