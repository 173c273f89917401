/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Holding on to a region: packets that are made one after the other mostly read from one region, whose key is looked
 * up for the first of them. For each one after it the key, the rights and the bounds are compared again.
 *
 * Whoever takes the key out of force waits for the holder (rodp_mr_change(), rodp_mr_destroy()), or asks again until it
 * lets go (rodp_fast_invalidate()): so nobody holds on while he waits for anything.
 */
#ifndef RODP_MEM_HOLD_H
#define RODP_MEM_HOLD_H

#include "mem/mr.h"

/* All zero: nothing. */
struct rodp_hold {
	struct rodp_mr *mr; /* referenced; NULL: none */
};

/**
 * rodp_hold_put() - let go
 * @hold: of something, or of nothing
 *
 * Context: Any.
 */
static inline void rodp_hold_put(struct rodp_hold *hold)
{
	if (!hold->mr)
		return;
	rodp_mr_put(hold->mr);
	hold->mr = NULL;
}

/**
 * rodp_hold_get() - rodp_mr_get() of a region that may be held already
 * @hold: becomes a hold of the region, and of no other; the caller owes rodp_hold_put()
 * @dev: and what follows: as for rodp_mr_get()
 *
 * Context: BH disabled, until it is put.
 * Return: as rodp_mr_get(); the reference is @hold's.
 */
static inline struct rodp_mr *rodp_hold_get(struct rodp_hold *hold, struct rodp_dev *dev,
					    struct ib_pd *pd, u32 key, u32 access, u64 iova,
					    u64 bytes)
{
	struct rodp_mr *mr = hold->mr;

	if (mr && smp_load_acquire(&mr->key) == key && mr->ib.pd == pd &&
	    (mr->access & access) == access && rodp_mr_covers(mr, iova, bytes))
		return mr;
	rodp_hold_put(hold);
	hold->mr = rodp_mr_get(dev, pd, key, access, iova, bytes);
	return hold->mr;
}

#endif
