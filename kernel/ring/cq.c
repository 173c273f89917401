// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Completion queues, see cq.h. */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>

#include "ring/cq.h"

/* The ARM bits that this completion satisfies, taken away so that they fire once. */
static bool cq_take_arm(struct rodp_cq *cq, bool solicited)
{
	u32 hit = RODP_CQ_ARM_NEXT | (solicited ? RODP_CQ_ARM_SOLICITED : 0);
	u32 *armed = &cq->ring.hdr->flags;

	lockdep_assert_held(&cq->lock);
	smp_mb(); /* prod before flags; pairs with the fence between arming and the last poll */
	if (!(READ_ONCE(*armed) & hit))
		return false;
	return xchg(armed, 0) & hit;
}

enum rodp_cq_outcome rodp_cq_add(struct rodp_cq *cq, struct rodp_cqe *cqe, bool solicited)
{
	enum rodp_cq_outcome outcome = RODP_CQ_QUIET;

	if (cq->timestamps)
		cqe->timestamp = ktime_get_real_ns();

	spin_lock_bh(&cq->lock);
	if (cq->overflow || cq->prod - rodp_ring_cons(&cq->ring) >= cq->ring.entries) {
		cq->overflow = true;
		outcome = RODP_CQ_OVERFLOW;
	} else {
		memcpy(rodp_ring_slot(&cq->ring, cq->prod), cqe, sizeof(*cqe));
		rodp_ring_publish_prod(&cq->ring, ++cq->prod);
		if (cq_take_arm(cq, solicited))
			outcome = RODP_CQ_EVENT;
	}
	spin_unlock_bh(&cq->lock);
	return outcome;
}

/* A CQ's completions on their way to another ring. */
struct cq_carry {
	struct rodp_ring *to;
	u32 first; /* number of the first that was not polled when this began: goes to slot 0 */
	u32 done; /* so many are there */
};

/* Completions that are copied under one hold of the lock. */
#define CQ_CARRY_BATCH 1024

/*
 * Copy the next ones. What is added meanwhile comes with a later batch; what is polled meanwhile,
 * by a process that was told to wait, it sees twice. Returns whether all are there, or -EINVAL.
 */
static int cq_carry_batch(struct rodp_cq *cq, struct cq_carry *carry)
{
	u32 left = cq->prod - carry->first, n;

	lockdep_assert_held(&cq->lock);
	if (left > cq->ring.entries || left > carry->to->entries)
		return -EINVAL;
	for (n = 0; n < CQ_CARRY_BATCH && carry->done < left; n++, carry->done++)
		memcpy(rodp_ring_slot(carry->to, carry->done),
		       rodp_ring_slot(&cq->ring, carry->first + carry->done),
		       sizeof(struct rodp_cqe));
	return carry->done == left;
}

/* All completions are in the ring: it is the CQ's from now on, and the old one is in its place. */
static void cq_take_ring(struct rodp_cq *cq, const struct cq_carry *carry)
{
	lockdep_assert_held(&cq->lock);
	WRITE_ONCE(carry->to->hdr->flags, READ_ONCE(cq->ring.hdr->flags));
	rodp_ring_publish_prod(carry->to, carry->done);
	cq->prod = carry->done;
	swap(cq->ring, *carry->to);
	cq->ib.cqe = cq->ring.entries;
}

/* The ring, and the CQ's, change places. */
static int cq_replace_ring(struct rodp_cq *cq, struct rodp_ring *ring)
{
	struct cq_carry carry = { .to = ring, .first = rodp_ring_cons(&cq->ring) };
	int err;

	lockdep_assert_held(&cq->resize);
	do {
		spin_lock_bh(&cq->lock);
		err = cq_carry_batch(cq, &carry);
		if (err > 0)
			cq_take_ring(cq, &carry);
		spin_unlock_bh(&cq->lock);
		cond_resched();
	} while (!err);
	return min(err, 0);
}

bool rodp_cq_was_drained(struct rodp_cq *cq, u32 *seen)
{
	bool drained;
	u32 cons;

	spin_lock_bh(&cq->lock);
	cons = rodp_ring_cons(&cq->ring);
	drained = cons != *seen && cons == cq->prod;
	spin_unlock_bh(&cq->lock);
	*seen = cons;
	return drained;
}

void rodp_cq_prepare_ring(struct rodp_cq *cq, struct rodp_ring *ring)
{
	mutex_lock(&cq->resize);
	swap(cq->next, *ring);
	mutex_unlock(&cq->resize);
}

int rodp_cq_commit_ring(struct rodp_cq *cq, struct rodp_ring *ring)
{
	int err = -EINVAL;

	*ring = (struct rodp_ring){};
	mutex_lock(&cq->resize);
	if (cq->next.hdr)
		err = cq_replace_ring(cq, &cq->next);
	if (!err)
		swap(cq->next, *ring);
	mutex_unlock(&cq->resize);
	return err;
}

void rodp_cq_init(struct rodp_cq *cq)
{
	spin_lock_init(&cq->lock);
	spin_lock_init(&cq->poll_lock);
	mutex_init(&cq->resize);
}

void rodp_cq_notify(struct rodp_cq *cq)
{
	if (cq->ib.comp_handler)
		cq->ib.comp_handler(&cq->ib, cq->ib.cq_context);
}

void rodp_cq_fail(struct rodp_cq *cq)
{
	struct ib_event event = {
		.device = cq->ib.device,
		.element.cq = &cq->ib,
		.event = IB_EVENT_CQ_ERR,
	};

	if (cq->ib.event_handler && !xchg(&cq->overflow_told, true))
		cq->ib.event_handler(&event, cq->ib.cq_context);
}
