// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The responder: executes the peer's requests in order (IBTA vol. 1, 9.7.4). Receive
 * lane held throughout.
 *
 * A request is checked once, when its turn comes. A miss while it executes keeps
 * the packet in hand; it is executed again from where it stopped, and nothing
 * behind it is looked at until then.
 */
#include "net/drop.h"
#include "net/packet.h"
#include "qp/lane/tell.h"
#include "qp/queue/rq.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/atomic.h"
#include "qp/recv/flush.h"
#include "qp/recv/message.h"
#include "qp/recv/read.h"
#include "qp/recv/reply.h"
#include "qp/recv/responder.h"

/* Message order (9.7.4.1.2): a message is begun, continued and ended by its own kind. */
static bool in_order(const struct rodp_rq *rq, const struct rodp_opcode_info *op)
{
	u32 kind = op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE);

	if (op->flags & (RODP_OPF_MIDDLE | RODP_OPF_LAST))
		return kind && rq->in_message == kind;
	return !rq->in_message;
}

/* Payload lengths (9.7.4.1.6): full packets, except the last. A local message is one packet. */
static bool length_ok(const struct rodp_qp *qp, const struct rodp_packet *pkt)
{
	if (pkt->sqpn)
		return rodp_mtus_agree(rodp_mtu_bytes(pkt->mtu), qp->mtu, pkt->payload);
	if (pkt->op->flags & (RODP_OPF_FIRST | RODP_OPF_MIDDLE))
		return pkt->payload == qp->mtu;
	if (pkt->op->flags & RODP_OPF_LAST)
		return pkt->payload >= 1 && pkt->payload <= qp->mtu;
	return pkt->payload <= qp->mtu;
}

static bool allowed(const struct rodp_qp *qp, const struct rodp_opcode_info *op)
{
	u32 need = 0;

	if (op->flags & RODP_OPF_WRITE)
		need = IB_ACCESS_REMOTE_WRITE;
	else if (op->flags & RODP_OPF_READ)
		need = IB_ACCESS_REMOTE_READ;
	else if (op->flags & RODP_OPF_ATOMIC)
		need = IB_ACCESS_REMOTE_ATOMIC;
	else if (op->flags & RODP_OPF_ATOMIC_WRITE)
		need = IB_ACCESS_REMOTE_WRITE;
	else if (!(op->flags & (RODP_OPF_SEND | RODP_OPF_FLUSH))) /* a FLUSH says what it needs */
		return false;
	return (qp->access & need) == need;
}

static enum rodp_verdict execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;

	if (op->flags & RODP_OPF_SEND)
		return rodp_message_send(qp, skb);
	if (op->flags & RODP_OPF_WRITE)
		return rodp_message_write(qp, skb);
	if (op->flags & RODP_OPF_READ)
		return rodp_read_execute(qp, skb);
	if (op->flags & RODP_OPF_FLUSH)
		return rodp_flush_execute(qp, skb);
	if (op->flags & RODP_OPF_ATOMIC_WRITE)
		return rodp_atomic_write_execute(qp, skb);
	return rodp_atomic_execute(qp, skb);
}

/*
 * The same for XRC (annex A14): with the SRQ that the packet names. All packets of a message that
 * takes a receive name the same one.
 */
static enum rodp_verdict execute_xrc(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_srq *srq = rodp_srq_get(qp->init.xrcd, rq->srqn);
	enum rodp_verdict verdict;

	if (!srq)
		return rodp_request_refuse_invalid(qp, skb);
	if (rq->rwqe_taken && srq->serial != rq->rwqe_serial) {
		verdict = rodp_request_refuse_invalid(qp, skb);
	} else {
		rq->srq = srq;
		verdict = execute(qp, skb);
		rq->srq = NULL;
	}
	rodp_srq_put(srq);
	return verdict;
}

/* A SEND or WRITE packet is executed. */
static void step_on(struct rodp_qp *qp, const struct rodp_packet *pkt)
{
	struct rodp_rq *rq = &qp->rq;

	if (pkt->op->flags & RODP_OPF_END) {
		rq->in_message = 0;
		rq->received = 0;
		rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	}
	rq->epsn = rodp_psn_add(pkt->psn, 1);
	if ((pkt->ackreq || rq->asked_for_time) && rodp_qp_is_reliable(qp))
		rodp_send_ack(qp, pkt->psn);
}

/* Execute, keep or free. Nothing else frees or keeps a request. */
static void carry_out(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	enum rodp_verdict verdict = qp->init.xrcd ? execute_xrc(qp, skb) : execute(qp, skb);

	if (verdict == RODP_KEPT) {
		if (rq->hand != skb)
			rodp_packet_keep(skb);
		rq->hand = skb;
		rq->lane.stalled = true;
		return;
	}
	rq->hand = NULL;
	rq->hand_done = 0;
	if (verdict == RODP_DONE)
		step_on(qp, rodp_packet(skb));
	rq->asked_for_time = false;
	kfree_skb(skb);
	rodp_reply_run(qp);
	rq->lane.stalled = rq->reply.active;
}

/* Consumes or keeps skb. */
static void answer_read_again(struct rodp_qp *qp, struct sk_buff *skb,
			      const struct rodp_rd_atomic *res)
{
	if (!rodp_read_is_rest(qp, skb, res)) {
		kfree_skb(skb);
		return;
	}
	if (rodp_packet_is_local(skb)) {
		carry_out(qp, skb);
		return;
	}
	rodp_read_again(qp, skb);
	kfree_skb(skb);
	rodp_reply_run(qp);
	qp->rq.lane.stalled = qp->rq.reply.active;
}

