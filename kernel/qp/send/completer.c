// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The completer: takes the peer's answers, puts data where it belongs and
 * completes work requests in order (IBTA vol. 1, 9.7.5). Send lane held throughout.
 */
#include "net/drop.h"
#include "net/packet.h"
#include "qp/lane/xfer.h"
#include "qp/queue/sq.h"
#include "qp/send/completer.h"
#include "qp/send/timer.h"

static struct rodp_swqe *oldest(struct rodp_qp *qp)
{
	return rodp_sq_wqe(&qp->sq, qp->sq.tail);
}

/*
 * Everything before PSN `upto` was executed by the peer. WQEs that wait for data
 * are not complete by this: an answer that was passed over is lost.
 * Returns false when that made us go back.
 */
static bool acknowledge(struct rodp_qp *qp, u32 upto)
{
	struct rodp_sq *sq = &qp->sq;

	if (rodp_psn_cmp(upto, sq->una) <= 0)
		return true;
	while (sq->tail != sq->head) {
		struct rodp_swqe *wqe = oldest(qp);

		if (rodp_psn_cmp(upto, wqe->first_psn) <= 0)
			break;
		if (rodp_swqe_is_rd_atomic(wqe)) {
			if (!sq->resync)
				rodp_sq_retry(qp);
			return false;
		}
		if (rodp_psn_cmp(upto, rodp_swqe_last_psn(wqe)) <= 0)
			break;
		rodp_sq_progress(qp, rodp_psn_add(rodp_swqe_last_psn(wqe), 1));
		rodp_sq_retire(qp);
	}
	rodp_sq_progress(qp, upto);
	return true;
}

static const enum ib_wc_status nak_status[] = {
	[RODP_NAK_INV_REQ] = IB_WC_REM_INV_REQ_ERR,
	[RODP_NAK_REM_ACCESS] = IB_WC_REM_ACCESS_ERR,
	[RODP_NAK_REM_OP] = IB_WC_REM_OP_ERR,
	[RODP_NAK_INV_RD] = IB_WC_REM_INV_RD_REQ_ERR,
};

static void take_nak(struct rodp_qp *qp, u8 code)
{
	if (code == RODP_NAK_PSN_SEQ) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_RCVD_SEQ_NAK);
		rodp_sq_retry(qp);
	} else if (code < ARRAY_SIZE(nak_status)) {
		rodp_sq_fail(qp, nak_status[code]);
	} else {
		rodp_sq_fail(qp, IB_WC_BAD_RESP_ERR);
	}
}

static void take_rnr_nak(struct rodp_qp *qp, u32 psn, u8 timer)
{
	struct rodp_sq *sq = &qp->sq;

	rodp_stats_inc(qp->dev->stats, RODP_STAT_RCVD_RNR_NAK);
	if (!sq->rnr_retries) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_RNR_EXCEEDED);
		rodp_sq_fail(qp, IB_WC_RNR_RETRY_EXC_ERR);
		return;
	}
	if (sq->rnr_retries != 7)
		sq->rnr_retries--;
	rodp_sq_rewind(qp, psn);
	rodp_sq_timer_rnr(qp, rodp_rnr_code_to_ns(timer));
}

/* An acknowledge packet; anything but an ACK speaks of the request with this very PSN. */
static void take_ack(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	u8 syndrome = rodp_aeth_syndrome(rodp_packet_header(skb, pkt->op->aeth));
	u8 value = syndrome & RODP_AETH_VALUE_MASK;

	if (pkt->status) { /* a local peer could not reach our memory */
		if (acknowledge(qp, pkt->psn))
			rodp_sq_fail(qp, pkt->status);
		return;
	}
	switch (syndrome & RODP_AETH_KIND_MASK) {
	case RODP_AETH_ACK:
		acknowledge(qp, rodp_psn_add(pkt->psn, 1));
		break;
	case RODP_AETH_RNR_NAK:
		if (acknowledge(qp, pkt->psn))
			take_rnr_nak(qp, pkt->psn, value);
		break;
	case RODP_AETH_NAK:
		if (acknowledge(qp, pkt->psn))
			take_nak(qp, value);
		break;
	}
}

static bool answers(const struct rodp_swqe *wqe, const struct rodp_opcode_info *op)
{
	if (rodp_swqe_answer_is_empty(wqe))
		return (op->flags & RODP_OPF_READ) && (op->flags & RODP_OPF_ONLY);
	return !!(op->flags & RODP_OPF_READ) == (wqe->message == RODP_MSG_READ) &&
	       rodp_swqe_is_rd_atomic(wqe);
}

