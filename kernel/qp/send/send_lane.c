// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The send lane at work, see send_lane.h. */
#include "qp/end/notice.h"
#include "qp/end/tell.h"
#include "qp/send/completer.h"
#include "qp/send/flight.h"
#include "qp/send/gather.h"
#include "qp/send/send_lane.h"
#include "qp/send/timer.h"

void rodp_send_lane_init(struct rodp_sender *tx)
{
	struct rodp_sq *sq = &tx->sq;

	spin_lock_init(&sq->post_lock);
	rodp_lane_init(&sq->lane, sq->end->transport->send_lane, sq->end->dev->stats);
	rodp_park_init(&tx->source, &sq->lane);
	rodp_park_init(&tx->target, &sq->lane);
	rodp_sender_timer_init(tx);
	rodp_gather_init(tx);
}

void rodp_send_lane_quiesce(struct rodp_sender *tx)
{
	hrtimer_cancel(&tx->timer);
	rodp_gather_quiesce(tx);
	rodp_lane_quiesce(&tx->sq.lane);
	rodp_park_quiesce(&tx->source);
	rodp_park_quiesce(&tx->target);
}

void rodp_send_lane_reset(struct rodp_sender *tx)
{
	rodp_end_assert_sending(tx->sq.end);
	kfree_skb(tx->hand.skb);
	tx->hand = (struct rodp_answer){};
	rodp_early_purge(&tx->early, &tx->sq.lane);
	tx->flight = (struct rodp_flight){};
	rodp_gather_reset(tx);
	rodp_sq_reset(&tx->sq);
}

/* SQD: what was begun goes on, nothing new begins; once all is done, say so. */
static void send_lane_tell_drained(struct rodp_sender *tx)
{
	struct rodp_sq *sq = &tx->sq;

	lockdep_assert_held(&sq->lane.lock);
	if (sq->end->state != IB_QPS_SQD || !rodp_sq_is_empty(sq) || tx->flight.drained_told ||
	    !sq->end->attr.en_sqd_async_notify)
		return;
	tx->flight.drained_told = true;
	sq->lane.tell |= RODP_TELL_SQ_DRAINED;
}

/* As much as may be done in one go; the lane's work item does the rest. */
static void send_lane_flush(struct rodp_sender *tx)
{
	rodp_flight_land(tx);
	if (!rodp_sq_flush(&tx->sq))
		rodp_lane_hurry(&tx->sq.lane);
}

static void send_lane_work(struct rodp_sender *tx)
{
	if (tx->hand.skb && !tx->target.waiting && !tx->sq.lane.state.resting)
		rodp_completer_resume(tx);
	if (tx->flight.timer_fired && rodp_end_sends(tx->sq.end))
		rodp_sender_timer_expired(tx);
	if (rodp_end_sends(tx->sq.end))
		tx->sq.end->transport->send->run(tx);
	rodp_gather_ran(tx);
	rodp_notice_pay(tx->sq.end, &tx->sq.lane);
	send_lane_tell_drained(tx);
}

static void send_lane_run(struct rodp_lane *lane)
{
	struct rodp_sender *tx = to_rodp_sender(lane);
	struct rodp_end *end = tx->sq.end;

	lockdep_assert_held(&lane->lock);
	if (rodp_end_sends(end))
		send_lane_work(tx);
	if (rodp_end_send_is_broken(end))
		send_lane_flush(tx);
}

static void send_lane_after(struct rodp_lane *lane, u32 tell)
{
	rodp_end_after(to_rodp_sender(lane)->sq.end, tell);
}

const struct rodp_lane_ops rodp_send_lane_ops = {
	.packet = rodp_completer_packet,
	.run = send_lane_run,
	.after = send_lane_after,
};