/*
 * Executed before (9.7.5.1): acknowledge again, answer again; never execute again.
 * Consumes or keeps skb.
 */
static void duplicate(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_rd_atomic *res;

	rodp_stats_inc(qp->dev->stats, RODP_STAT_DUPLICATE_REQ);
	if (pkt->op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE)) {
		if (pkt->ackreq)
			rodp_send_ack(qp, rodp_psn_add(qp->rq.epsn, RODP_PSN_MASK));
	} else {
		res = rodp_rq_recall(qp, pkt->psn);
		if (res && !(pkt->op->flags & res->kind))
			res = NULL;
		if (res && res->kind == RODP_OPF_READ) {
			answer_read_again(qp, skb, res);
			return;
		}
		if (res && res->kind == RODP_OPF_ATOMIC)
			rodp_send_atomic_ack(qp, pkt->psn, res->original);
		else if (res)
			rodp_send_read_placed(qp, pkt->psn);
	}
	kfree_skb(skb);
}

static void out_of_sequence(struct rodp_qp *qp)
{
	rodp_stats_inc(qp->dev->stats, RODP_STAT_OUT_OF_SEQ);
	if (qp->rq.nak_sent)
		return;
	qp->rq.nak_sent = true;
	rodp_send_nak(qp, qp->rq.epsn, RODP_NAK_PSN_SEQ);
}

static void tell_established(struct rodp_qp *qp)
{
	if (qp->state != IB_QPS_RTR || qp->rq.comm_est_told)
		return;
	qp->rq.comm_est_told = true;
	qp->rq.lane.tell |= RODP_TELL_COMM_EST;
}

/*
 * UC (9.7.4, 9.8.3): a gap loses the message that it is in, a packet that begins one is always
 * welcome, and nobody is told anything.
 */
static void unreliable_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;

	if (!rodp_qp_may_receive(qp)) {
		rodp_packet_drop(qp->dev, skb, RODP_STAT_WRONG_STATE);
		return;
	}
	if (pkt->psn != rq->epsn) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_OUT_OF_SEQ);
		rodp_request_abandon(rq);
	}
	if (pkt->op->flags & RODP_OPF_BEGIN)
		rodp_request_abandon(rq);
	if (!in_order(rq, pkt->op) || !length_ok(qp, pkt) || !allowed(qp, pkt->op)) {
		rodp_request_abandon(rq);
		rq->epsn = rodp_psn_add(pkt->psn, 1);
		rodp_packet_drop(qp->dev, skb, RODP_STAT_UC_REFUSED);
		return;
	}
	rq->epsn = pkt->psn;
	tell_established(qp);
	carry_out(qp, skb);
}

static u32 named_srqn(struct sk_buff *skb)
{
	const struct rodp_xrceth *eth = rodp_packet_header(skb, rodp_packet(skb)->op->xrceth);

	return rodp_packet(skb)->op->xrceth ? be32_to_cpu(eth->srqn) & RODP_QPN_MASK : 0;
}

static void rq_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	s32 order = rodp_psn_cmp(pkt->psn, qp->rq.epsn);

	if (!rodp_qp_is_reliable(qp)) {
		unreliable_packet(qp, skb);
		return;
	}
	qp->rq.srqn = named_srqn(skb);

	if (!rodp_qp_may_receive(qp)) {
		rodp_packet_drop(qp->dev, skb, RODP_STAT_WRONG_STATE);
	} else if (order > 0) {
		out_of_sequence(qp);
		kfree_skb(skb);
	} else if (order < 0) {
		duplicate(qp, skb);
	} else {
		qp->rq.nak_sent = false;
		tell_established(qp);
		if (in_order(&qp->rq, pkt->op) && length_ok(qp, pkt) && allowed(qp, pkt->op)) {
			carry_out(qp, skb);
		} else {
			rodp_request_refuse_invalid(qp, skb);
			kfree_skb(skb);
		}
	}
}

/*
 * Parked. If the peer has gone back, its timer ran out: it cannot know that we are at it, and
 * would give up in the end. So it is asked for time, and sends again later what is dropped here.
 */
static void ask_for_time(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;
	struct sk_buff *newest = skb_peek_tail(&rq->lane.backlog);
	u32 psn, at;

	if (!newest)
		return;
	psn = rodp_packet(newest)->psn;
	/* What waits for memory: the packet in hand, or the answer to the one before. */
	at = rq->hand ? rodp_packet(rq->hand)->psn : rodp_psn_add(rq->epsn, RODP_PSN_MASK);
	if (rodp_psn_cmp(psn, at) > 0)
		return;
	skb_queue_purge(&rq->lane.backlog);
	rq->asked_for_time = rq->hand;
	rodp_send_wait(qp, psn);
}

static void rq_run(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;

	if (qp->state == IB_QPS_ERR) {
		rodp_rq_run_flush(qp);
		return;
	}
	if (rq->park.waiting && rodp_qp_is_reliable(qp))
		ask_for_time(qp);
	if (rq->park.waiting || rq->lane.resting)
		return;
	if (rq->hand) {
		carry_out(qp, rq->hand);
	} else if (rq->reply.active) {
		rodp_reply_run(qp);
		rq->lane.stalled = rq->reply.active;
	}
	if (qp->state == IB_QPS_ERR)
		rodp_rq_run_flush(qp);
}

const struct rodp_lane_ops rodp_responder_ops = {
	.packet = rq_packet,
	.run = rq_run,
	.after = rodp_qp_after,
};
