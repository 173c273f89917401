// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The receive queue: work requests from ring to completion, see rq.h. */
#include "qp/lane/tell.h"
#include "qp/queue/rq.h"
#include "qp/queue/rwqe.h"
#include "qp/queue/srq.h"

/* Requests in the ring that were not taken yet; a nonsensical counter reads as none. */
static u32 rq_posted(const struct rodp_rq *rq)
{
	u32 posted;

	if (!rq->ring.hdr)
		return 0;
	posted = rodp_ring_prod(&rq->ring) - rq->cons;
	return posted <= rq->ring.entries ? posted : 0;
}

struct ib_pd *rodp_rq_pd(const struct rodp_qp *qp)
{
	return qp->rq.srq ? qp->rq.srq->ib.pd : qp->ib.pd;
}

static int rq_take_own(struct rodp_rq *rq)
{
	int err;

	if (!rq_posted(rq))
		return -ENOENT;
	err = rodp_rwqe_copy(&rq->rwqe, rodp_ring_slot(&rq->ring, rq->cons), rq->max_sge);
	rodp_ring_publish_cons(&rq->ring, ++rq->cons);
	return err;
}

static int rq_take_shared(struct rodp_rq *rq)
{
	rq->rwqe_serial = rq->srq->serial;
	rq->rwqe_srqn = rq->srqn;
	return rodp_srq_take(rq->srq, &rq->rwqe);
}

int rodp_rq_take(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;
	int err = rq->srq ? rq_take_shared(rq) : rq_take_own(rq);

	rq->rwqe_taken = err != -ENOENT;
	return err;
}

/* To the CQ of the SRQ that it came from, if that is still there. */
static void rq_complete_xrc(struct rodp_qp *qp, struct rodp_cqe *cqe, bool solicited)
{
	struct rodp_srq *srq = rodp_srq_get(qp->init.xrcd, qp->rq.rwqe_srqn);

	if (!srq)
		return;
	if (srq->serial == qp->rq.rwqe_serial)
		rodp_srq_complete(srq, qp, cqe, solicited);
	rodp_srq_put(srq);
}

void rodp_rq_complete(struct rodp_qp *qp, struct rodp_cqe *cqe, bool solicited)
{
	struct rodp_rq *rq = &qp->rq;

	rq->rwqe_taken = false;
	cqe->wr_id = rq->rwqe.wr_id;
	cqe->qp_num = qp->ib.qp_num;
	if (qp->transport != RODP_TP_UD)
		cqe->src_qp = qp->dest_qpn;
	if (qp->init.xrcd)
		rq_complete_xrc(qp, cqe, solicited);
	else
		rodp_qp_complete(qp, &rq->lane, cqe, solicited);
}

static void rq_complete_flushed(struct rodp_qp *qp)
{
	struct rodp_cqe cqe = { .status = IB_WC_WR_FLUSH_ERR, .opcode = IB_WC_RECV };

	rodp_rq_complete(qp, &cqe, true);
}

static void rq_drop_hand(struct rodp_rq *rq)
{
	kfree_skb(rq->hand);
	rq->hand = NULL;
	rq->hand_done = 0;
	rq->reply.active = false;
	rq->lane.stalled = false;
}

/* The last request that this QP took of its SRQ is complete: it takes no more. */
static void rq_tell_last_wqe(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;

	if (!qp->init.srq || rq->last_wqe_told)
		return;
	rq->last_wqe_told = true;
	rq->lane.tell |= RODP_TELL_LAST_WQE;
}

bool rodp_rq_flush(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;
	int budget = RODP_FLUSH_BATCH;

	rodp_park_cancel(&rq->park);
	rq_drop_hand(rq);
	if (rq->rwqe_taken)
		rq_complete_flushed(qp);
	rq_tell_last_wqe(qp);
	if (!rq->ring.hdr)
		return true;
	rodp_ring_want_kick(&rq->ring, true); /* what is posted from now on is flushed as well */
	while (budget-- && rodp_rq_take(qp) != -ENOENT)
		rq_complete_flushed(qp);
	return !rq_posted(rq);
}

void rodp_rq_run_flush(struct rodp_qp *qp)
{
	if (!rodp_rq_flush(qp))
		rodp_lane_schedule(&qp->rq.lane, 0);
}

void rodp_rq_reset(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;

	rq_drop_hand(rq);
	rodp_lane_reset(&rq->lane);
	rq->cons = 0;
	rq->msn = 0;
	rq->nak_sent = false;
	rq->comm_est_told = false;
	rq->last_wqe_told = false;
	rq->in_message = 0;
	rq->received = 0;
	rq->rwqe_taken = false;
	rq->asked_for_time = false;
	if (!rq->ring.hdr)
		return;
	rq->ring.hdr->prod = 0;
	rq->ring.hdr->cons = 0;
	rodp_ring_want_kick(&rq->ring, false);
}
