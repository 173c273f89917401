/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Residency: which pages of a range a mirror has, for tools that observe paging. */
#ifndef RODP_ODP_RESIDENCY_H
#define RODP_ODP_RESIDENCY_H

#include <linux/types.h>

struct rodp_mirror;

/**
 * rodp_mirror_residency() - Read the state of a range of pages
 * @mirror: the mirror; the caller has a reference
 * @va: first page, page aligned
 * @page: becomes the state of each page, RODP_PAGE_* of uapi/rodp_abi.h
 * @count: pages; the range does not go beyond 2^64
 *
 * The state can change at any time, also between two pages of one call. Takes no lock that a fault
 * or an access takes.
 *
 * Context: Process, may schedule.
 */
void rodp_mirror_residency(struct rodp_mirror *mirror, u64 va, u8 *page, size_t count);

#endif
