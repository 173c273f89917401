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

void rodp_sender_timer_rnr(struct rodp_sender *tx, u64 ns)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.rnr_wait = true;
	timer_start(tx, ns);
}

static void timer_retransmit(struct rodp_sender *tx)
{
	struct rodp_end *end = tx->sq.end;
	u64 now = ktime_get_ns();

	if (!end->timeout || !rodp_sender_in_flight(tx))
		return;
	/* The peer answered, and the answer waits here: for memory, or for its turn. */
	if (tx->hand.skb || !skb_queue_empty(&tx->sq.lane.backlog))
		tx->flight.deadline = now + end->timeout;
	if (now < tx->flight.deadline) {
		timer_start(tx, tx->flight.deadline - now);
		return;
	}
	rodp_stats_inc(end->dev->stats, RODP_STAT_TIMEOUTS);
	rodp_flight_retry(tx);
}

void rodp_sender_timer_expired(struct rodp_sender *tx)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.timer_fired = false;
	if (tx->flight.rnr_wait)
		tx->flight.rnr_wait = false;
	else
		timer_retransmit(tx);
}
