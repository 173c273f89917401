// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What all requests have in common, see request.h. */
#include "net/packet.h"
#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/reply.h"
#include "qp/recv/request.h"

u32 rodp_request_srqn(struct sk_buff *skb)
{
	const struct rodp_xrceth *eth = rodp_packet_header(skb, rodp_packet(skb)->op->xrceth);

	return rodp_packet(skb)->op->xrceth ? be32_to_cpu(eth->srqn) & RODP_QPN_MASK : 0;
}

enum rodp_verdict rodp_request_abandon(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	rx->message = (struct rodp_incoming){};
	return RODP_DROPPED;
}

/* Fail; a receive that was taken says so. */
static void request_fail(struct rodp_request *req, enum ib_wc_status status, u32 tell)
{
	struct rodp_receiver *rx = req->rx;
	struct rodp_cqe cqe = { .status = status, .opcode = IB_WC_RECV };
	bool completes = rx->rq.at.taken && rx->message.in == RODP_OPF_SEND;

	rodp_end_assert_receiving(rx->rq.end);
	if (completes)
		rx->rq.end->transport->receive->complete(&rx->rq, &cqe, true);
	rodp_end_fail(rx->rq.end, &rx->rq.lane, completes ? 0 : tell);
}

enum rodp_verdict rodp_request_nak(struct rodp_request *req, enum rodp_nak code,
				   enum ib_wc_status status, u32 tell)
{
	rodp_send_nak(req->rx, rodp_packet(req->skb)->psn, code);
	request_fail(req, status, tell);
	return RODP_DROPPED;
}

enum rodp_verdict rodp_request_ignore(struct rodp_request *req, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell)
{
	if (code == RODP_NAK_REM_OP) {
		request_fail(req, status, tell);
		return RODP_DROPPED;
	}
	rodp_stats_inc(rodp_request_end(req)->dev->stats, RODP_STAT_UC_REFUSED);
	return rodp_request_abandon(req->rx);
}

enum rodp_verdict rodp_request_refuse(struct rodp_request *req, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell)
{
	rodp_end_assert_receiving(rodp_request_end(req));
	return rodp_request_end(req)->transport->receive->refuse(req, code, status, tell);
}

enum rodp_verdict rodp_request_refuse_invalid(struct rodp_request *req)
{
	return rodp_request_refuse(req, RODP_NAK_INV_REQ, IB_WC_LOC_QP_OP_ERR,
				   RODP_TELL_QP_REQ_ERR);
}

enum rodp_verdict rodp_request_refuse_access(struct rodp_request *req)
{
	return rodp_request_refuse(req, RODP_NAK_REM_ACCESS, IB_WC_LOC_PROT_ERR,
				   RODP_TELL_QP_ACCESS_ERR);
}

struct rodp_xfer rodp_request_xfer(struct rodp_request *req, u32 bytes, u64 extent, bool write)
{
	const struct rodp_lent *lent = &rodp_packet(req->skb)->lent;
	const struct rodp_end *end = rodp_request_end(req);
	struct rodp_xfer xfer = {
		.bytes = bytes,
		.done = req->rx->hand.done,
		.extent = extent,
		.pd = req->srq ? req->srq->ib.pd : end->ib.pd,
		.write = write,
		.buf = rodp_packet_payload(req->skb),
		.lent = lent->lender ? lent : NULL,
	};

	rodp_end_assert_receiving(end);
	return xfer;
}

enum rodp_verdict rodp_request_stopped(struct rodp_request *req, int err)
{
	rodp_end_assert_receiving(rodp_request_end(req));
	switch (err) {
	case -EAGAIN:
		return RODP_KEPT;
	case -EINPROGRESS:
		rodp_lane_rest(&req->rx->rq.lane, 0);
		return RODP_KEPT;
	case -EREMOTEIO:
		rodp_send_local_error(req->rx, rodp_packet(req->skb)->psn, IB_WC_LOC_PROT_ERR);
		return RODP_DROPPED;
	case -ESTALE:
		return RODP_DROPPED;
	}
	return RODP_DONE;
}

enum rodp_verdict rodp_request_stopped_at_rkey(struct rodp_request *req, int err)
{
	enum rodp_verdict verdict = rodp_request_stopped(req, err);

	return verdict == RODP_DONE ? rodp_request_refuse_access(req) : verdict;
}

enum rodp_verdict rodp_request_answer(struct rodp_request *req, u32 kind)
{
	struct rodp_receiver *rx = req->rx;
	struct rodp_sequence *seq = &rx->seq;

	rodp_end_assert_receiving(rx->rq.end);
	rodp_history_add(rx, kind, seq->epsn, 1);
	seq->msn = (seq->msn + 1) & RODP_PSN_MASK;
	rodp_send_read_placed(rx, seq->epsn);
	seq->epsn = rodp_psn_add(seq->epsn, 1);
	return RODP_ANSWERED;
}
