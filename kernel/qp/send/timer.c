// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The sender's timer, see timer.h.
 *
 * One hrtimer, in softirq context. It is not touched while packets are sent and
 * acknowledged: acknowledgements only move the deadline, and a timer that fires
 * before the deadline is started again for the rest.
 */
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

static void timer_start(struct rodp_sender *tx, u64 ns)
{
	rodp_end_assert_sending(tx->sq.end);
	hrtimer_start(&tx->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_SOFT);
}

void rodp_sender_timer_watch(struct rodp_sender *tx, bool was_idle)
{
	u64 timeout = tx->sq.end->timeout;
	bool running;

	rodp_end_assert_sending(tx->sq.end);
	if (!timeout)
		return;
	running = hrtimer_is_queued(&tx->timer);
	if (was_idle || !running)
		tx->flight.deadline = ktime_get_ns() + timeout;
	if (!running)
		timer_start(tx, timeout);
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

	rodp_end_assert_sending(tx->sq.end);
	ns = max(ns, timer_rnr_floor(flight->rnr_rounds));
	if (flight->rnr_rounds < U8_MAX)
		flight->rnr_rounds++;
	flight->rnr_wait = true;
	flight->rnr_until = ktime_get_ns() + ns;
	timer_start(tx, ns);
}

/* A timer that had fired before the wait began, and came late to the lane, does not end it. */
static void timer_rnr(struct rodp_sender *tx)
{
	u64 now = ktime_get_ns();

	if (now < tx->flight.rnr_until)
		timer_start(tx, tx->flight.rnr_until - now);
	else
		tx->flight.rnr_wait = false;
}

/* How soon to look again when answers wait for their turn here, ns. */
#define TIMER_LOOK (10 * NSEC_PER_MSEC)

/*
 * The requester waits for memory in the middle of a message, and no acknowledgement is asked for of
 * what it has sent, or sent again, up to there: the peer owes none, however long that takes.
 */
static bool timer_waits_here(const struct rodp_sender *tx)
{
	const struct rodp_flight *flight = &tx->flight;
	const struct rodp_sq *sq = &tx->sq;
	u32 next;

	rodp_end_assert_sending(sq->end);
	if (!rodp_park_waits(&tx->source) || sq->at.cur == sq->at.head)
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
		timer_start(tx, tx->flight.deadline - now);
		return;
	}
	rodp_stats_inc(end->dev->stats, RODP_STAT_TIMEOUTS);
	rodp_flow_doubt(&end->flow);
	rodp_flight_retry(tx);
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
