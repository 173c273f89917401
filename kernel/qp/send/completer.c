// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The completer: takes the peer's answers, puts data where it belongs and
 * completes work requests in order (IBTA vol. 1, 9.7.5). Send lane held throughout.
 */
#include "net/drop.h"
#include "net/packet.h"
#include "qp/end/path.h"
#include "qp/send/answers.h"
#include "qp/send/completer.h"
#include "qp/send/flight.h"
#include "qp/send/timer.h"
#include "qp/xfer/xfer.h"

/*
 * Everything before PSN `upto` was executed by the peer. Work requests that wait for data
 * are not complete by this: returns false if there is one, whose answer was passed over.
 */
static bool completer_acknowledge(struct rodp_sender *tx, u32 upto)
{
	u32 behind = tx->flight.una;
	struct rodp_swqe *wqe;
	bool waits = false;

	if (rodp_psn_cmp(upto, behind) <= 0)
		return true;
	while (!rodp_sq_is_empty(&tx->sq)) {
		wqe = rodp_sq_oldest(&tx->sq);
		if (rodp_psn_cmp(upto, wqe->first_psn) <= 0)
			break;
		waits = rodp_swqe_is_rd_atomic(wqe);
		if (waits || rodp_psn_cmp(upto, rodp_swqe_last_psn(wqe)) <= 0)
			break;
		behind = rodp_psn_add(rodp_swqe_last_psn(wqe), 1);
		rodp_flight_retire(tx);
	}
	if (!waits)
		behind = upto;
	if (behind != tx->flight.una)
		rodp_flight_progress(tx, behind);
	return !waits;
}

/*
 * The peer has executed all before PSN `upto`: it says so (acked), or has said so before. An answer that was passed
 * over is lost: it is asked for again.
 */
static bool completer_reach(struct rodp_sender *tx, u32 upto, bool acked)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	if (rodp_psn_cmp(upto, flight->reached) > 0) {
		flight->reached = upto;
		flight->missing = false;
	}
	if (!completer_acknowledge(tx, upto)) {
		rodp_answers_ask(tx, false);
		return false;
	}
	rodp_flight_went_on(tx, acked);
	return true;
}

/* An answer came: go on with what was known behind it already. */
static void completer_go_on(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	if (!flight->came && rodp_psn_cmp(flight->una, flight->reached) < 0)
		completer_reach(tx, flight->reached, false);
	else
		rodp_flight_went_on(tx, false);
	if (!flight->missing || flight->una != flight->reached)
		return;
	flight->missing = false;
	rodp_flight_missing(tx);
}

static const enum ib_wc_status completer_nak_status[] = {
	[RODP_NAK_INV_REQ] = IB_WC_REM_INV_REQ_ERR,
	[RODP_NAK_REM_ACCESS] = IB_WC_REM_ACCESS_ERR,
	[RODP_NAK_REM_OP] = IB_WC_REM_OP_ERR,
	[RODP_NAK_INV_RD] = IB_WC_REM_INV_RD_REQ_ERR,
};

static void completer_take_nak(struct rodp_sender *tx, u8 code)
{
	if (code == RODP_NAK_PSN_SEQ) {
		rodp_stats_inc(tx->sq.end->dev->stats, RODP_STAT_RCVD_SEQ_NAK);
		rodp_flight_missing(tx);
	} else if (code < ARRAY_SIZE(completer_nak_status)) {
		rodp_flight_fail(tx, completer_nak_status[code]);
	} else {
		rodp_flight_fail(tx, IB_WC_BAD_RESP_ERR);
	}
}

static void completer_take_rnr_nak(struct rodp_sender *tx, u32 psn, u8 timer)
{
	struct rodp_flight *flight = &tx->flight;
	struct rodp_stats *stats = tx->sq.end->dev->stats;

	rodp_stats_inc(stats, RODP_STAT_RCVD_RNR_NAK);
	if (!flight->rnr_retries) {
		rodp_stats_inc(stats, RODP_STAT_RNR_EXCEEDED);
		rodp_flight_fail(tx, IB_WC_RNR_RETRY_EXC_ERR);
		return;
	}
	if (flight->rnr_retries != 7)
		flight->rnr_retries--;
	rodp_flight_rewind(tx, psn);
	rodp_sender_timer_rnr(tx, rodp_rnr_code_to_ns(timer));
}

