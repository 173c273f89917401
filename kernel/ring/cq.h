/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Completion queues: a ring that the kernel fills.
 *
 * Filling (any context that may take a _bh lock) is separate from telling: the
 * completion handler of a kernel consumer may post to the very QP whose lock
 * the filler holds, so a filler collects what is to be told and tells it after
 * it let go of its own locks.
 */
#ifndef RODP_RING_CQ_H
#define RODP_RING_CQ_H

#include <linux/spinlock.h>
#include <rdma/ib_verbs.h>

#include "ring/ring.h"

struct rodp_cq {
	struct ib_cq ib;
	spinlock_t lock; /* ring contents, prod, overflow; innermost, _bh */
	struct rodp_ring ring;
	u32 prod;
	bool overflow; /* terminal: a completion was lost */
	bool overflow_told; /* IB_EVENT_CQ_ERR is raised once */
	bool timestamps; /* CQEs carry the time */
	spinlock_t poll_lock; /* kernel consumers: the reader's side of the ring; any context */
};

static inline struct rodp_cq *to_rodp_cq(struct ib_cq *ib)
{
	return container_of(ib, struct rodp_cq, ib);
}

enum rodp_cq_outcome {
	RODP_CQ_QUIET = 0, /* nobody waits for an event */
	RODP_CQ_EVENT = 1, /* call rodp_cq_notify() once no lock is held */
	RODP_CQ_OVERFLOW = 2, /* no room: call rodp_cq_fail(), and the QP is to fail */
};

/*
 * Add a completion. solicited: it also satisfies an ARM_SOLICITED request.
 * Context: process or softirq.
 */
enum rodp_cq_outcome rodp_cq_add(struct rodp_cq *cq, struct rodp_cqe *cqe, bool solicited);

/*
 * Go over to the new ring, with the completions that were not polled yet and what is armed.
 * *ring becomes the old one, for the caller to destroy. Returns 0, or -EINVAL (they do not
 * fit, or the process wrote nonsense into its counter). Process context.
 */
int rodp_cq_replace_ring(struct rodp_cq *cq, struct rodp_ring *ring);

/* Run the completion handler. Process or softirq context, no locks held. */
void rodp_cq_notify(struct rodp_cq *cq);

/* Raise IB_EVENT_CQ_ERR, the first time. As rodp_cq_notify(). */
void rodp_cq_fail(struct rodp_cq *cq);

#endif
