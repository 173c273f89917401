// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What all requests have in common, see request.h. */
#include "net/packet.h"
#include "qp/lane/loan.h"
#include "qp/lane/tell.h"
#include "qp/queue/rq.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/reply.h"
#include "qp/recv/request.h"

enum rodp_verdict rodp_request_abandon(struct rodp_rq *rq)
{
	rq->in_message = 0;
	rq->received = 0;
	return RODP_DROPPED;
}

static enum rodp_verdict uc_refuse(struct rodp_qp *qp)
{
	rodp_stats_inc(qp->dev->stats, RODP_STAT_UC_REFUSED);
	return rodp_request_abandon(&qp->rq);
}

enum rodp_verdict rodp_request_refuse(struct rodp_qp *qp, struct sk_buff *skb, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell)
{
	struct rodp_cqe cqe = { .status = status, .opcode = IB_WC_RECV };
	bool completes = qp->rq.rwqe_taken && qp->rq.in_message == RODP_OPF_SEND;

	if (rodp_qp_is_reliable(qp))
		rodp_send_nak(qp, rodp_packet(skb)->psn, code);
	else if (code != RODP_NAK_REM_OP)
		return uc_refuse(qp);
	if (completes)
		rodp_rq_complete(qp, &cqe, true);
	rodp_qp_fail(qp, &qp->rq.lane, completes ? 0 : tell);
	return RODP_DROPPED;
}

enum rodp_verdict rodp_request_refuse_invalid(struct rodp_qp *qp, struct sk_buff *skb)
{
	return rodp_request_refuse(qp, skb, RODP_NAK_INV_REQ, IB_WC_LOC_QP_OP_ERR,
				   RODP_TELL_QP_REQ_ERR);
}

enum rodp_verdict rodp_request_refuse_access(struct rodp_qp *qp, struct sk_buff *skb)
{
	return rodp_request_refuse(qp, skb, RODP_NAK_REM_ACCESS, IB_WC_LOC_PROT_ERR,
				   RODP_TELL_QP_ACCESS_ERR);
}

struct rodp_xfer rodp_request_xfer(struct rodp_qp *qp, struct sk_buff *skb, u32 bytes, u64 extent,
				   bool write)
{
	bool lent = rodp_packet(skb)->lent.loan;

	return (struct rodp_xfer){
		.buf = lent ? NULL : rodp_packet_payload(skb),
		.lent = lent ? &rodp_packet(skb)->lent : NULL,
		.bytes = bytes,
		.done = qp->rq.hand_done,
		.extent = extent,
		.pd = rodp_rq_pd(qp),
		.write = write,
	};
}

struct ib_pd *rodp_request_pd(const struct rodp_qp *qp)
{
	return qp->init.xrcd ? qp->rq.srq->ib.pd : qp->ib.pd;
}

enum rodp_verdict rodp_request_stopped(struct rodp_qp *qp, struct sk_buff *skb, int err)
{
	switch (err) {
	case -EAGAIN:
		return RODP_KEPT;
	case -EINPROGRESS:
		rodp_lane_rest(&qp->rq.lane, 0);
		return RODP_KEPT;
	case -EREMOTEIO:
		rodp_send_local_error(qp, rodp_packet(skb)->psn, IB_WC_LOC_PROT_ERR);
		return RODP_DROPPED;
	case -ESTALE:
		return RODP_DROPPED;
	}
	return RODP_DONE;
}

enum rodp_verdict rodp_request_stopped_at_rkey(struct rodp_qp *qp, struct sk_buff *skb, int err)
{
	enum rodp_verdict verdict = rodp_request_stopped(qp, skb, err);

	return verdict == RODP_DONE ? rodp_request_refuse_access(qp, skb) : verdict;
}

enum rodp_verdict rodp_request_answer(struct rodp_qp *qp, u32 kind)
{
	struct rodp_rq *rq = &qp->rq;

	rodp_rq_remember(qp, kind, rq->epsn, 1);
	rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	rodp_send_read_placed(qp, rq->epsn);
	rq->epsn = rodp_psn_add(rq->epsn, 1);
	return RODP_ANSWERED;
}
