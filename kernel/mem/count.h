/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What is counted of an on-demand MR, see struct rodp_mr_stats in uapi/rodp_abi.h. */
#ifndef RODP_MEM_COUNT_H
#define RODP_MEM_COUNT_H

struct rodp_mr;
struct rodp_mr_stats;

/**
 * rodp_mr_count() - read the counters of an MR
 * @mr: an MR on demand.
 * @stats: is filled in.
 *
 * Context: Process. O(log of the MRs in the mirror).
 */
void rodp_mr_count(struct rodp_mr *mr, struct rodp_mr_stats *stats);

#endif
