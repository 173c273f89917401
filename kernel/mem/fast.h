/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * MRs for fast registration, of kernel consumers: made without memory, given a list of pages
 * by ib_map_mr_sg(), put in force by a work request (REG_MR), which takes the list as it is then,
 * and taken out of force by LOCAL_INV or the peer's SEND with invalidate. A consumer may list the
 * next pages while the last are in force, as ib_core's rdma_rw does, which posts
 * LOCAL_INV and REG_MR together: the list is apart from what is in force.
 */
#ifndef RODP_MEM_FAST_H
#define RODP_MEM_FAST_H

#include "mem/mr.h"

/* Most pages of one: what query_device tells as max_fast_reg_page_list_len. */
#define RODP_MAX_FAST_PAGES 512

/* For at most max_pages pages. Process context, sleeps. ERR_PTR: -EINVAL, -ENOMEM, -EBUSY. */
struct rodp_mr *rodp_fast_create(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages);
bool rodp_mr_is_fast(const struct rodp_mr *mr);

/*
 * Begin a list, and its next page, a kernel address. 0, or -ENOMEM: the list is full. Its bounds
 * are mr->ib's iova and length. The consumer does neither while a REG_MR of the MR is under way.
 */
void rodp_fast_begin_list(struct rodp_mr *mr);
int rodp_fast_add_page(struct rodp_mr *mr, u64 addr);

/*
 * Put mr in force under this key (of its index), with these rights. BH disabled, a lane may be
 * held. -EINVAL: it is in force, of another PD, without a list, or no such MR.
 */
int rodp_fast_register(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access);

/* And out of it; when it returns, no access is under way. -EINVAL: it is not in force. */
int rodp_fast_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u32 key);

#endif
