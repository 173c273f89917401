// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The requester: cuts work requests into packets and sends them, as far as the
 * window, the peer's resources and the memory allow. Send lane held throughout.
 */
#include "net/packet.h"
#include "qp/lane/courier.h"
#include "qp/lane/loan.h"
#include "qp/lane/xfer.h"
#include "qp/queue/sq.h"
#include "qp/send/local.h"
#include "qp/send/requester.h"
#include "qp/send/timer.h"

/*
 * A packet to be made. READs and ATOMICs carry no payload and are one packet, and so
 * is everything on the local path.
 */
struct request {
	struct rodp_swqe *wqe;
	u32 psn;
	u32 offset; /* in the message, bytes */
	u32 payload; /* bytes */
	bool first;
	bool last;
};

static void request_describe(const struct rodp_qp *qp, struct request *req, struct rodp_swqe *wqe)
{
	u32 packet = qp->sq.cur_packet;

	req->wqe = wqe;
	req->psn = rodp_psn_add(wqe->first_psn, packet);
	req->offset = packet * qp->mtu;
	if (rodp_swqe_is_rd_atomic(wqe) || qp->local) {
		/* An ATOMIC WRITE's word travels in its packet on the local path too. */
		req->payload = wqe->message == RODP_MSG_ATOMIC_WRITE ? sizeof(u64) : 0;
		req->first = req->last = true;
		return;
	}
	req->payload = min(qp->mtu, wqe->length - req->offset);
	req->first = packet == 0;
	req->last = packet == wqe->packets - 1;
}

static void fill_reth(struct rodp_reth *reth, const struct request *req)
{
	const struct rodp_swqe *wqe = req->wqe;

	reth->va = cpu_to_be64(wqe->remote_addr + req->offset);
	reth->rkey = cpu_to_be32(wqe->rkey);
	reth->length = cpu_to_be32(wqe->length - req->offset);
}

static void fill_atomiceth(struct rodp_atomiceth *eth, const struct rodp_swqe *wqe)
{
	bool swap = wqe->message == RODP_MSG_CMP_SWAP;

	eth->va = cpu_to_be64(wqe->remote_addr);
	eth->rkey = cpu_to_be32(wqe->rkey);
	eth->swap_add = cpu_to_be64(swap ? wqe->swap : wqe->compare_add);
	eth->compare = cpu_to_be64(swap ? wqe->compare_add : 0);
}

static void fill_extended_headers(struct sk_buff *skb, const struct request *req)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;

	if (op->xrceth)
		((struct rodp_xrceth *)rodp_packet_header(skb, op->xrceth))->srqn = cpu_to_be32(
			req->wqe->srqn & RODP_QPN_MASK);
	if (op->reth)
		fill_reth(rodp_packet_header(skb, op->reth), req);
	if (op->feth)
		((struct rodp_feth *)rodp_packet_header(skb, op->feth))->bits = cpu_to_be32(
			req->wqe->flush);
	if (op->atomiceth)
		fill_atomiceth(rodp_packet_header(skb, op->atomiceth), req->wqe);
	if (op->immdt)
		((struct rodp_immdt *)rodp_packet_header(skb, op->immdt))->imm = req->wqe->imm_data;
	if (op->ieth)
		((struct rodp_ieth *)rodp_packet_header(skb, op->ieth))->rkey = cpu_to_be32(
			req->wqe->invalidate_rkey);
}

/* The last packet of a message asks for an ACK, and enough of the others to keep the window open. */
static bool wants_ack(const struct rodp_qp *qp, const struct request *req)
{
	return rodp_qp_is_reliable(qp) && (req->last || qp->sq.unrequested >= RODP_WINDOW / 2);
}

static int fill_payload(struct rodp_qp *qp, struct sk_buff *skb, const struct request *req)
{
	const struct rodp_swqe *wqe = req->wqe;
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = req->payload,
		.extent = wqe->length - req->offset,
	};

	if (wqe->is_inline) {
		memcpy(xfer.buf, wqe->data + req->offset, req->payload);
		return 0;
	}
	return rodp_xfer_sgl(qp, &qp->sq.tx_park, wqe->sge, wqe->num_sge, req->offset, &xfer);
}

/* The peer fetches the payload, or delivers the answer, itself. */
static void lend_payload(struct rodp_qp *qp, struct sk_buff *skb, const struct request *req)
{
	struct rodp_packet *pkt = rodp_packet(skb);

	pkt->psn = req->psn;
	pkt->ackreq = true;
	pkt->solicited = req->wqe->flags & RODP_WQE_SOLICITED;
	if (pkt->op->flags & RODP_OPF_PAYLOAD)
		pkt->payload = req->wqe->length;
	rodp_loan_lend(qp->loan, qp->sq.cur, skb);
}

