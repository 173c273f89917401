// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Completion queues, see cq.h. */
#include <linux/ktime.h>

#include "cq.h"

/* The ARM bits that this completion satisfies, taken away so that they fire once. */
static bool cq_take_arm(struct rodp_cq *cq, bool solicited)
{
	u32 hit = RODP_CQ_ARM_NEXT | (solicited ? RODP_CQ_ARM_SOLICITED : 0);
	u32 *armed = cq->ib.uobject ? &cq->ring.hdr->flags : &cq->armed;

	smp_mb(); /* prod before flags; pairs with the fence between arming and the last poll */
	if (!(READ_ONCE(*armed) & hit))
		return false;
	return xchg(armed, 0) & hit;
}

enum rodp_cq_outcome rodp_cq_add(struct rodp_cq *cq, struct ib_qp *qp, struct rodp_cqe *cqe,
				 bool solicited)
{
	enum rodp_cq_outcome outcome = RODP_CQ_QUIET;
	u32 cons;

	if (cq->timestamps)
		cqe->timestamp = ktime_get_real_ns();
	if (!cq->ib.uobject)
		cqe->reserved1 = (uintptr_t)qp; /* a private ring: rodp_cq_poll() reads it back */

	spin_lock_bh(&cq->lock);
	cons = cq->ib.uobject ? rodp_ring_cons(&cq->ring) : cq->cons;
	if (cq->overflow || cq->prod - cons >= cq->ring.entries) {
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

	if (cq->ib.event_handler)
		cq->ib.event_handler(&event, cq->ib.cq_context);
}

static void cq_to_wc(const struct rodp_cqe *cqe, struct ib_wc *wc)
{
	memset(wc, 0, sizeof(*wc));
	wc->wr_id = cqe->wr_id;
	wc->qp = (struct ib_qp *)(uintptr_t)cqe->reserved1;
	wc->status = cqe->status;
	wc->opcode = cqe->opcode;
	wc->vendor_err = cqe->vendor_err;
	wc->byte_len = cqe->byte_len;
	if (cqe->wc_flags & IB_WC_WITH_INVALIDATE)
		wc->ex.invalidate_rkey = cqe->invalidated_rkey;
	else
		wc->ex.imm_data = cqe->imm_data;
	wc->src_qp = cqe->src_qp;
	wc->wc_flags = cqe->wc_flags;
	wc->pkey_index = cqe->pkey_index;
	wc->port_num = 1;
}

int rodp_cq_poll(struct rodp_cq *cq, int max, struct ib_wc *wc)
{
	int n = 0;

	spin_lock_bh(&cq->lock);
	for (; n < max && cq->cons != cq->prod; n++)
		cq_to_wc(rodp_ring_slot(&cq->ring, cq->cons++), &wc[n]);
	spin_unlock_bh(&cq->lock);
	return n;
}

int rodp_cq_arm(struct rodp_cq *cq, enum ib_cq_notify_flags flags)
{
	bool missed;

	spin_lock_bh(&cq->lock);
	cq->armed |= (flags & IB_CQ_SOLICITED_MASK) == IB_CQ_SOLICITED ? RODP_CQ_ARM_SOLICITED :
									 RODP_CQ_ARM_NEXT;
	missed = cq->cons != cq->prod;
	spin_unlock_bh(&cq->lock);
	return (flags & IB_CQ_REPORT_MISSED_EVENTS) && missed;
}
