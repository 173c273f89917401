// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Completion queues, see cq.h. */
#include <linux/ktime.h>

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

/* What was not polled, from slot 0 of the new ring on. */
static int cq_carry_over(struct rodp_cq *cq, struct rodp_ring *to)
{
	u32 cons = rodp_ring_cons(&cq->ring), left = cq->prod - cons, n;

	lockdep_assert_held(&cq->lock);
	if (left > cq->ring.entries || left > to->entries)
		return -EINVAL;
	for (n = 0; n < left; n++)
		memcpy(rodp_ring_slot(to, n), rodp_ring_slot(&cq->ring, cons + n),
		       sizeof(struct rodp_cqe));
	WRITE_ONCE(to->hdr->flags, READ_ONCE(cq->ring.hdr->flags));
	rodp_ring_publish_prod(to, left);
	cq->prod = left;
	return 0;
}

int rodp_cq_replace_ring(struct rodp_cq *cq, struct rodp_ring *ring)
{
	int err;

	spin_lock_bh(&cq->lock);
	err = cq_carry_over(cq, ring);
	if (!err) {
		swap(cq->ring, *ring);
		cq->ib.cqe = cq->ring.entries;
	}
	spin_unlock_bh(&cq->lock);
	return err;
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
