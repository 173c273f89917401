// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* SEND and WRITE requests, see message.h. */
#include "mem/invalidate.h"
#include "net/packet.h"
#include "qp/lane/xfer.h"
#include "qp/queue/rq.h"
#include "qp/recv/ack.h"
#include "qp/recv/message.h"

/* No receive is posted: the peer is to come back. What it sent behind this is dropped silently. */
static enum rodp_verdict not_ready(struct rodp_qp *qp, struct sk_buff *skb)
{
	if (!rodp_qp_is_reliable(qp)) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_OUT_OF_BUFFER);
		return rodp_request_abandon(&qp->rq);
	}
	qp->rq.nak_sent = true;
	rodp_send_rnr_nak(qp, rodp_packet(skb)->psn);
	return RODP_DROPPED;
}

/* Take a receive for this message unless it has one. RODP_DONE, or the verdict that ends it. */
static enum rodp_verdict need_rwqe(struct rodp_qp *qp, struct sk_buff *skb)
{
	if (qp->rq.rwqe_taken)
		return RODP_DONE;
	switch (rodp_rq_take(qp)) {
	case 0:
		return RODP_DONE;
	case -ENOENT:
		return not_ready(qp, skb);
	default:
		qp->rq.in_message = RODP_OPF_SEND;
		return rodp_request_refuse(qp, skb, RODP_NAK_REM_OP, IB_WC_LOC_QP_OP_ERR, 0);
	}
}

static u32 ieth_rkey(struct sk_buff *skb)
{
	const struct rodp_ieth *ieth = rodp_packet_header(skb, rodp_packet(skb)->op->ieth);

	return be32_to_cpu(ieth->rkey);
}

static enum rodp_verdict end_of_message(struct rodp_qp *qp, struct sk_buff *skb, u32 bytes)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_cqe cqe = {
		.status = IB_WC_SUCCESS,
		.opcode = pkt->op->flags & RODP_OPF_WRITE ? IB_WC_RECV_RDMA_WITH_IMM : IB_WC_RECV,
		.byte_len = bytes,
	};

	if (pkt->op->immdt) {
		cqe.wc_flags |= IB_WC_WITH_IMM;
		cqe.imm_data = ((struct rodp_immdt *)rodp_packet_header(skb, pkt->op->immdt))->imm;
	}
	if (pkt->op->ieth) {
		cqe.wc_flags |= RODP_WC_WITH_INV;
		cqe.invalidated_rkey = ieth_rkey(skb);
		if (rodp_key_invalidate(qp->dev, rodp_request_pd(qp), qp->serial,
					cqe.invalidated_rkey))
			return rodp_request_refuse_access(qp, skb);
	}
	if (qp->rq.rwqe_taken)
		rodp_rq_complete(qp, &cqe, pkt->solicited);
	return RODP_DONE;
}

static enum rodp_verdict refuse_receive(struct rodp_qp *qp, struct sk_buff *skb, int err)
{
	if (err == -EINVAL) /* longer than the receive's buffers */
		return rodp_request_refuse(qp, skb, RODP_NAK_INV_REQ, IB_WC_LOC_LEN_ERR, 0);
	return rodp_request_refuse(qp, skb, RODP_NAK_REM_OP, IB_WC_LOC_PROT_ERR, 0);
}

/* What a fault maps ahead for a message that goes on, at least, bytes. */
#define RECEIVE_AHEAD (256u << 10)

/*
 * The bytes that are sure or likely to come for this receive, from this packet on. Its buffer
 * may be far longer than the message: of one that goes on, as much again as has come.
 */
static u32 receive_extent(const struct rodp_rq *rq, const struct rodp_packet *pkt)
{
	if (pkt->op->flags & RODP_OPF_END)
		return pkt->payload;
	return max3(pkt->payload, rq->received, RECEIVE_AHEAD);
}

enum rodp_verdict rodp_message_send(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	struct rodp_xfer xfer = rodp_request_xfer(qp, skb, pkt->payload, receive_extent(rq, pkt),
						  true);
	enum rodp_verdict verdict = need_rwqe(qp, skb);
	int err = 0;

	if (verdict != RODP_DONE)
		return verdict;
	rq->in_message = RODP_OPF_SEND;
	if (xfer.bytes > rq->rwqe.length - min(rq->received, rq->rwqe.length))
		return refuse_receive(qp, skb, -EINVAL);
	if (xfer.bytes)
		err = rodp_xfer_sgl(qp, &rq->park, rq->rwqe.sge, rq->rwqe.num_sge, rq->received,
				    &xfer);
	rq->hand_done = xfer.done;
	if (unlikely(err)) {
		verdict = rodp_request_stopped(qp, skb, err);
		return verdict == RODP_DONE ? refuse_receive(qp, skb, err) : verdict;
	}
	rq->received += pkt->payload;
	return pkt->op->flags & RODP_OPF_END ? end_of_message(qp, skb, rq->received) : RODP_DONE;
}

static void begin_write(struct rodp_rq *rq, struct sk_buff *skb)
{
	const struct rodp_reth *reth = rodp_packet_header(skb, rodp_packet(skb)->op->reth);

	rq->va = be64_to_cpu(reth->va);
	rq->rkey = be32_to_cpu(reth->rkey);
	rq->total = be32_to_cpu(reth->length);
	rq->left = rq->total;
}

/* The whole range is checked with the first packet, each packet's part again with its own. */
static bool write_target(struct rodp_qp *qp, const struct rodp_packet *pkt,
			 struct rodp_grant *grant)
{
	struct rodp_rq *rq = &qp->rq;
	u32 bytes = pkt->op->flags & RODP_OPF_BEGIN ? rq->left : pkt->payload;

	return rodp_xfer_grant(qp, rodp_request_pd(qp), grant, rq->rkey, IB_ACCESS_REMOTE_WRITE,
			       rq->va, bytes);
}

static enum rodp_verdict write_payload(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	struct rodp_xfer xfer = rodp_request_xfer(qp, skb, pkt->payload, rq->left, true);
	struct rodp_grant grant;
	int err;

	if (!write_target(qp, pkt, &grant))
		return rodp_request_refuse_access(qp, skb);
	err = rodp_xfer_mr(&rq->park, grant.mr, grant.iova, &xfer);
	rodp_grant_put(&grant);
	rq->hand_done = xfer.done;
	return err ? rodp_request_stopped_at_rkey(qp, skb, err) : RODP_DONE;
}

enum rodp_verdict rodp_message_write(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	enum rodp_verdict verdict = RODP_DONE;

	if (pkt->op->reth && !rq->hand)
		begin_write(rq, skb);
	if (pkt->op->flags & RODP_OPF_END ? pkt->payload != rq->left : pkt->payload >= rq->left)
		return rodp_request_refuse_invalid(qp, skb);
	if (pkt->op->flags & RODP_OPF_RWQE)
		verdict = need_rwqe(qp, skb);
	if (verdict == RODP_DONE && pkt->payload)
		verdict = write_payload(qp, skb);
	if (verdict != RODP_DONE)
		return verdict;
	rq->in_message = RODP_OPF_WRITE;
	rq->va += pkt->payload;
	rq->left -= pkt->payload;
	return pkt->op->flags & RODP_OPF_END ? end_of_message(qp, skb, rq->total) : RODP_DONE;
}
