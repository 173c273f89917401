/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Residency: a look at what a mirror has of a range, for those who ask how paging does. */
#ifndef RODP_ODP_RESIDENCY_H
#define RODP_ODP_RESIDENCY_H

#include <linux/types.h>

struct rodp_mirror;

/*
 * Sets page[0] to page[count - 1] to what is known of the pages from va on (RODP_PAGE_*),
 * va page aligned; the range does not go beyond 2^64. It changes meanwhile: a
 * leaf's pages are not of one moment. Takes no lock that a fault or an access takes.
 * Context: process, may schedule.
 */
void rodp_mirror_residency(struct rodp_mirror *mirror, u64 va, u8 *page, size_t count);

#endif
