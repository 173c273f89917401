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

/*
 * Register [start, start + length) of current's memory, known to peers as [iova, iova + length).
 * Process context, sleeps. O(pages). ERR_PTR: -EINVAL (wrap-around, memory that is to be persistent
 * and is not), -ENOMEM, -EBUSY (no key is free), what ib_umem_get() says.
 */
struct rodp_mr *rodp_mr_create_pinned(struct rodp_dev *dev, struct ib_pd *pd, u64 start, u64 length,
				      u64 iova, u32 access);

#endif
