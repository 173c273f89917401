// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The send queue's timer, see timer.h.
 *
 * One hrtimer, in softirq context. It is not touched while packets are sent and
 * acknowledged: acknowledgements only move the deadline, and a timer that fires
 * before the deadline is started again for the rest.
 */
#include "qp/queue/sq.h"
#include "qp/send/timer.h"

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct rodp_qp *qp = container_of(timer, struct rodp_qp, sq.timer);

	rodp_lane_lock(&qp->sq.lane);
	qp->sq.timer_fired = true;
	rodp_lane_unlock(&qp->sq.lane);
	return HRTIMER_NORESTART;
}

void rodp_sq_timer_init(struct rodp_qp *qp)
{
	hrtimer_setup(&qp->sq.timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
}

static void timer_start(struct rodp_sq *sq, u64 ns)
{
	hrtimer_start(&sq->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_SOFT);
}

void rodp_sq_timer_watch(struct rodp_qp *qp, bool was_idle)
{
	struct rodp_sq *sq = &qp->sq;
	bool running;

	if (!qp->timeout)
		return;
	running = hrtimer_is_queued(&sq->timer);
	if (was_idle || !running)
		sq->deadline = ktime_get_ns() + qp->timeout;
	if (!running)
		timer_start(sq, qp->timeout);
}

void rodp_sq_timer_rnr(struct rodp_qp *qp, u64 ns)
{
	qp->sq.rnr_wait = true;
	timer_start(&qp->sq, ns);
}

static void timer_retransmit(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	u64 now = ktime_get_ns();

	if (!qp->timeout || !rodp_sq_in_flight(sq))
		return;
	/* The peer answered, and the answer waits here: for memory, or for its turn. */
	if (sq->hand || !skb_queue_empty(&sq->lane.backlog))
		sq->deadline = now + qp->timeout;
	if (now < sq->deadline) {
		timer_start(sq, sq->deadline - now);
		return;
	}
	rodp_stats_inc(qp->dev->stats, RODP_STAT_TIMEOUTS);
	rodp_sq_retry(qp);
}

void rodp_sq_timer_expired(struct rodp_qp *qp)
{
	qp->sq.timer_fired = false;
	if (qp->sq.rnr_wait)
		qp->sq.rnr_wait = false;
	else
		timer_retransmit(qp);
}
