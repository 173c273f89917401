// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The sender's timer, see timer.h.
 *
 * One hrtimer, in softirq context. It is not touched while packets are sent and
 * acknowledged: acknowledgements only move the deadline, and a timer that fires
 * before the deadline is started again for the rest.
 */
#include "qp/end/path.h"
#include "qp/send/flight.h"
#include "qp/send/timer.h"

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct rodp_sender *tx = container_of(timer, struct rodp_sender, timer);

	rodp_lane_lock(&tx->sq.lane);
	tx->flight.timer_fired = true;
	rodp_lane_unlock(&tx->sq.lane);
	return HRTIMER_NORESTART;
}

void rodp_sender_timer_init(struct rodp_sender *tx)
{
	hrtimer_setup(&tx->timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
}

/* Fire at a time; ns, ktime_get. */
static void timer_start(struct rodp_sender *tx, u64 now, u64 at)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.timer_at = at;
	hrtimer_start(&tx->timer, ns_to_ktime(at > now ? at - now : 0), HRTIMER_MODE_REL_SOFT);
}

/*
 * How long after the last sign of the peer una is sent again to see whether it is there, or 0: never.
 * Where a time-out is as near there is nothing to be won; and a peer that waits for memory knows by this that it is
 * a probe (responder.c).
 */
static u64 timer_patience(const struct rodp_sender *tx)
{
	u64 timeout = tx->sq.end->timeout, patience;

	if (tx->flight.probed || tx->sq.end->path->direct)
		return 0;
	/* Where nothing was lost so far, whoever is late is busy. Nor is anything measured where the first packets were. */
	patience = tx->flight.lossy ? rodp_rtt_patience(&tx->flight.rtt) : 0;
	patience = patience ?: timeout / 4;
	patience = max(patience, RODP_TIMEOUT_FLOOR);
	return patience < timeout / 2 ? patience : 0;
}

/* When there is something to do unless the peer says something; ns, ktime_get. */
static u64 timer_due(const struct rodp_sender *tx)
{
	u64 patience = timer_patience(tx);

	return patience ? tx->flight.deadline - tx->sq.end->timeout + patience
			: tx->flight.deadline;
}

void rodp_sender_timer_hasten(struct rodp_sender *tx)
{
	struct rodp_flight *flight = &tx->flight;
	u64 now;

	rodp_end_assert_sending(tx->sq.end);
	if (!tx->sq.end->timeout || flight->rnr_wait || tx->hand.skb)
		return;
	/* If the oldest packet is yet to be sent, who sends it watches. */
	if (rodp_psn_cmp(rodp_flight_next_psn(tx), flight->una) <= 0)
		return;
	if (!hrtimer_is_queued(&tx->timer)) {
		/* It was what made us send again, and the peer went on before that left. */
		now = ktime_get_ns();
		flight->deadline = now + tx->sq.end->timeout;
		timer_start(tx, now, timer_due(tx));
	} else if (flight->timer_at > timer_due(tx)) {
		timer_start(tx, ktime_get_ns(), timer_due(tx));
	}
}

void rodp_sender_timer_watch(struct rodp_sender *tx, bool was_idle)
{
	u64 timeout = tx->sq.end->timeout, now;
	bool running;

	rodp_end_assert_sending(tx->sq.end);
	if (!timeout)
		return;
	running = hrtimer_is_queued(&tx->timer);
	if (running && !was_idle) {
		rodp_sender_timer_hasten(tx);
		return;
	}
	now = ktime_get_ns();
	tx->flight.deadline = now + timeout;
	if (!running || tx->flight.timer_at > timer_due(tx))
		timer_start(tx, now, timer_due(tx));
}

/* RNR NAKs in a row that are taken at their word, and the wait that follows: it doubles, up to a bound. */
#define TIMER_RNR_PATIENT 4
#define TIMER_RNR_FIRST	  NSEC_PER_MSEC
#define TIMER_RNR_DOUBLED 4 /* times: 16 ms */

/* How long to wait at least when the last so many rounds were in vain, ns. */
static u64 timer_rnr_floor(u8 rounds)
{
	if (rounds < TIMER_RNR_PATIENT)
		return 0;
	return TIMER_RNR_FIRST << min(rounds - TIMER_RNR_PATIENT, TIMER_RNR_DOUBLED);
}

void rodp_sender_timer_rnr(struct rodp_sender *tx, u64 ns)
{
	struct rodp_flight *flight = &tx->flight;
	u64 now = ktime_get_ns();

	rodp_end_assert_sending(tx->sq.end);
	ns = max(ns, timer_rnr_floor(flight->rnr_rounds));
	if (flight->rnr_rounds < U8_MAX)
		flight->rnr_rounds++;
	flight->rnr_wait = true;
	flight->rnr_until = now + ns;
	timer_start(tx, now, flight->rnr_until);
}

/* A timer that had fired before the wait began, and came late to the lane, does not end it. */
static void timer_rnr(struct rodp_sender *tx)
{
	u64 now = ktime_get_ns();

	if (now < tx->flight.rnr_until)
		timer_start(tx, now, tx->flight.rnr_until);
	else
		tx->flight.rnr_wait = false;
}

/* How soon to look again when answers wait for their turn here, ns. */
#define TIMER_LOOK (10 * NSEC_PER_MSEC)

/*
 * The requester waits for memory, or because of congestion, in the middle of a message, and no
 * acknowledgement is asked for of what it has sent, or sent again, up to there: the peer owes none, however
 * long that takes.
 */
static bool timer_waits_here(struct rodp_sender *tx)
{
	const struct rodp_flight *flight = &tx->flight;
	struct rodp_sq *sq = &tx->sq;
	u32 next;

	rodp_end_assert_sending(sq->end);
	if (sq->at.cur == sq->at.head || !(rodp_park_waits(&tx->source) ||
					   rodp_lane_is_held_back(&sq->lane, flight->rtt.smoothed)))
		return false;
	next = rodp_psn_add(rodp_sq_wqe(sq, sq->at.cur)->first_psn, flight->cur_packet);
	return rodp_psn_distance(flight->una, next) <= flight->unrequested;
}

static void timer_retransmit(struct rodp_sender *tx)
{
	struct rodp_end *end = tx->sq.end;
	u64 now = ktime_get_ns();

	if (!end->timeout || !rodp_sender_in_flight(tx))
		return;
	/* The peer answered, and the answer waits here for memory: rodp_completer_resume() watches on. */
	if (tx->hand.skb)
		return;
	if (!skb_queue_empty(&tx->sq.lane.backlog))
		tx->flight.deadline = now + max(end->timeout, TIMER_LOOK);
	else if (timer_waits_here(tx))
		tx->flight.deadline = now + end->timeout;
	if (now < tx->flight.deadline) {
		if (now >= timer_due(tx))
			rodp_flight_probe(tx);
		timer_start(tx, now, timer_due(tx));
		return;
	}
	rodp_stats_inc(end->dev->stats, RODP_STAT_TIMEOUTS);
	rodp_flow_doubt(&end->flow);
	rodp_flight_overdue(tx);
}

void rodp_sender_timer_expired(struct rodp_sender *tx)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.timer_fired = false;
	if (tx->flight.rnr_wait)
		timer_rnr(tx);
	else
		timer_retransmit(tx);
}
