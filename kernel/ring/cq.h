/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Completion queues: a ring that the kernel fills.
 *
 * Adding a completion is separate from calling the completion handler: the handler of a kernel
 * consumer may post to the very QP whose lock the caller holds. So the caller remembers the
 * outcome, and calls rodp_cq_notify() or rodp_cq_fail() after it has released its locks.
 */
#ifndef RODP_RING_CQ_H
#define RODP_RING_CQ_H

#include <linux/mutex.h>
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
	struct mutex resize; /* one change of the ring at a time; next. Before `lock` */
	struct rodp_ring next; /* prepared, and not in use yet; or none: all zero */
	/* Kernel consumers: the reader's side of the ring; taken with interrupts off. */
	spinlock_t poll_lock;
};

static inline struct rodp_cq *to_rodp_cq(struct ib_cq *ib)
{
	return container_of(ib, struct rodp_cq, ib);
}

/**
 * rodp_cq_init() - make a CQ's locks
 * @cq: the CQ, not in use.
 *
 * Context: Process.
 */
void rodp_cq_init(struct rodp_cq *cq);

/**
 * enum rodp_cq_outcome - what is left to do after a completion was added
 * @RODP_CQ_QUIET: nothing.
 * @RODP_CQ_EVENT: call rodp_cq_notify(), once no lock is held.
 * @RODP_CQ_OVERFLOW: there was no room; call rodp_cq_fail(), once no lock is held, and the QP fails.
 */
enum rodp_cq_outcome {
	RODP_CQ_QUIET = 0,
	RODP_CQ_EVENT = 1,
	RODP_CQ_OVERFLOW = 2,
};

/**
 * rodp_cq_add() - add a completion
 * @cq: the CQ.
 * @cqe: the completion; its timestamp is set if the CQ has them.
 * @solicited: whether it satisfies an ARM_SOLICITED request too.
 *
 * Context: Process or softirq. Takes the CQ's lock, which is innermost.
 * Return: what is left to do.
 */
enum rodp_cq_outcome rodp_cq_add(struct rodp_cq *cq, struct rodp_cqe *cqe, bool solicited);

/**
 * rodp_cq_was_drained() - whether its reader has taken all completions out since this was last asked
 * @cq: the CQ.
 * @seen: how far the reader was then; becomes how far he is.
 *
 * Context: As rodp_cq_add().
 * Return: false too if there was none to take out.
 */
bool rodp_cq_was_drained(struct rodp_cq *cq, u32 *seen);

/**
 * rodp_cq_prepare_ring() - keep a ring that is to take the place of a CQ's
 * @cq: the CQ.
 * @ring: the new ring; becomes one that was prepared before, for the caller to destroy, or none.
 *
 * Context: Process, sleeps.
 */
void rodp_cq_prepare_ring(struct rodp_cq *cq, struct rodp_ring *ring);

/**
 * rodp_cq_commit_ring() - let the prepared ring take the place of a CQ's
 * @cq: the CQ. Completions that were not polled, and what is armed, move to the new ring.
 * @ring: becomes the old one, for the caller to destroy; or none.
 *
 * Context: Process, sleeps. Takes the CQ's lock for a part of the completions at a time.
 * Return: 0, or -EINVAL: nothing is prepared, the completions do not fit, or the process wrote
 * nonsense into its counter; then nothing has changed.
 */
int rodp_cq_commit_ring(struct rodp_cq *cq, struct rodp_ring *ring);

/**
 * rodp_cq_notify() - call a CQ's completion handler
 * @cq: the CQ.
 *
 * Context: Process or softirq. The caller holds no lock: the handler may post, poll and arm.
 */
void rodp_cq_notify(struct rodp_cq *cq);

/**
 * rodp_cq_fail() - raise IB_EVENT_CQ_ERR, the first time
 * @cq: the CQ.
 *
 * Context: As rodp_cq_notify().
 */
void rodp_cq_fail(struct rodp_cq *cq);

#endif
