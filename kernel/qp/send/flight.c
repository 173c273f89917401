// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What is on its way, see flight.h. */
#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/send/flight.h"

/* A bad request takes a PSN like a good one; it is never sent. */
static void flight_number(struct rodp_sender *tx, struct rodp_swqe *wqe)
{
	struct rodp_flight *flight = &tx->flight;
	bool one = wqe->status || (rodp_swqe_is_rd_atomic(wqe) && wqe->message != RODP_MSG_READ);

	rodp_end_assert_sending(tx->sq.end);
	if (!wqe->status && wqe->no_message)
		wqe->packets = 0;
	else
		wqe->packets = one ? 1 : tx->sq.end->path->packets(tx->sq.end, wqe->length);
	wqe->first_psn = flight->psn;
	flight->psn = rodp_psn_add(flight->psn, wqe->packets);
}

static struct rodp_swqe *flight_take(struct rodp_sender *tx)
{
	struct rodp_end *end = tx->sq.end;
	/*
	 * While packets are on their way without a wire (net/flows.h), their acknowledgement is
	 * only softirqs away and brings us here in good time. Behind a veth there may be a wire all
	 * the same: then a doorbell does not see the acknowledgement of what it sends.
	 */
	bool soon = tx->gather.on ||
		    (end->flow.per_cpu && (end->path->direct || READ_ONCE(tx->quick)) &&
		     rodp_sender_in_flight(tx));
	struct rodp_swqe *wqe = rodp_sq_take(&tx->sq, soon);

	if (!wqe)
		return NULL;
	if (!wqe->status)
		wqe->status = end->transport->send->check(
			tx, wqe, rodp_ring_slot(&tx->sq.ring, tx->sq.at.head - 1));
	flight_number(tx, wqe);
	return wqe;
}

struct rodp_swqe *rodp_flight_current(struct rodp_sender *tx)
{
	struct rodp_sq *sq = &tx->sq;

	rodp_end_assert_sending(sq->end);
	if (sq->at.cur != sq->at.head)
		return rodp_sq_wqe(sq, sq->at.cur);
	return rodp_end_begins(sq->end) ? flight_take(tx) : NULL;
}

void rodp_flight_retire(struct rodp_sender *tx)
{
	struct rodp_sq *sq = &tx->sq;

	rodp_end_assert_sending(sq->end);
	/* One that was rewound and not sent again is not counted. */
	if (rodp_swqe_is_rd_atomic(rodp_sq_oldest(sq)) && (s32)(sq->at.cur - sq->at.tail) > 0)
		tx->flight.rd_atomic--;
	rodp_sq_complete(sq, IB_WC_SUCCESS);
	rodp_flight_retire_executed(tx);
}

void rodp_flight_retire_executed(struct rodp_sender *tx)
{
	struct rodp_sq *sq = &tx->sq;

	rodp_end_assert_sending(sq->end);
	while (!rodp_sq_is_empty(sq) && rodp_sq_oldest(sq)->executed)
		rodp_sq_complete(sq, IB_WC_SUCCESS);
}

void rodp_flight_fail(struct rodp_sender *tx, enum ib_wc_status status)
{
	rodp_end_assert_sending(tx->sq.end);
	if (!rodp_sq_is_empty(&tx->sq))
		rodp_sq_complete(&tx->sq, status);
	rodp_end_fail_sending(tx->sq.end);
}

/* Send next from work request n, from this packet of it on. */
static void flight_go_to(struct rodp_sender *tx, u32 n, u32 packet)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->sq.at.cur = n;
	tx->flight.cur_packet = packet;
	rodp_park_cancel(&tx->source);
}

/* Send next from PSN psn on. */
static void flight_go_to_psn(struct rodp_sender *tx, u32 psn)
{
	struct rodp_sq *sq = &tx->sq;
	struct rodp_swqe *wqe;
	u32 n, packet = 0;

	rodp_end_assert_sending(sq->end);
	tx->flight.rd_atomic = 0;
	for (n = sq->at.tail; n != sq->at.head; n++) {
		wqe = rodp_sq_wqe(sq, n);
		if (wqe->no_message && !wqe->executed)
			break;
		if (rodp_psn_cmp(psn, rodp_swqe_last_psn(wqe)) <= 0) {
			packet = rodp_psn_distance(wqe->first_psn, psn);
			break;
		}
		tx->flight.rd_atomic += rodp_swqe_is_rd_atomic(wqe);
	}
	flight_go_to(tx, n, packet);
}

