/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * MRs for fast registration, of kernel consumers: made without memory, given pages
 * by ib_map_mr_sg() while the key is not in force, put in force by a work request (REG_MR),
 * and taken out of it by LOCAL_INV or the peer's SEND with invalidate.
 */
#ifndef RODP_MEM_FAST_H
#define RODP_MEM_FAST_H

#include "mr.h"

/* Most pages of one: what query_device tells as max_fast_reg_page_list_len. */
#define RODP_MAX_FAST_PAGES 512

/* For at most max_pages pages. Process context, sleeps. ERR_PTR: -EINVAL, -ENOMEM, -EBUSY. */
struct rodp_mr *rodp_fast_create(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages);

/* The next page of the list, a kernel address. 0, or -ENOMEM: the list is full. */
int rodp_fast_add_page(struct rodp_mr *mr, u64 addr);
/* The list is complete; mr->ib has iova and length. */
void rodp_fast_set_bounds(struct rodp_mr *mr);

/*
 * Put mr in force under this key (of its index), with these rights. BH disabled, a lane may be
 * held. -EINVAL: it is in force, of another PD, or no such MR.
 */
int rodp_fast_register(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access);

/* And out of it; when it returns, no access is under way. -EINVAL: it is not in force. */
int rodp_fast_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u32 key);

#endif
