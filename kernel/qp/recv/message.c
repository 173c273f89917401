// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* SEND and WRITE requests, see message.h. */
#include "mem/invalidate.h"
#include "net/packet.h"
#include "qp/recv/ack.h"
#include "qp/recv/message.h"

/* The peer is to come back. What it sent behind this is dropped silently. */
enum rodp_verdict rodp_message_not_ready(struct rodp_request *req)
{
	rodp_end_assert_receiving(rodp_request_end(req));
	req->rx->seq.nak_sent = true;
	rodp_send_rnr_nak(req->rx, rodp_packet(req->skb)->psn);
	return RODP_DROPPED;
}

enum rodp_verdict rodp_message_lost(struct rodp_request *req)
{
	rodp_stats_inc(rodp_request_end(req)->dev->stats, RODP_STAT_OUT_OF_BUFFER);
	return rodp_request_abandon(req->rx);
}

/* Take a receive for this message unless it has one. RODP_DONE, or the verdict that ends it. */
static enum rodp_verdict message_need_receive(struct rodp_request *req)
{
	struct rodp_rq *rq = &req->rx->rq;

	lockdep_assert_held(&rq->lane.lock);
	if (rq->at.taken)
		return RODP_DONE;
	switch (rodp_rq_take(rq, req->srq)) {
	case 0:
		return RODP_DONE;
	case -ENOENT:
		return rq->end->transport->receive->not_ready(req);
	default:
		req->rx->message.in = RODP_OPF_SEND;
		return rodp_request_refuse(req, RODP_NAK_REM_OP, IB_WC_LOC_QP_OP_ERR, 0);
	}
}

static u32 message_ieth_rkey(struct sk_buff *skb)
{
	const struct rodp_ieth *ieth = rodp_packet_header(skb, rodp_packet(skb)->op->ieth);

	return be32_to_cpu(ieth->rkey);
}

/* RODP_KEPT: somebody uses the key; the packet comes again until nobody does. */
static enum rodp_verdict message_invalidate(struct rodp_request *req, u32 key)
{
	const struct rodp_end *end = rodp_request_end(req);
	int err = rodp_key_invalidate(end->dev, req->pd, end->serial, key);

	if (err != -EAGAIN)
		return err ? rodp_request_refuse_access(req) : RODP_DONE;
	rodp_lane_rest(&req->rx->rq.lane, 0);
	return RODP_KEPT;
}

/* The last packet of a message. Changes nothing if it is kept. */
static enum rodp_verdict message_end(struct rodp_request *req, u32 bytes)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	const struct rodp_end *end = rodp_request_end(req);
	struct rodp_rq *rq = &req->rx->rq;
	struct rodp_cqe cqe = {
		.status = IB_WC_SUCCESS,
		.opcode = pkt->op->flags & RODP_OPF_WRITE ? IB_WC_RECV_RDMA_WITH_IMM : IB_WC_RECV,
		.byte_len = bytes,
	};
	enum rodp_verdict verdict;

	if (pkt->op->immdt) {
		cqe.wc_flags |= IB_WC_WITH_IMM;
		cqe.imm_data =
			((struct rodp_immdt *)rodp_packet_header(req->skb, pkt->op->immdt))->imm;
	}
	if (pkt->op->ieth) {
		cqe.wc_flags |= RODP_WC_WITH_INV;
		cqe.invalidated_rkey = message_ieth_rkey(req->skb);
		verdict = message_invalidate(req, cqe.invalidated_rkey);
		if (verdict != RODP_DONE)
			return verdict;
	}
	/* Without acknowledgements a WRITE may find a receive taken for a SEND whose end was lost. */
	if (pkt->op->flags & (RODP_OPF_SEND | RODP_OPF_RWQE))
		end->transport->receive->complete(rq, &cqe, pkt->solicited);
	return RODP_DONE;
}

static enum rodp_verdict message_refuse_receive(struct rodp_request *req, int err)
{
	if (err == -EINVAL) /* longer than the receive's buffers */
		return rodp_request_refuse(req, RODP_NAK_INV_REQ, IB_WC_LOC_LEN_ERR, 0);
	return rodp_request_refuse(req, RODP_NAK_REM_OP, IB_WC_LOC_PROT_ERR, 0);
}

/* What a fault maps ahead for a message that goes on, at least, bytes. */
#define MESSAGE_AHEAD (256u << 10)

