/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Two ends of a transport that are kept in two states, with work under way, whatever packets do to them. */
#ifndef INJECTOR_TARGET_H
#define INJECTOR_TARGET_H

#include "ends.h"
#include "injector/range.h"
#include "ledger.h"

/* Pairs of states. */
#define POSTURES 9

struct target {
	struct vt_ends ends;
	enum ibv_qp_state state_a, state_b;
	bool ipv6;
	struct vt_ledger sent, received;
};

/* Posture: 0 to POSTURES - 1. */
void target_open(struct range *range, struct target *target, enum vt_transport transport,
		 unsigned int posture);
void target_close(struct target *target);
/* A packet may have brought it into an error: then it starts anew. */
void target_keep(struct range *range, struct target *target);
/* Takes what is complete, and posts some more, as far as its states take any. */
void target_work(struct range *range, struct target *target);
/* It can be reset, and works: its posture is lost. */
void target_works(struct range *range, struct target *target);

#endif
