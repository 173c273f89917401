// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pacers, see pacer.h. */
#include <linux/ktime.h>

#include "qp/lane/lane.h"

/* The rate at which a sender begins that nobody slowed down: 25 Gb/s, whatever the netdev says. */
#define PACER_LINE (25000000000ull / 8)

/* What a notification says is true so long, ns: a lane may have had nothing to send. */
#define PACER_STALE 10000000u

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
	WRITE_ONCE(lane->pacer.told, 0);
	lane->pacer.pace = (struct rodp_pace){};
}

void rodp_pacer_notify(struct rodp_lane *lane)
{
	WRITE_ONCE(lane->pacer.told, ktime_get_ns());
}

/* Whether the lane was told since the last look, and not so long ago that nothing of it is true any more. */
static bool pacer_was_told(struct rodp_pacer *pacer, u64 now)
{
	u64 told = READ_ONCE(pacer->told);

	if (!told)
		return false;
	WRITE_ONCE(pacer->told, 0);
	return now < told + PACER_STALE;
}

bool rodp_pacer_look(struct rodp_lane *lane, u64 rtt)
{
	struct rodp_pacer *pacer = &lane->pacer;
	u64 now = ktime_get_ns(), period = rodp_pace_period(rtt), wait;

	lockdep_assert_held(&lane->lock);
	if (pacer_was_told(pacer, now))
		rodp_pace_cut(&pacer->pace, now, period, PACER_LINE);
	else
		rodp_pace_rise(&pacer->pace, now, period);
	wait = rodp_pace_wait(&pacer->pace, now);
	if (wait && !hrtimer_is_queued(&pacer->timer))
		/* On this CPU, so that packets stay in order. */
		hrtimer_start(&pacer->timer, ns_to_ktime(wait), HRTIMER_MODE_REL_PINNED_SOFT);
	return wait;
}

void rodp_pacer_count(struct rodp_lane *lane, u32 bytes)
{
	lockdep_assert_held(&lane->lock);
	rodp_pace_sent(&lane->pacer.pace, ktime_get_ns(), bytes);
}