/* An acknowledge packet; anything but an ACK speaks of the request with this very PSN. */
static void completer_take_ack(struct rodp_sender *tx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	u8 syndrome = rodp_aeth_syndrome(rodp_packet_header(skb, pkt->op->aeth));
	u8 value = syndrome & RODP_AETH_VALUE_MASK;

	if (pkt->status) { /* a local peer could not reach our memory */
		if (completer_reach(tx, pkt->psn, true))
			rodp_flight_fail(tx, pkt->status);
		return;
	}
	switch (syndrome & RODP_AETH_KIND_MASK) {
	case RODP_AETH_ACK:
		completer_reach(tx, rodp_psn_add(pkt->psn, 1), true);
		break;
	case RODP_AETH_RNR_NAK:
		if (completer_reach(tx, pkt->psn, true))
			completer_take_rnr_nak(tx, pkt->psn, value);
		break;
	case RODP_AETH_NAK:
		if (completer_reach(tx, pkt->psn, true))
			completer_take_nak(tx, value);
		else if (value == RODP_NAK_PSN_SEQ && pkt->psn == tx->flight.reached)
			tx->flight.missing = true;
		break;
	}
}

static bool completer_is_answer(const struct rodp_swqe *wqe, const struct rodp_opcode_info *op)
{
	if (rodp_swqe_answer_is_empty(wqe))
		return (op->flags & RODP_OPF_READ) && (op->flags & RODP_OPF_ONLY);
	return !!(op->flags & RODP_OPF_READ) == (wqe->message == RODP_MSG_READ) &&
	       rodp_swqe_is_rd_atomic(wqe);
}

/* Put bytes of an answer into memory, from byte `offset` of the work request's list on. */
static int completer_place(struct rodp_sender *tx, void *buf, u32 bytes, u32 offset)
{
	struct rodp_swqe *wqe = rodp_sq_oldest(&tx->sq);
	struct rodp_xfer xfer = {
		.buf = buf,
		.bytes = bytes,
		.done = tx->hand.done,
		.extent = wqe->length - offset,
		.pd = tx->sq.end->ib.pd,
		.write = true,
	};
	int err = rodp_xfer_sgl(&tx->target, wqe->sge, wqe->num_sge, offset, &xfer);

	tx->hand.done = xfer.done;
	return err;
}

/* Put the payload of a READ response, or the original value of an ATOMIC, into memory. */
static int completer_take_data(struct rodp_sender *tx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_end *end = tx->sq.end;
	struct rodp_swqe *wqe = rodp_sq_oldest(&tx->sq);
	u32 offset = rodp_psn_distance(wqe->first_psn, pkt->psn) * end->mtu;
	const struct rodp_atomicacketh *eth;
	u64 original;
	int placed;

	if (rodp_swqe_answer_is_empty(wqe))
		return pkt->payload ? -EBADMSG : 0;
	if (pkt->op->atomicacketh) {
		eth = rodp_packet_header(skb, pkt->op->atomicacketh);
		original = be64_to_cpu(eth->original);
		return completer_place(tx, &original, sizeof(original), offset);
	}
	placed = end->path->answer(end, skb, wqe->length, offset);
	if (placed)
		return min(placed, 0);
	return completer_place(tx, rodp_packet_payload(skb), pkt->payload, offset);
}

/* The data of the response with PSN una is in memory. */
static void completer_answered(struct rodp_sender *tx, u32 psn)
{
	rodp_flight_progress(tx, rodp_psn_add(psn, 1));
	if (psn == rodp_swqe_last_psn(rodp_sq_oldest(&tx->sq)))
		rodp_flight_retire(tx);
	completer_go_on(tx);
}

