/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* MRs on demand: views of a mirror (odp/mirror.h), whose pages may be absent. */
#ifndef RODP_MEM_ON_DEMAND_H
#define RODP_MEM_ON_DEMAND_H

#include "mem/mr.h"

struct rodp_mirror_set;

extern const struct rodp_mr_ops rodp_on_demand_ops;

static inline bool rodp_mr_is_on_demand(const struct rodp_mr *mr)
{
	return mr->ops == &rodp_on_demand_ops;
}

/**
 * rodp_mr_create_odp() - register memory of the current process on demand
 * @dev: the device.
 * @pd: its PD.
 * @set: the mirrors of the caller's ucontext.
 * @start: VA of the first byte.
 * @length: bytes.
 * @iova: of the first byte, as peers know it.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, sleeps. O(1) in @length.
 * Return: the MR, or ERR_PTR: -EINVAL (the range wraps around), -ENOMEM, -EBUSY (no key is free),
 * an error of rodp_mirror_get().
 */
struct rodp_mr *rodp_mr_create_odp(struct rodp_dev *dev, struct ib_pd *pd,
				   struct rodp_mirror_set *set, u64 start, u64 length, u64 iova,
				   u32 access);

/* Whether an MR on demand is all of the address space. */
static inline bool rodp_mr_is_implicit(const struct rodp_mr *mr)
{
	return !mr->odp.va && mr->length == U64_MAX;
}

/* The VA of an iova that lies within an MR on demand. The one place that computes it (I6). */
static inline u64 rodp_mr_va(const struct rodp_mr *mr, u64 iova)
{
	return mr->odp.va + (iova - mr->iova);
}

#endif
