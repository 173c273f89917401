/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The send queue: work requests from ring to completion. What becomes of them in between is the
 * sender's (send/sender.h), of which this is a part.
 */
#ifndef RODP_QP_SQ_H
#define RODP_QP_SQ_H

#include "qp/end/end.h"
#include "qp/queue/swqe.h"
#include "ring/ring.h"

/* Work requests that are flushed in one go. */
#define RODP_FLUSH_BATCH 256

/* Where the queue is. Counters run freely: tail <= cur <= head. All zero: at its beginning. */
struct rodp_sq_at {
	u32 head; /* next to take out of the ring */
	u32 cur; /* being sent */
	u32 tail; /* oldest that is not complete */
};

struct rodp_sq {
	struct rodp_end *end;
	struct rodp_lane lane;
	struct rodp_ring ring; /* what the process writes; none: hdr == NULL */
	spinlock_t post_lock; /* the writer's side of the ring of a kernel consumer; any context */
	void *wqe; /* ring.entries copies, wqe_stride bytes each */
	u32 wqe_stride;
	struct rodp_swqe_limits limits;
	bool signal_all;
	struct rodp_sq_at at;
};

/* Copy n of the work requests [tail, head). */
static inline struct rodp_swqe *rodp_sq_wqe(const struct rodp_sq *sq, u32 n)
{
	return sq->wqe + (size_t)(n & (sq->ring.entries - 1)) * sq->wqe_stride;
}

/* The oldest that is not complete, if there is one. */
static inline struct rodp_swqe *rodp_sq_oldest(const struct rodp_sq *sq)
{
	return rodp_sq_wqe(sq, sq->at.tail);
}

static inline bool rodp_sq_is_empty(const struct rodp_sq *sq)
{
	return sq->at.tail == sq->at.head;
}

/**
 * rodp_sq_create() - make the ring and the copies
 * @sq: zeroed, its `end` set
 * @cap: what was asked for; becomes what is granted
 * @uctx: whose process may map the ring, or NULL: a kernel consumer's
 * @resp: where the ring can be mapped; NULL without @uctx
 *
 * Sleeps. Return: 0, -EINVAL, -ENOMEM.
 */
int rodp_sq_create(struct rodp_sq *sq, struct ib_qp_cap *cap, struct ib_ucontext *uctx,
		   struct rodp_ring_resp *resp);

/**
 * rodp_sq_destroy() - give ring and copies back
 * @sq: of a lane that is stopped; safe on a queue that was never made
 *
 * Context: Process, sleeps.
 */
void rodp_sq_destroy(struct rodp_sq *sq);

/*
 * The rest: send lane held.
 */

/**
 * rodp_sq_posted() - how many work requests stand in the ring and were not taken yet
 * @sq: the queue, whose lane is held
 *
 * A process may have written any number: one that makes no sense reads as none.
 */
u32 rodp_sq_posted(const struct rodp_sq *sq);

/**
 * rodp_sq_take() - take the next work request out of the ring
 * @sq: the queue
 * @soon: something will run the lane again soon, without a doorbell
 *
 * Return: the copy, its status set as rodp_swqe_copy() says, or NULL: there is none, or no room
 * for a copy. Unless @soon the poster was asked to ring the doorbell for the next one.
 * rodp_sq_slot() of the same number is its slot until the next call.
 */
struct rodp_swqe *rodp_sq_take(struct rodp_sq *sq, bool soon);

/**
 * rodp_sq_complete() - the oldest work request is done: complete it
 * @sq: the queue, which is not empty
 * @status: with what
 *
 * Context: Process or softirq; the send lane is held.
 */
void rodp_sq_complete(struct rodp_sq *sq, enum ib_wc_status status);

/**
 * rodp_sq_flush() - complete what is under way and what is posted with IB_WC_WR_FLUSH_ERR
 * @sq: the queue
 *
 * Context: As above. At most RODP_FLUSH_BATCH: a process can post without end.
 * Return: whether none is left; else call it again later.
 */
bool rodp_sq_flush(struct rodp_sq *sq);

/**
 * rodp_sq_reset() - back to how it was created
 * @sq: the queue, whose lane is stopped and held
 *
 * Context: Process.
 */
void rodp_sq_reset(struct rodp_sq *sq);

#endif