/* Returns true when skb is to be kept: the lane is parked with it in hand. */
static bool completer_take_answer(struct rodp_sender *tx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	int err;

	if (rodp_sq_is_empty(&tx->sq) || pkt->psn != tx->flight.una ||
	    !completer_is_answer(rodp_sq_oldest(&tx->sq), pkt->op)) {
		rodp_flight_fail(tx, IB_WC_BAD_RESP_ERR);
		return false;
	}
	err = completer_take_data(tx, skb);
	if (err == -EAGAIN)
		return true;
	tx->hand.done = 0;
	if (err)
		rodp_flight_fail(tx, err == -EBADMSG ? IB_WC_BAD_RESP_ERR : IB_WC_LOC_PROT_ERR);
	else
		completer_answered(tx, pkt->psn);
	return false;
}

/* Whether an answer came before its turn; then it is consumed. */
static bool completer_comes_early(struct rodp_sender *tx, struct sk_buff *skb)
{
	u32 psn = rodp_packet(skb)->psn;

	rodp_end_assert_sending(tx->sq.end);
	if (!(rodp_packet(skb)->op->flags & (RODP_OPF_READ | RODP_OPF_ATOMIC)))
		return false;
	if (rodp_psn_cmp(psn, tx->flight.reached) > 0) {
		tx->flight.reached = psn;
		tx->flight.missing = false;
	}
	if (completer_acknowledge(tx, psn))
		return false;
	rodp_answers_ask(tx, rodp_answers_keep(tx, skb));
	return true;
}

static void completer_take(struct rodp_sender *tx, struct sk_buff *skb)
{
	bool kept = false;

	rodp_end_assert_sending(tx->sq.end);
	if (completer_comes_early(tx, skb))
		return;
	if (rodp_packet(skb)->op->flags & (RODP_OPF_READ | RODP_OPF_ATOMIC))
		kept = completer_take_answer(tx, skb);
	else
		completer_take_ack(tx, skb);

	if (kept && tx->hand.skb != skb)
		rodp_packet_keep(skb);
	tx->hand.skb = kept ? skb : NULL;
	tx->sq.lane.state.stalled = kept;
	if (!kept)
		rodp_packet_consume(skb);
}

void rodp_completer_packet(struct rodp_lane *lane, struct sk_buff *skb)
{
	struct rodp_sender *tx = to_rodp_sender(lane);
	struct rodp_end *end = tx->sq.end;
	u32 psn = rodp_packet(skb)->psn;

	lockdep_assert_held(&lane->lock);
	/* Old answers, and answers to what was never asked, are dropped (9.7.5.1.1). */
	if (!rodp_end_sends(end))
		rodp_packet_drop(end->dev, skb, RODP_STAT_WRONG_STATE);
	else if (rodp_psn_cmp(psn, tx->flight.una) < 0 || rodp_psn_cmp(psn, tx->flight.sent) >= 0)
		rodp_packet_drop(end->dev, skb, RODP_STAT_STALE_ANSWERS);
	else
		completer_take(tx, skb);
}

/*
 * Responses that found the backlog full while we waited are gone: ask again now,
 * the peer cannot know.
 */
static void completer_ask_again(struct rodp_sender *tx)
{
	struct rodp_lane *lane = &tx->sq.lane;

	lockdep_assert_held(&lane->lock);
	if (!READ_ONCE(lane->state.dropped) || tx->hand.skb || !skb_queue_empty(&lane->backlog))
		return;
	WRITE_ONCE(lane->state.dropped, false);
	if (rodp_sender_in_flight(tx))
		rodp_flight_rewind(tx, tx->flight.una);
}

void rodp_completer_resume(struct rodp_sender *tx)
{
	completer_take(tx, tx->hand.skb);
	completer_ask_again(tx);
	if (!tx->hand.skb && rodp_sender_in_flight(tx))
		rodp_sender_timer_watch(tx, false);
}
