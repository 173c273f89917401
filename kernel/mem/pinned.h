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

#endif
