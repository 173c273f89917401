/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The pace of a sender that was told of congestion: DCQCN, the reaction point (Zhu et al., "Congestion Control for
 * Large-Scale RDMA Deployments", 2015). A notification cuts the rate by an estimate of how congested the
 * way is; without one the rate rises again, first half of the way back to where it was cut, then
 * beyond. Rates are bytes a second, times ns. Pure functions, any context.
 */
#ifndef RODP_QP_PACE_H
#define RODP_QP_PACE_H

#include "wire/env.h"

/* An estimate of 1; and by which part of the difference it follows what was seen: 1/16. */
#define PACE_ONE	1024u
#define PACE_GAIN_SHIFT 4
/* How long a step takes at least and at most: what was cut must be seen by those who notify. */
#define PACE_PERIOD_LEAST 300000u
#define PACE_PERIOD_MOST  10000000u
/* Steps up that only recover; then each adds; after as many again each adds ten times that. */
#define PACE_RECOVERS 5u
#define PACE_ADDS     (5000000u / 8) /* 5 Mb/s */
/* Nobody is slowed down to less, and nobody who is as fast is held back: 10 Mb/s, 100 Gb/s. */
#define PACE_RATE_LEAST (10000000u / 8)
#define PACE_RATE_MOST	(100000000000ull / 8)
/* What was not sent in its time may be sent together later: so much of it, ns. */
#define PACE_BURST 250000u
/* Steps up that are made up for after a pause. */
#define PACE_STEPS_MOST 64u

/* All zero: as fast as it goes. */
struct rodp_pace {
	u64 rate; /* 0: nobody said that it is too fast */
	u64 target; /* what the rate recovers to */
	u64 next; /* when the next packet may leave */
	u64 stepped; /* when the rate was changed */
	u32 alpha; /* how congested the way is, of PACE_ONE */
	u32 rises; /* since the last cut, saturated */
};

/* How long a step is where the round trip takes rtt (0: unknown). */
static inline u64 rodp_pace_period(u64 rtt)
{
	if (rtt < PACE_PERIOD_LEAST)
		return PACE_PERIOD_LEAST;
	return rtt < PACE_PERIOD_MOST ? rtt : PACE_PERIOD_MOST;
}

static inline void pace_follow(struct rodp_pace *pace, u32 seen)
{
	pace->alpha = pace->alpha - (pace->alpha >> PACE_GAIN_SHIFT) + (seen >> PACE_GAIN_SHIFT);
}

/* The peer was told of congestion. line: the rate of a sender that nobody slowed down. */
static inline void rodp_pace_cut(struct rodp_pace *pace, u64 now, u64 period, u64 line)
{
	if (!pace->rate)
		*pace = (struct rodp_pace){ .rate = line, .alpha = PACE_ONE, .next = now };
	else if (now - pace->stepped < period && !pace->rises)
		return; /* of the same time as the last one */
	pace_follow(pace, PACE_ONE);
	pace->target = pace->rate;
	pace->rate -= pace->rate * pace->alpha / (2 * PACE_ONE);
	if (pace->rate < PACE_RATE_LEAST)
		pace->rate = PACE_RATE_LEAST;
	pace->stepped = now;
	pace->rises = 0;
}

static inline void pace_rise(struct rodp_pace *pace)
{
	pace_follow(pace, 0);
	if (pace->rises >= 2 * PACE_RECOVERS)
		pace->target += 10 * PACE_ADDS;
	else if (pace->rises >= PACE_RECOVERS)
		pace->target += PACE_ADDS;
	pace->rises += pace->rises < 2 * PACE_RECOVERS;
	pace->rate = (pace->rate + pace->target) / 2;
}

/* Time goes by without a notification. */
static inline void rodp_pace_rise(struct rodp_pace *pace, u64 now, u64 period)
{
	u32 steps = 0;

	while (pace->rate && now - pace->stepped >= period) {
		if (++steps > PACE_STEPS_MOST) {
			pace->stepped = now; /* a pause */
			break;
		}
		pace_rise(pace);
		pace->stepped += period;
	}
	if (pace->rate >= PACE_RATE_MOST)
		*pace = (struct rodp_pace){};
}

/* A packet of so many bytes leaves now. */
static inline void rodp_pace_sent(struct rodp_pace *pace, u64 now, u32 bytes)
{
	u64 from = now > PACE_BURST ? now - PACE_BURST : 0;

	if (!pace->rate)
		return;
	if (pace->next < from)
		pace->next = from;
	pace->next += bytes * 1000000000ull / pace->rate;
}

/* How long nothing may leave, ns; 0: something may. */
static inline u64 rodp_pace_wait(const struct rodp_pace *pace, u64 now)
{
	return pace->rate && pace->next > now ? pace->next - now : 0;
}

#endif
