// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pacers, see pacer.h. */
#include <linux/ktime.h>

#include "qp/lane/lane.h"

/*
 * The rate of a sender that nobody slowed down: what can be on its way in a round trip, bytes, but not more
 * than 25 Gb/s, whatever the netdev says.
 */
#define PACER_FLIGHT (512ull << 10)
#define PACER_LINE   (25000000000ull / 8)

static u64 pacer_line(u64 rtt)
{
	return rtt ? min(PACER_LINE, PACER_FLIGHT * 1000000000ull / rtt) : PACER_LINE;
}

static enum hrtimer_restart pacer_fired(struct hrtimer *timer)
{
	struct rodp_lane *lane = container_of(timer, struct rodp_lane, pacer.timer);

	rodp_lane_run(lane);
	return HRTIMER_NORESTART;
}

void rodp_pacer_init(struct rodp_lane *lane)
{
	hrtimer_setup(&lane->pacer.timer, pacer_fired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_SOFT);
}

void rodp_pacer_quiesce(struct rodp_lane *lane)
{
	hrtimer_cancel(&lane->pacer.timer);
}

void rodp_pacer_reset(struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	atomic_set(&lane->pacer.told, 0);
	lane->pacer.pace = (struct rodp_pace){};
}

void rodp_pacer_notify(struct rodp_lane *lane)
{
	atomic_inc(&lane->pacer.told);
}

bool rodp_pacer_look(struct rodp_lane *lane, u64 rtt)
{
	struct rodp_pacer *pacer = &lane->pacer;
	u64 now = ktime_get_ns(), period = rodp_pace_period(rtt), wait;

	lockdep_assert_held(&lane->lock);
	atomic_add(rodp_pace_look(&pacer->pace, now, period, pacer_line(rtt),
				  atomic_xchg(&pacer->told, 0)),
		   &pacer->told);
	wait = rodp_pace_wait(&pacer->pace, now);
	/* On this CPU, so that packets stay in order. */
	if (wait && !hrtimer_is_queued(&pacer->timer))
		hrtimer_start(&pacer->timer, ns_to_ktime(wait), HRTIMER_MODE_REL_PINNED_SOFT);
	return wait;
}

void rodp_pacer_count(struct rodp_lane *lane, u32 bytes)
{
	lockdep_assert_held(&lane->lock);
	rodp_pace_sent(&lane->pacer.pace, ktime_get_ns(), bytes);
}
