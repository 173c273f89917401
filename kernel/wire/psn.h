/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packet sequence numbers: 24 bits, compared in a circular order (IBTA vol. 1,
 * 9.7.1). The valid window is 2^23 wide. Pure functions, any context.
 */
#ifndef RODP_WIRE_PSN_H
#define RODP_WIRE_PSN_H

#include "wire/env.h"

#define RODP_PSN_MASK 0xffffffu

/* The PSN n packets after psn. */
static inline u32 rodp_psn_add(u32 psn, u32 n)
{
	return (psn + n) & RODP_PSN_MASK;
}

/* Negative, zero or positive as a comes before, equals or follows b. */
static inline s32 rodp_psn_cmp(u32 a, u32 b)
{
	return (s32)((a - b) << 8);
}

/* Packets from `from` up to, not including, `to`; 0 to 2^24 - 1. */
static inline u32 rodp_psn_distance(u32 from, u32 to)
{
	return (to - from) & RODP_PSN_MASK;
}

#endif
