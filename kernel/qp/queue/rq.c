// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The receive queue: work requests from ring to completion, see rq.h. */
#include "qp/end/tell.h"
#include "qp/queue/rq.h"
#include "qp/queue/sq.h"
#include "qp/queue/srq.h"

int rodp_rq_create(struct rodp_rq *rq, struct ib_qp_cap *cap, struct ib_ucontext *uctx,
		   struct rodp_ring_resp *resp)
{
	int err;

	if (!cap->max_recv_wr)
		return 0;
	rq->max_sge = max(cap->max_recv_sge, 1u);
	err = rodp_ring_create(&rq->ring, uctx, cap->max_recv_wr,
			       sizeof(struct rodp_recv_wqe) + rq->max_sge * sizeof(struct rodp_sge),
			       resp);
	if (err)
		return err;
	cap->max_recv_wr = rq->ring.entries;
	cap->max_recv_sge = rq->max_sge;
	return 0;
}

void rodp_rq_destroy(struct rodp_rq *rq)
{
	rodp_ring_destroy(&rq->ring);
}

/* Requests in the ring that were not taken yet; a nonsensical counter reads as none. */
static u32 rq_posted(const struct rodp_rq *rq)
{
	u32 posted;

	if (!rq->ring.hdr)
		return 0;
	posted = rodp_ring_prod(&rq->ring) - rq->at.cons;
	return posted <= rq->ring.entries ? posted : 0;
}

static int rq_take_own(struct rodp_rq *rq)
{
	int err;

	lockdep_assert_held(&rq->lane.lock);
	if (!rq_posted(rq))
		return -ENOENT;
	err = rodp_rwqe_copy(&rq->rwqe, rodp_ring_slot(&rq->ring, rq->at.cons), rq->max_sge);
	rodp_ring_publish_cons(&rq->ring, ++rq->at.cons);
	return err;
}

static int rq_take_shared(struct rodp_rq *rq, struct rodp_srq *srq)
{
	lockdep_assert_held(&rq->lane.lock);
	rq->at.srq_serial = srq->serial;
	rq->at.srqn = rodp_srq_number(srq);
	return rodp_srq_take(srq, &rq->rwqe);
}

int rodp_rq_take(struct rodp_rq *rq, struct rodp_srq *srq)
{
	int err;

	rodp_end_assert_receiving(rq->end);
	err = srq ? rq_take_shared(rq, srq) : rq_take_own(rq);
	rq->at.taken = err != -ENOENT;
	return err;
}

static void rq_end(struct rodp_rq *rq, struct rodp_cqe *cqe)
{
	rodp_end_assert_receiving(rq->end);
	rq->at.taken = false;
	cqe->wr_id = rq->rwqe.wr_id;
	cqe->qp_num = rq->end->ib.qp_num;
	if (!cqe->src_qp)
		cqe->src_qp = rq->end->dest_qpn;
}

void rodp_rq_complete(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited)
{
	rq_end(rq, cqe);
	rodp_end_complete_receive(rq->end, cqe, solicited);
}

/* If that SRQ is still there. */
void rodp_rq_complete_shared(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited)
{
	struct rodp_srq *srq;

	rq_end(rq, cqe);
	srq = rodp_srq_get(rq->end->init.xrcd, rq->at.srqn);
	if (!srq)
		return;
	if (srq->serial == rq->at.srq_serial)
		rodp_srq_complete(srq, rq->end, cqe, solicited);
	rodp_srq_put(srq);
}

/* The last request that this QP took of its SRQ is complete: it takes no more. */
static void rq_tell_last(struct rodp_rq *rq)
{
	lockdep_assert_held(&rq->lane.lock);
	if (!rq->srq || rq->at.last_told)
		return;
	rq->at.last_told = true;
	rq->lane.tell |= RODP_TELL_LAST_WQE;
}

bool rodp_rq_flush(struct rodp_rq *rq,
		   void (*complete)(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited))
{
	int budget = RODP_FLUSH_BATCH;

	rodp_end_assert_receiving(rq->end);
	if (rq->ring.hdr)
		rodp_ring_want_kick(&rq->ring, true); /* what is posted from now on, too */
	while (rq->at.taken || (budget-- && rodp_rq_take(rq, NULL) != -ENOENT)) {
		struct rodp_cqe cqe = { .status = IB_WC_WR_FLUSH_ERR, .opcode = IB_WC_RECV };

		complete(rq, &cqe, true);
	}
	rq_tell_last(rq);
	return !rq_posted(rq);
}

void rodp_rq_reset(struct rodp_rq *rq)
{
	lockdep_assert_held(&rq->lane.lock);
	rq->at = (struct rodp_rq_at){};
	if (!rq->ring.hdr)
		return;
	rq->ring.hdr->prod = 0;
	rq->ring.hdr->cons = 0;
	rodp_ring_want_kick(&rq->ring, false);
}
