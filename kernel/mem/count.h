/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What is counted of an on-demand MR, see struct rodp_mr_stats in uapi/rodp_abi.h. */
#ifndef RODP_MEM_COUNT_H
#define RODP_MEM_COUNT_H

struct rodp_mr;
struct rodp_mr_stats;

/* The MR is of kind ODP and its key may be gone. Process context. O(log MRs of the mirror). */
void rodp_mr_count(struct rodp_mr *mr, struct rodp_mr_stats *stats);

#endif
