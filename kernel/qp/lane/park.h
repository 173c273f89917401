/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Parking: what a lane does at a miss.
 *
 * The access that missed asks the fault engine for the rest of its extent and
 * returns; the lane keeps what it has in hand. When the fault is over, the lane
 * is run again from a work item and tries the same access once more. A fault's
 * error counts only if the access then misses at the same place again. The peer of a
 * responder that is parked for longer than the peer's timeout sends its request again, and
 * is answered with an RNR NAK (responder.c); sooner nothing is sent.
 */
#ifndef RODP_QP_PARK_H
#define RODP_QP_PARK_H

#include "mem/access.h"
#include "odp/fault.h"

struct rodp_lane;

struct rodp_park {
	struct rodp_fault_waiter waiter;
	struct work_struct work;
	struct rodp_lane *lane;
	bool waiting; /* a fault is under way; under the lane's lock */
	int error; /* of the last fault, for the access at (key, iova) */
	u32 key;
	u64 iova;
};

void rodp_park_init(struct rodp_park *park, struct rodp_lane *lane);

/*
 * The access to mr at iova missed: ask for [iova, iova + extent). Lane's lock held.
 * Returns -EAGAIN (parked: the lane will be run again), or -EFAULT when the last
 * fault at this very place failed.
 */
int rodp_park_miss(struct rodp_park *park, struct rodp_mr *mr, u64 iova, u64 extent, bool write);

/* Nobody waits any more. quiesce also outlives the work item; it sleeps. */
void rodp_park_cancel(struct rodp_park *park);
void rodp_park_quiesce(struct rodp_park *park);

#endif
