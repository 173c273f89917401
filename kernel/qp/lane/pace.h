/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The pace of a sender that was told of congestion. Notifications are DCQCN's (Zhu et al., "Congestion Control for
 * Large-Scale RDMA Deployments", 2015), and so is the estimate of how congested the way is; the rate
 * follows it as DCTCP's window does (RFC 8257): once a round trip it is cut by half of the estimate if there was a
 * notification, and a packet is added. DCQCN's own increase, back to where the rate was, keeps two senders as unequal
 * as they are. Rates are bytes a second, times ns. Pure functions, any context.
 */
#ifndef RODP_QP_PACE_H
#define RODP_QP_PACE_H

#include "wire/env.h"

/* An estimate of 1; and by which part of the difference it follows what was seen: 1/16. */
#define PACE_ONE	1024u
#define PACE_GAIN_SHIFT 4
/* How long a step takes at least and at most: what was cut must be seen by those who notify. */
#define PACE_PERIOD_LEAST 300000u
#define PACE_PERIOD_MOST  20000000u
/* Of who does not know the round trip: who answers READs. */
#define PACE_PERIOD_ELSE 4000000u
/* What a period adds: bytes a period; and, when none was marked for so many, a part of what there is. */
#define PACE_ADDS    4096u
#define PACE_HASTENS 20u
#define PACE_PART    8u
/* Nobody is slowed down to less, and nobody who is as fast is held back: 2 Mb/s, 100 Gb/s. */
#define PACE_RATE_LEAST (2000000u / 8)
#define PACE_RATE_MOST	(100000000000ull / 8)
/* What was not sent in its time may be sent together later: so much of it, ns. */
#define PACE_BURST 250000u
/* How soon after a notification the next one comes at most, ns: of this driver and of hardware. */
#define PACE_NOTICE 50000u
/* Steps up that are made up for after a pause. */
#define PACE_STEPS_MOST 64u

/* All zero: as fast as it goes. */
struct rodp_pace {
	u64 rate; /* 0: nobody said that it is too fast */
	u64 next; /* when the next packet may leave */
	u64 stepped; /* when the rate was changed */
	u32 alpha; /* how congested the way is: marks, of PACE_ONE */
	u32 calm; /* periods since the last cut, at most PACE_HASTENS */
	u32 packets; /* sent since the rate was changed */
};

/* How long a step is where the round trip takes rtt (0: unknown). */
static inline u64 rodp_pace_period(u64 rtt)
{
	if (!rtt)
		return PACE_PERIOD_ELSE;
	if (rtt < PACE_PERIOD_LEAST)
		return PACE_PERIOD_LEAST;
	return rtt < PACE_PERIOD_MOST ? rtt : PACE_PERIOD_MOST;
}

static inline void pace_follow(struct rodp_pace *pace, u32 seen)
{
	pace->alpha = pace->alpha - (pace->alpha >> PACE_GAIN_SHIFT) + (seen >> PACE_GAIN_SHIFT);
}

/*
 * Which part of the notifications came that there could have been, of PACE_ONE: one for each packet, and
 * none sooner after another than PACE_NOTICE.
 */
static inline u32 pace_seen(const struct rodp_pace *pace, u64 time, u32 told)
{
	u64 most = time / PACE_NOTICE, seen;

	if (most > pace->packets)
		most = pace->packets;
	if (told >= most)
		return PACE_ONE;
	seen = (u64)PACE_ONE * told / most;
	return seen ? (u32)seen : 1; /* one of many is not none */
}

static inline void pace_cut(struct rodp_pace *pace)
{
	pace->rate -= pace->rate * pace->alpha / (2 * PACE_ONE);
	if (pace->rate < PACE_RATE_LEAST)
		pace->rate = PACE_RATE_LEAST;
	pace->calm = 0;
}

/* One period: a packet more in each, whatever was marked, so that who has less gains on who has more. */
static inline void pace_step(struct rodp_pace *pace, u64 period, u32 seen)
{
	pace_follow(pace, seen);
	if (seen)
		pace_cut(pace);
	else
		pace->calm += pace->calm < PACE_HASTENS;
	pace->rate += PACE_ADDS * 1000000000ull / period;
	if (pace->calm == PACE_HASTENS)
		pace->rate += pace->rate / PACE_PART;
}

/* For so many periods there was no notification. */
static inline void pace_calm(struct rodp_pace *pace, u64 period, u64 periods)
{
	if (periods > PACE_STEPS_MOST)
		periods = PACE_STEPS_MOST; /* a pause */
	while (periods--)
		pace_step(pace, period, 0);
	if (pace->rate >= PACE_RATE_MOST)
		*pace = (struct rodp_pace){};
}

/*
 * The time is now, and told notifications came since the last look. Returns how many of them are yet to be
 * looked at: all, if the period is not over. line: the rate of a sender that nobody slowed down.
 */
static inline u32 rodp_pace_look(struct rodp_pace *pace, u64 now, u64 period, u64 line, u32 told)
{
	u64 time = now - pace->stepped;

	if (!pace->rate && !told)
		return 0;
	if (!pace->rate)
		*pace = (struct rodp_pace){ .rate = line, .alpha = PACE_ONE, .next = now };
	else if (time < period)
		return told;
	if (told)
		pace_step(pace, period, pace_seen(pace, time, told));
	else
		pace_calm(pace, period, time / period);
	pace->packets = 0;
	pace->stepped = now;
	return 0;
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
	pace->packets++;
}

/* How long nothing may leave, ns; 0: something may. */
static inline u64 rodp_pace_wait(const struct rodp_pace *pace, u64 now)
{
	return pace->rate && pace->next > now ? pace->next - now : 0;
}

#endif
