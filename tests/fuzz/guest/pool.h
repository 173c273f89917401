/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The objects of one process: handles that calls answered with, by kind. One that was destroyed
 * stays here, until another takes its place: so stale handles come as often as live ones. Threads of the
 * process share it, without a lock.
 */
#ifndef FUZZ_POOL_H
#define FUZZ_POOL_H

#include <stdint.h>

#include "dice.h"

enum thing {
	THING_NONE,
	THING_PD,
	THING_CQ,
	THING_QP,
	THING_SRQ,
	THING_AH,
	THING_MR,
	THING_MW,
	THING_XRCD,
	THING_DM,
	THING_QPN, /* numbers, not handles */
	THING_LKEY,
	THING_CHANNEL, /* from here on: files, which are closed when another takes their place */
	THING_EVENTS,
	THING_DMABUF,
	THINGS
};

/* Remembers a handle. */
void pool_put(struct dice *dice, enum thing thing, uint32_t handle);
/* One of this kind, perhaps stale; without any, 0. */
uint32_t pool_get(struct dice *dice, enum thing thing);
/* Forgets all without closing anything: in a child, whose parent's they were. */
void pool_forget(void);

#endif