/* ERR_PTR: -EAGAIN (parked), -ENOMEM, or why the source cannot be read. */
static struct sk_buff *request_build(struct rodp_qp *qp, const struct request *req)
{
	int opcode = rodp_opcode_request(qp->transport, req->wqe->message, req->first, req->last);
	struct sk_buff *skb = rodp_packet_alloc(opcode, req->payload);
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	rodp_bth_fill(rodp_packet_bth(skb), opcode,
		      req->last && (req->wqe->flags & RODP_WQE_SOLICITED), -req->payload & 3,
		      qp->pkey, qp->dest_qpn, wants_ack(qp, req), req->psn);
	fill_extended_headers(skb, req);
	if (qp->local)
		lend_payload(qp, skb, req);
	err = req->payload ? fill_payload(qp, skb, req) : 0;
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* The packet is on its way: count, and step to the next one. */
static void request_advance(struct rodp_qp *qp, const struct request *req)
{
	struct rodp_sq *sq = &qp->sq;
	bool whole = rodp_swqe_is_rd_atomic(req->wqe);
	u32 behind = rodp_psn_add(req->wqe->first_psn,
				  whole ? req->wqe->packets : sq->cur_packet + 1);

	if (rodp_psn_cmp(req->psn, sq->sent) < 0)
		rodp_stats_inc(qp->dev->stats, RODP_STAT_RETRANSMITS);
	if (rodp_psn_cmp(behind, sq->sent) > 0)
		sq->sent = behind;
	sq->unrequested = wants_ack(qp, req) ? 0 : sq->unrequested + 1;
	if (!rodp_qp_is_reliable(qp))
		sq->una = sq->sent; /* nobody will say so */
	if (!req->last) {
		sq->cur_packet++;
		return;
	}
	sq->rd_atomic += whole;
	sq->cur++;
	sq->cur_packet = 0;
	if (!rodp_qp_is_reliable(qp))
		rodp_sq_retire(qp);
}

/*
 * Make and send one packet. If this host's own queue is full (trap T18) it is made again a little
 * later: going back costs the whole window. What is lost further on is the timer's to notice.
 * Returns 0 or why to stop.
 */
static int request_send(struct rodp_qp *qp, struct rodp_swqe *wqe)
{
	struct request req;
	struct sk_buff *skb;

	request_describe(qp, &req, wqe);
	skb = request_build(qp, &req);
	if (PTR_ERR(skb) == -ENOMEM)
		rodp_lane_rest(&qp->sq.lane, 1);
	else if (IS_ERR(skb) && PTR_ERR(skb) != -EAGAIN)
		wqe->status = IB_WC_LOC_PROT_ERR;
	if (IS_ERR(skb))
		return PTR_ERR(skb);
	if (rodp_qp_send(qp, skb) == -EAGAIN) {
		rodp_lane_rest(&qp->sq.lane, 1);
		return -EAGAIN;
	}
	request_advance(qp, &req);
	return 0;
}

/* Whether the window, the fence and the peer's resources let wqe's next packet go. */
static bool may_send(const struct rodp_qp *qp, const struct rodp_swqe *wqe)
{
	const struct rodp_sq *sq = &qp->sq;
	u32 psn = rodp_psn_add(wqe->first_psn, sq->cur_packet);

	if (rodp_psn_distance(sq->una, psn) >= RODP_WINDOW)
		return false;
	if (sq->cur_packet)
		return true;
	if ((wqe->flags & RODP_WQE_FENCE) && sq->rd_atomic)
		return false;
	if (wqe->is_local)
		return rodp_local_may_run(sq, wqe);
	return !rodp_swqe_is_rd_atomic(wqe) || sq->rd_atomic < qp->max_rd_atomic;
}

/* The WQE to send from, or NULL. */
static struct rodp_swqe *current_wqe(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (sq->cur != sq->head)
		return rodp_sq_wqe(sq, sq->cur);
	return qp->state == IB_QPS_RTS ? rodp_sq_fetch(qp) : NULL;
}

void rodp_requester_run(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	int budget = RODP_SEND_BATCH;
	struct rodp_swqe *wqe;
	bool was_idle = !rodp_sq_in_flight(sq), sent = false;

	if (qp->state != IB_QPS_RTS && qp->state != IB_QPS_SQD)
		return;
	rodp_sq_catch_up(qp);
	/* What arrives out of order is lost without a peer that asks again: never move. */
	if (!rodp_home_is_here(&sq->lane.home, was_idle && rodp_qp_is_reliable(qp))) {
		rodp_lane_schedule(&sq->lane, 0);
		return;
	}
	while (!sq->tx_park.waiting && !sq->rnr_wait && !sq->lane.resting &&
	       (wqe = current_wqe(qp))) {
		if (wqe->status) {
			if (sq->tail == sq->cur)
				rodp_sq_fail(qp, wqe->status);
			break;
		}
		if (!may_send(qp, wqe))
			break;
		if (!budget--) {
			rodp_lane_rest(&sq->lane, 0);
			break;
		}
		if (wqe->is_local)
			rodp_local_run(qp, wqe);
		else if (request_send(qp, wqe) == 0)
			sent = true;
		else if (!wqe->status)
			break;
	}
	if (sent)
		rodp_sq_timer_watch(qp, was_idle);
}