/*
 * The bytes that are sure or likely to come for this receive, from this packet on. Its buffer
 * may be far longer than the message: of one that goes on, as much again as has come.
 */
static u32 message_extent(const struct rodp_incoming *message, const struct rodp_packet *pkt)
{
	if (pkt->op->flags & RODP_OPF_END)
		return pkt->payload;
	return max3(pkt->payload, message->received, MESSAGE_AHEAD);
}

/* Into the receive's buffers. */
static enum rodp_verdict message_receive(struct rodp_request *req)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	struct rodp_receiver *rx = req->rx;
	const struct rodp_rwqe *rwqe = &rx->rq.rwqe;
	u32 received = rx->message.received;
	struct rodp_xfer xfer = rodp_request_xfer(req, pkt->payload,
						  message_extent(&rx->message, pkt), true);
	enum rodp_verdict verdict;
	int err;

	if (xfer.bytes > rwqe->length - min(received, rwqe->length))
		return message_refuse_receive(req, -EINVAL);
	if (!xfer.bytes)
		return RODP_DONE;
	err = rodp_xfer_sgl(&rx->park, rwqe->sge, rwqe->num_sge, received, &xfer);
	rx->hand.done = xfer.done;
	if (likely(!err))
		return RODP_DONE;
	verdict = rodp_request_stopped(req, err);
	return verdict == RODP_DONE ? message_refuse_receive(req, err) : verdict;
}

enum rodp_verdict rodp_message_send(struct rodp_request *req)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	struct rodp_incoming *message = &req->rx->message;
	enum rodp_verdict verdict = message_need_receive(req);

	if (verdict != RODP_DONE)
		return verdict;
	message->in = RODP_OPF_SEND;
	verdict = message_receive(req);
	if (verdict != RODP_DONE)
		return verdict;
	if (pkt->op->flags & RODP_OPF_END)
		return message_end(req, message->received + pkt->payload);
	message->received += pkt->payload;
	return RODP_DONE;
}

static void message_begin_write(struct rodp_incoming *message, struct sk_buff *skb)
{
	const struct rodp_reth *reth = rodp_packet_header(skb, rodp_packet(skb)->op->reth);

	message->va = be64_to_cpu(reth->va);
	message->rkey = be32_to_cpu(reth->rkey);
	message->total = be32_to_cpu(reth->length);
	message->left = message->total;
}

/* The whole range is checked with the first packet, each packet's part again with its own. */
static bool message_write_target(const struct rodp_request *req, struct rodp_grant *grant)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	const struct rodp_incoming *message = &req->rx->message;
	u32 bytes = pkt->op->flags & RODP_OPF_BEGIN ? message->left : pkt->payload;

	return rodp_request_grant(req, grant, message->rkey, IB_ACCESS_REMOTE_WRITE, message->va,
				  bytes);
}

static enum rodp_verdict message_write_payload(struct rodp_request *req)
{
	struct rodp_receiver *rx = req->rx;
	struct rodp_xfer xfer;
	struct rodp_grant grant;
	int err;

	if (!message_write_target(req, &grant))
		return rodp_request_refuse_access(req);
	xfer = rodp_request_xfer(req, rodp_packet(req->skb)->payload, rx->message.left, true);
	err = rodp_xfer_mr(&rx->park, grant.mr, grant.iova, &xfer);
	rodp_grant_put(&grant);
	rx->hand.done = xfer.done;
	return err ? rodp_request_stopped_at_rkey(req, err) : RODP_DONE;
}

enum rodp_verdict rodp_message_write(struct rodp_request *req)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	struct rodp_incoming *message = &req->rx->message;
	bool ends = pkt->op->flags & RODP_OPF_END;
	enum rodp_verdict verdict = RODP_DONE;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (pkt->op->reth && !req->rx->hand.skb)
		message_begin_write(message, req->skb);
	if (message->total > RODP_MESSAGE_MAX)
		return rodp_request_refuse_invalid(req);
	if (ends ? pkt->payload != message->left : pkt->payload >= message->left)
		return rodp_request_refuse_invalid(req);
	if (pkt->op->flags & RODP_OPF_RWQE)
		verdict = message_need_receive(req);
	if (verdict == RODP_DONE && pkt->payload)
		verdict = message_write_payload(req);
	if (verdict != RODP_DONE)
		return verdict;
	message->in = RODP_OPF_WRITE;
	message->va += pkt->payload;
	message->left -= pkt->payload;
	return ends ? message_end(req, message->total) : RODP_DONE;
}
