/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The round trip: from a packet that asks for an acknowledgement to that acknowledgement. One packet at a time is
 * measured, and none that was sent more than once: nobody knows which copy was acknowledged (Karn).
 * Smoothed as RFC 6298 has it. All times are ns. Pure functions, any context.
 */
#ifndef RODP_QP_RTT_H
#define RODP_QP_RTT_H

#include "wire/psn.h"

/* All zero: nothing is known. */
struct rodp_rtt {
	u64 smoothed; /* 0: nothing was measured yet */
	u64 deviation;
	u64 since; /* when the packet was sent that is measured; 0: none is */
	u32 psn; /* of it */
};

/* A packet that is new leaves now. */
static inline void rodp_rtt_begin(struct rodp_rtt *rtt, u32 psn, u64 now)
{
	if (rtt->since)
		return;
	rtt->since = now;
	rtt->psn = psn;
}

/* Something is sent again, or was not sent after all: what comes is no measure. */
static inline void rodp_rtt_forget(struct rodp_rtt *rtt)
{
	rtt->since = 0;
}

static inline void rodp_rtt_add(struct rodp_rtt *rtt, u64 ns)
{
	u64 off = ns > rtt->smoothed ? ns - rtt->smoothed : rtt->smoothed - ns;

	if (rtt->smoothed) {
		rtt->deviation = rtt->deviation - rtt->deviation / 4 + off / 4;
		rtt->smoothed = rtt->smoothed - rtt->smoothed / 8 + ns / 8;
	} else {
		rtt->smoothed = ns;
		rtt->deviation = ns / 2;
	}
	rtt->smoothed += !rtt->smoothed;
}

/* The peer acknowledged what is before PSN una. */
static inline void rodp_rtt_acked(struct rodp_rtt *rtt, u32 una, u64 now)
{
	if (!rtt->since || rodp_psn_cmp(una, rtt->psn) <= 0)
		return;
	rodp_rtt_add(rtt, now - rtt->since);
	rtt->since = 0;
}

/* How long an answer may take before one looks for it, or 0: nothing is known of that. */
static inline u64 rodp_rtt_patience(const struct rodp_rtt *rtt)
{
	u64 twice = 2 * rtt->smoothed, varied = rtt->smoothed + 4 * rtt->deviation;

	return twice > varied ? twice : varied;
}

#endif
