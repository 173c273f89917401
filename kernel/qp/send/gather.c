// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Gathering work requests, see gather.h. Send lane held throughout. */
#include <linux/ktime.h>
#include <linux/module.h>

#include "qp/end/end.h"
#include "qp/send/gather.h"

static unsigned int gather_us = 16;
module_param(gather_us, uint, 0644);
MODULE_PARM_DESC(gather_us,
		 "how long work requests of a stream are gathered, microseconds; 0: not at all");

/* Longer than this nobody waits, whatever the parameter says, us. */
#define GATHER_MOST 1000u
/* Doorbells in a row that begin a stream, and the time between two of them, ns. */
#define GATHER_STREAK 16
#define GATHER_GAP    (200 * NSEC_PER_USEC)
/* Fewer work requests than this are few; so many looks in a row that find few end the stream. */
#define GATHER_LEAST 4
#define GATHER_POOR  3

static u64 gather_ns(void)
{
	return min(READ_ONCE(gather_us), GATHER_MOST) * NSEC_PER_USEC;
}

/* On this CPU, so that packets stay in order. */
static void gather_start(struct rodp_gather *gather, u64 ns)
{
	hrtimer_start(&gather->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_PINNED_SOFT);
}

static bool gather_goes_on(struct rodp_sender *tx)
{
	const struct rodp_sq *sq = &tx->sq;
	struct rodp_gather *gather = &tx->gather;

	rodp_end_assert_sending(sq->end);
	gather->poor = rodp_sq_posted(sq) < GATHER_LEAST ? gather->poor + 1 : 0;
	return gather->poor < GATHER_POOR && !sq->lane.stopped && rodp_end_begins(sq->end);
}

static enum hrtimer_restart gather_look(struct hrtimer *timer)
{
	struct rodp_sender *tx = container_of(timer, struct rodp_sender, gather.timer);
	struct rodp_gather *gather = &tx->gather;

	rodp_lane_lock(&tx->sq.lane);
	gather->on = gather->paused = gather_goes_on(tx) && gather_ns();
	rodp_lane_unlock(&tx->sq.lane); /* takes what is there, and the timer goes on behind it */
	return HRTIMER_NORESTART;
}

/* The next look is so long after what this one found was sent: that takes as long as it takes. */
void rodp_gather_ran(struct rodp_sender *tx)
{
	rodp_end_assert_sending(tx->sq.end);
	if (likely(!tx->gather.paused) || tx->sq.at.cur != tx->sq.at.head)
		return;
	tx->gather.paused = false;
	gather_start(&tx->gather, gather_ns());
}

void rodp_gather_init(struct rodp_sender *tx)
{
	hrtimer_setup(&tx->gather.timer, gather_look, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_SOFT);
}

void rodp_gather_rung(struct rodp_sender *tx, bool waited)
{
	struct rodp_gather *gather = &tx->gather;
	u64 now, ns = gather_ns();

	rodp_end_assert_sending(tx->sq.end);
	if (waited) {
		gather->streak = 0;
		return;
	}
	now = ktime_get_ns();
	gather->streak = now - gather->last > GATHER_GAP ? 0 : gather->streak + 1;
	gather->last = now;
	if (gather->on || gather->streak < GATHER_STREAK || tx->sq.lane.stopped || !ns)
		return;
	gather->on = true;
	gather->streak = gather->poor = 0;
	gather_start(gather, ns);
}

/* The process was told that it need not ring; without gathering it would have, and this would be on its way. */
void rodp_gather_finish(struct rodp_sender *tx)
{
	if (READ_ONCE(tx->gather.on))
		rodp_lane_run(&tx->sq.lane);
}

void rodp_gather_quiesce(struct rodp_sender *tx)
{
	hrtimer_cancel(&tx->gather.timer);
}

void rodp_gather_reset(struct rodp_sender *tx)
{
	struct rodp_gather *gather = &tx->gather;

	rodp_end_assert_sending(tx->sq.end);
	gather->on = gather->paused = false;
	gather->streak = gather->poor = 0;
}