void rodp_flight_rewind(struct rodp_sender *tx, u32 psn)
{
	struct rodp_flight *flight = &tx->flight;

	flight->again = 0;
	flight->asked = flight->una;
	rodp_repair_end(&flight->repair);
	rodp_rtt_forget(&flight->rtt);
	flight_go_to_psn(tx, psn);
}

u32 rodp_flight_next_psn(const struct rodp_sender *tx)
{
	const struct rodp_sq *sq = &tx->sq;

	if (sq->at.cur == sq->at.head)
		return tx->flight.psn;
	return rodp_psn_add(rodp_sq_wqe(sq, sq->at.cur)->first_psn, tx->flight.cur_packet);
}

/* PSN behind the answers to una and what follows that did not come: in una's work request. */
static u32 flight_gap_end(const struct rodp_sender *tx)
{
	u32 psn = tx->flight.una, end, i;

	rodp_end_assert_sending(tx->sq.end);
	end = rodp_psn_add(rodp_swqe_last_psn(rodp_sq_oldest(&tx->sq)), 1);
	for (i = 1; tx->early.at && i < RODP_EARLY_MAX; i++) {
		psn = rodp_psn_add(psn, 1);
		if (psn == end || rodp_early_find(&tx->early, psn))
			return psn;
	}
	return end;
}

/* Send so many packets again from una on, or all. */
static void flight_send_again(struct rodp_sender *tx, u32 packets)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	flight->again = packets == RODP_REPAIR_ALL ? 0 : packets;
	flight->probing = false;
	flight->asked = flight->again ? flight_gap_end(tx) : flight->una;
	rodp_rtt_forget(&flight->rtt);
	flight_go_to_psn(tx, flight->una);
}

void rodp_flight_repair(struct rodp_sender *tx, u32 packets)
{
	if (!packets)
		return;
	tx->flight.asking = false;
	flight_send_again(tx, packets);
}

bool rodp_flight_is_whole(const struct rodp_sender *tx)
{
	return !tx->flight.again && rodp_flight_next_psn(tx) == tx->flight.sent;
}

void rodp_flight_ask(struct rodp_sender *tx)
{
	if (!rodp_flight_is_whole(tx))
		return;
	tx->flight.asking = true;
	tx->flight.lossy = true;
	flight_send_again(tx, 1);
}

void rodp_flight_repaired(struct rodp_sender *tx, u32 behind)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	if (!flight->again)
		return;
	flight->again--;
	if (flight->again && rodp_psn_cmp(behind, flight->sent) < 0)
		return;
	flight->again = 0;
	if (!flight->asking)
		rodp_repair_left(&flight->repair, behind);
	flight_go_to_psn(tx, flight->sent);
}

void rodp_flight_went_on(struct rodp_sender *tx, bool acked)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_flight_repair(tx, rodp_repair_acked(&flight->repair, flight->una, flight->sent,
						 rodp_flight_next_psn(tx), acked));
}

struct rodp_flight_mark rodp_flight_mark(const struct rodp_sender *tx)
{
	const struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	return (struct rodp_flight_mark){
		.cur = tx->sq.at.cur,
		.cur_packet = flight->cur_packet,
		.sent = flight->sent,
		.rd_atomic = flight->rd_atomic,
		.unrequested = flight->unrequested,
		.again = flight->again,
		.asking = flight->asking,
		.probing = flight->probing,
	};
}

void rodp_flight_return(struct rodp_sender *tx, const struct rodp_flight_mark *mark)
{
	struct rodp_flight *flight = &tx->flight;

	flight_go_to(tx, mark->cur, mark->cur_packet);
	flight->sent = mark->sent;
	flight->rd_atomic = mark->rd_atomic;
	flight->unrequested = mark->unrequested;
	flight->again = mark->again;
	flight->asking = mark->asking;
	flight->probing = mark->probing;
	if (mark->again && !mark->asking)
		rodp_repair_returned(&flight->repair);
	rodp_rtt_forget(&flight->rtt);
}

