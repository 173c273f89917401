/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Resolving: asking HMM for pages and installing them (I3). Fault jobs only. */
#ifndef RODP_ODP_RESOLVE_H
#define RODP_ODP_RESOLVE_H

#include <linux/types.h>

struct rodp_mirror;

/*
 * Map pages of [va, end), which lies in one leaf, page aligned, in order.
 * @pfns: RODP_LEAF_PAGES words of scratch, zeroed once by their owner.
 * @reached: the first address that was not mapped, end on success.
 *
 * Sleeps, for as long as user space likes where a userfaultfd is behind the pages.
 * The users of the mm are referenced. Returns 0; -EAGAIN when invalidations kept
 * coming between; or why the page at *reached cannot be mapped: -EFAULT, -ENOMEM.
 */
int rodp_resolve(struct rodp_mirror *mirror, u64 va, u64 end, bool write, unsigned long *pfns,
		 u64 *reached);

#endif
