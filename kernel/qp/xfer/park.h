/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Parking: what a lane does at a miss.
 *
 * The access that missed asks the fault engine for the rest of its extent and returns; the lane
 * keeps what it has in hand. When the fault is over, the lane is run again from a work item and
 * tries the same access once more. A fault's error counts only if the access then misses at the
 * same place again; and lack of memory, which may be over in a moment, only after some tries, each
 * later than the one before.
 */
#ifndef RODP_QP_PARK_H
#define RODP_QP_PARK_H

#include "mem/access.h"
#include "odp/fault.h"
#include "qp/lane/lane.h"

struct rodp_park {
	struct rodp_fault_waiter waiter;
	struct work_struct work;
	struct rodp_lane *lane;
	bool waiting; /* a fault is under way; under the lane's lock */
	int err; /* of the last fault, for the access at (key, iova) */
	u8 tries; /* faults in a row that found no memory */
	u32 key;
	u64 iova;
};

/* Whether memory is waited for: a fault, or the next try of one that found none. The lane is held. */
static inline bool rodp_park_waits(const struct rodp_park *park)
{
	lockdep_assert_held(&park->lane->lock);
	return park->waiting || (park->tries && park->lane->state.resting);
}

/**
 * rodp_park_init() - make what a lane waits for memory with
 * @park: zeroed
 * @lane: whose it is
 *
 * Context: Process.
 */
void rodp_park_init(struct rodp_park *park, struct rodp_lane *lane);

/**
 * rodp_park_miss() - the access to mr at iova missed: wait for memory
 * @park: of a lane that is held
 * @mr: on demand, referenced for the time of the call
 * @iova: lies within @mr
 * @extent: bytes that will be wanted from there on; within @mr
 * @write: whether they will be written
 *
 * Return: -EAGAIN (parked, or resting: the lane will be run again), or -EFAULT when the last fault
 * at this very place failed.
 *
 * Context: BH disabled.
 */
int rodp_park_miss(struct rodp_park *park, struct rodp_mr *mr, u64 iova, u64 extent, bool write);

/**
 * rodp_park_cancel() - nobody waits any more
 * @park: of a lane that is held
 *
 * Context: Process or softirq.
 */
void rodp_park_cancel(struct rodp_park *park);

/**
 * rodp_park_quiesce() - the same, and the work item has ended
 * @park: of a lane that is stopped and quiesced, and not held
 *
 * Context: Process, sleeps.
 */
void rodp_park_quiesce(struct rodp_park *park);

#endif