void rodp_flight_catch_up(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	struct rodp_sq *sq = &tx->sq;
	const struct rodp_swqe *wqe;

	rodp_end_assert_sending(sq->end);
	if (flight->again && rodp_psn_cmp(rodp_flight_next_psn(tx), flight->una) < 0) {
		if (!flight->asking)
			rodp_repair_end(&flight->repair);
		flight->again = 0;
		flight_go_to_psn(tx, flight->sent);
	}
	if ((s32)(sq->at.tail - sq->at.cur) > 0) {
		sq->at.cur = sq->at.tail;
		flight->cur_packet = 0;
	}
	if (sq->at.cur != sq->at.tail || sq->at.cur == sq->at.head)
		return;
	wqe = rodp_sq_wqe(sq, sq->at.cur);
	if (rodp_psn_cmp(flight->una, wqe->first_psn) > 0)
		flight->cur_packet = max(flight->cur_packet,
					 rodp_psn_distance(wqe->first_psn, flight->una));
}

/* One retry less, and the clock starts anew. False: there was none left, and it has failed. */
static bool flight_use_retry(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	struct rodp_end *end = tx->sq.end;

	rodp_end_assert_sending(end);
	if (!flight->retries) {
		rodp_stats_inc(end->dev->stats, RODP_STAT_RETRY_EXCEEDED);
		rodp_flight_fail(tx, IB_WC_RETRY_EXC_ERR);
		return false;
	}
	flight->retries--;
	flight->lossy = true;
	flight->resync = true;
	flight->deadline = ktime_get_ns() + end->timeout;
	return true;
}

void rodp_flight_retry(struct rodp_sender *tx)
{
	if (flight_use_retry(tx))
		rodp_flight_rewind(tx, tx->flight.una);
}

void rodp_flight_overdue(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	bool first = flight->retries == tx->sq.end->retry_cnt;

	if (!first || flight->repair.peer != RODP_PEER_KEEPS || !rodp_flight_is_whole(tx))
		rodp_flight_retry(tx);
	else if (flight_use_retry(tx))
		rodp_flight_repair(tx,
				   rodp_repair_silent(&flight->repair, flight->una, flight->sent));
}

void rodp_flight_missing(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	u32 packets = rodp_repair_lost(&flight->repair, flight->una, flight->sent,
				       rodp_flight_is_whole(tx));

	if (packets && flight_use_retry(tx))
		rodp_flight_repair(tx, packets);
}

void rodp_flight_probe(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	u64 since = flight->rtt.since;

	rodp_end_assert_sending(tx->sq.end);
	flight->probed = true;
	if (!rodp_flight_is_whole(tx))
		return;
	rodp_stats_inc(tx->sq.end->dev->stats, RODP_STAT_PROBES);
	flight->lossy = true;
	rodp_flight_repair(tx, rodp_repair_silent(&flight->repair, flight->una, flight->sent));
	flight->probing = flight->again;
	/* If nothing was lost, what comes late is what is to be learnt; if it was, that is no worse than the probe was. */
	flight->rtt.since = since;
}

void rodp_flight_progress(struct rodp_sender *tx, u32 psn)
{
	struct rodp_flight *flight = &tx->flight;
	struct rodp_end *end = tx->sq.end;
	u64 now = ktime_get_ns();

	rodp_end_assert_sending(end);
	rodp_rtt_acked(&flight->rtt, psn, now);
	flight->came = rodp_early_advance(&tx->early, &tx->sq.lane, flight->una, psn);
	flight->una = psn;
	if (rodp_psn_cmp(flight->reached, psn) < 0)
		flight->reached = psn;
	if (rodp_psn_cmp(flight->asked, psn) < 0)
		flight->asked = psn;
	flight->probed = false;
	flight->retries = end->retry_cnt;
	flight->rnr_retries = end->rnr_retry;
	flight->rnr_rounds = 0;
	flight->resync = false;
	flight->rnr_wait = false; /* what it was for is done */
	flight->deadline = now + end->timeout;
}

void rodp_flight_land(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	rodp_park_cancel(&tx->source);
	rodp_park_cancel(&tx->target);
	kfree_skb(tx->hand.skb);
	tx->hand = (struct rodp_answer){};
	tx->sq.lane.state.stalled = false;
	flight->rnr_wait = false;
	flight->again = 0;
	flight->rd_atomic = 0;
	flight->cur_packet = 0;
	rodp_early_purge(&tx->early, &tx->sq.lane);
	flight->una = flight->psn;
	flight->sent = flight->psn;
	flight->reached = flight->psn;
	flight->asked = flight->psn;
}
