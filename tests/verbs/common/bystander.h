/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Another process, whose connections of every transport must not notice what happens beside them. All that
 * it sends is checked, byte by byte, and counted: nothing is executed twice, and of reliable transports
 * nothing is lost.
 */
#ifndef VT_BYSTANDER_H
#define VT_BYSTANDER_H

#include <stdatomic.h>

#include "ends.h"

/* What it shares with who started it. */
struct vt_bystander_shared {
	atomic_ulong rounds; /* each: a few messages of each transport */
	atomic_ulong lost; /* datagrams and messages of UC */
	atomic_bool stop;
	uint32_t qpn[2 * VT_TRANSPORTS];
};

struct vt_bystander {
	pid_t pid;
	struct vt_bystander_shared *shared;
};

/* Starts it, and returns when it runs. Reads vt_options; the caller has no device open yet. */
void vt_bystander_start(struct vt_bystander *bystander);
/* Whether it is one of its queue pairs. */
bool vt_bystander_has(const struct vt_bystander *bystander, uint32_t qpn);
/* How often it has been round so far. */
unsigned long vt_bystander_rounds(const struct vt_bystander *bystander);
/* Fails unless it still runs, and comes round within --wait-ms. */
void vt_bystander_check(const struct vt_bystander *bystander);
/* Ends it; fails unless it found everything right. */
void vt_bystander_end(struct vt_bystander *bystander);

#endif
