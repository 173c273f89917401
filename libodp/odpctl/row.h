/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * row: a memory region in a table, and what tables are sorted by.
 */
#ifndef ODPCTL_ROW_H
#define ODPCTL_ROW_H

#include "odp.h"

struct row {
	const struct odp_mr_info *mr;
	double faults, invalidations, prefetched; /* pages a second, since the look before */
};

/* A letter of odpctl top and a word of --sort. The first is what is meant without one. */
struct sort_key {
	char letter;
	const char *name;
	double (*value)(const struct row *row); /* the largest first */
};

extern const struct sort_key sort_keys[];
extern const size_t sort_key_count;
extern const struct sort_key sort_by_pid;

/* The region's kind in a word: implicit, explicit, pinned. */
const char *row_kind(const struct odp_mr_info *mr);
/* Bytes that came and did not go, without what was present when the region was made. */
uint64_t row_resident(const struct odp_mr_info *mr);

#endif
