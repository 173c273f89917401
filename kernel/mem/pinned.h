/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* MRs over pinned memory: pages of a process that ib_umem holds. */
#ifndef RODP_MEM_PINNED_H
#define RODP_MEM_PINNED_H

#include "mem/mr.h"

extern const struct rodp_mr_ops rodp_pinned_ops;

static inline bool rodp_mr_is_pinned(const struct rodp_mr *mr)
{
	return mr->ops == &rodp_pinned_ops;
}

/**
 * rodp_mr_create_pinned() - register pinned memory of the current process
 * @dev: the device.
 * @pd: its PD.
 * @start: VA of the first byte.
 * @length: bytes.
 * @iova: of the first byte, as peers know it.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, sleeps. O(pages).
 * Return: the MR, or ERR_PTR: -EINVAL (the range wraps around, or is to be persistent and is
 * not), -ENOMEM, -EBUSY (no key is free), an error of ib_umem_get().
 */
struct rodp_mr *rodp_mr_create_pinned(struct rodp_dev *dev, struct ib_pd *pd, u64 start, u64 length,
				      u64 iova, u32 access);

/**
 * rodp_mr_pin_again() - register the memory of a pinned MR with other rights
 * @dev: the device.
 * @pd: its PD.
 * @old: the MR, over memory of the current process, and closed.
 * @access: IB_ACCESS_*, that its pages were not pinned for.
 *
 * The memory is that which @old has, not what has been mapped at its address since: if these
 * differ, the new MR would be another.
 *
 * Context: Process, sleeps. O(pages).
 * Return: the MR, or ERR_PTR: -EINVAL (other pages are mapped there now), else as
 * rodp_mr_create_pinned().
 */
struct rodp_mr *rodp_mr_pin_again(struct rodp_dev *dev, struct ib_pd *pd, const struct rodp_mr *old,
				  u32 access);

#endif