/* Put the payload of a READ response, or the original value of an ATOMIC, into memory. */
static int take_data(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_swqe *wqe = oldest(qp);
	u32 offset = rodp_psn_distance(wqe->first_psn, pkt->psn) * qp->mtu;
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = pkt->payload,
		.done = qp->sq.hand_done,
		.extent = wqe->length - offset,
		.write = true,
	};
	u64 original;
	int err;

	if (rodp_swqe_answer_is_empty(wqe))
		return pkt->payload ? -EBADMSG : 0;
	if (pkt->op->atomicacketh) {
		const struct rodp_atomicacketh *eth = rodp_packet_header(skb,
									 pkt->op->atomicacketh);

		original = be64_to_cpu(eth->original);
		xfer.buf = &original;
		xfer.bytes = sizeof(original);
	} else if (rodp_packet_is_local(skb)) { /* the peer put it there */
		return rodp_mtus_agree(rodp_mtu_bytes(pkt->mtu), qp->mtu, wqe->length) ? 0
										       : -EBADMSG;
	} else if (pkt->payload != min(qp->mtu, wqe->length - offset)) {
		return -EBADMSG;
	}
	err = rodp_xfer_sgl(qp, &qp->sq.rx_park, wqe->sge, wqe->num_sge, offset, &xfer);
	qp->sq.hand_done = xfer.done;
	return err;
}

/* The data of the response with PSN una is in memory. */
static void answer_done(struct rodp_qp *qp, u32 psn)
{
	rodp_sq_progress(qp, rodp_psn_add(psn, 1));
	if (psn == rodp_swqe_last_psn(oldest(qp)))
		rodp_sq_retire(qp);
}

/* Returns true when skb is to be kept: the lane is parked with it in hand. */
static bool take_answer(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_sq *sq = &qp->sq;
	int err;

	if (!acknowledge(qp, pkt->psn))
		return false;
	if (sq->tail == sq->head || pkt->psn != sq->una || !answers(oldest(qp), pkt->op)) {
		rodp_sq_fail(qp, IB_WC_BAD_RESP_ERR);
		return false;
	}
	err = take_data(qp, skb);
	if (err == -EAGAIN)
		return true;
	sq->hand_done = 0;
	if (err)
		rodp_sq_fail(qp, err == -EBADMSG ? IB_WC_BAD_RESP_ERR : IB_WC_LOC_PROT_ERR);
	else
		answer_done(qp, pkt->psn);
	return false;
}

static void take(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_sq *sq = &qp->sq;
	bool kept = false;

	if (rodp_packet(skb)->op->flags & (RODP_OPF_READ | RODP_OPF_ATOMIC))
		kept = take_answer(qp, skb);
	else
		take_ack(qp, skb);

	if (kept && sq->hand != skb)
		rodp_packet_keep(skb);
	sq->hand = kept ? skb : NULL;
	sq->lane.stalled = kept;
	if (!kept)
		kfree_skb(skb);
}

void rodp_completer_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_sq *sq = &qp->sq;
	u32 psn = rodp_packet(skb)->psn;

	/* Old answers, and answers to what was never asked, are dropped (9.7.5.1.1). */
	if (qp->state != IB_QPS_RTS && qp->state != IB_QPS_SQD)
		rodp_packet_drop(qp->dev, skb, RODP_STAT_WRONG_STATE);
	else if (rodp_psn_cmp(psn, sq->una) < 0 || rodp_psn_cmp(psn, sq->sent) >= 0)
		rodp_packet_drop(qp->dev, skb, RODP_STAT_STALE_ANSWERS);
	else
		take(qp, skb);
}

/*
 * Responses that found the backlog full while we waited are gone: ask again now,
 * the peer cannot know.
 */
static void ask_again_for_dropped(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (!READ_ONCE(sq->lane.dropped) || sq->hand || !skb_queue_empty(&sq->lane.backlog))
		return;
	WRITE_ONCE(sq->lane.dropped, false);
	if (rodp_sq_in_flight(sq))
		rodp_sq_rewind(qp, sq->una);
}

void rodp_completer_resume(struct rodp_qp *qp)
{
	take(qp, qp->sq.hand);
	ask_again_for_dropped(qp);
}
