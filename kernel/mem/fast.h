/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * MRs for fast registration, of kernel consumers: made without memory, given a list of pages
 * by ib_map_mr_sg(), put in force by a work request (REG_MR), which takes the list as it is then,
 * and taken out of force by LOCAL_INV or the peer's SEND with invalidate. A consumer may list the
 * next pages while the last are in force, as ib_core's rdma_rw does, which posts
 * LOCAL_INV and REG_MR together: the list is apart from what is in force.
 *
 * REG_MR and invalidation may come from several QPs at once, and while the MR is destroyed: one
 * REG_MR takes the list, the others are refused, and destruction waits for it.
 */
#ifndef RODP_MEM_FAST_H
#define RODP_MEM_FAST_H

#include "mem/mr.h"

/* Most pages of one: what query_device tells as max_fast_reg_page_list_len. */
#define RODP_MAX_FAST_PAGES 512

/**
 * rodp_fast_create() - make an MR for fast registration, not in force
 * @dev: the device.
 * @pd: its PD.
 * @max_pages: the most pages that it will have, 1 to RODP_MAX_FAST_PAGES.
 *
 * Context: Process, may sleep.
 * Return: the MR, or ERR_PTR: -EINVAL (@max_pages), -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_mr *rodp_fast_create(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages);

/**
 * rodp_mr_is_fast() - whether an MR is for fast registration
 * @mr: any MR.
 *
 * Context: Any.
 */
bool rodp_mr_is_fast(const struct rodp_mr *mr);

/**
 * rodp_fast_begin_list() - begin a new list of pages
 * @mr: an MR for fast registration.
 *
 * The list's bounds are the iova and length of @mr->ib. The consumer does not list pages while a
 * REG_MR of the MR is under way.
 *
 * Context: Any.
 */
void rodp_fast_begin_list(struct rodp_mr *mr);

/**
 * rodp_fast_add_page() - add a page to the list
 * @mr: an MR for fast registration.
 * @addr: of the page, a kernel address.
 *
 * Context: Any.
 * Return: 0, or -ENOMEM: the list is full.
 */
int rodp_fast_add_page(struct rodp_mr *mr, u64 addr);

/**
 * rodp_fast_register() - put the listed pages in force (REG_MR)
 * @dev: the device.
 * @pd: the PD of the QP whose request it is.
 * @key: the MR's key from now on; of the MR's index.
 * @access: its rights from now on, IB_ACCESS_*.
 *
 * Context: BH disabled; a lane may be held.
 * Return: 0; -EAGAIN: accesses by an earlier key are under way: ask again; or -EINVAL: the MR is in
 * force or just being put in force, of another PD, without a list, being destroyed, or there is none.
 */
int rodp_fast_register(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access);

/**
 * rodp_fast_invalidate() - put an MR out of force
 * @dev: the device.
 * @pd: the PD of the QP that asks, or whose peer asks.
 * @key: the key that is in force.
 *
 * Context: BH disabled; a lane may be held.
 * Return: 0; -EAGAIN: the key is out of force, and accesses by it are still under way: ask again; or
 * -EINVAL: the key is not in force, of another PD, or there is none.
 */
int rodp_fast_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u32 key);

#endif
