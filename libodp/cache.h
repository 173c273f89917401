/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * cache: the regions of one level, found by address. All calls under the domain's lock.
 */
#ifndef ODP_CACHE_H
#define ODP_CACHE_H

#include "region.h"

struct odp_cache {
	struct odp_intervals set; /* all that are not dead */
	struct odp_region *oldest,
		*newest; /* known, held by nobody: the idle, by when they were last held */
	uint64_t regions, idle; /* how many */
	uint64_t bytes; /* of all together */
};

/* What somebody looks for. */
struct odp_want {
	uint64_t first, last;
	int access;
	bool or_more; /* a region with more rights will do */
	struct odp_part part; /* of a dma-buf; len 0: memory of the process */
};

void odp_cache_add(struct odp_cache *cache, struct odp_region *region);
/* It leaves the set. It is hidden, and held by nobody. */
void odp_cache_remove(struct odp_cache *cache, struct odp_region *region);

/* A known region that covers the wanted range, or NULL. */
struct odp_region *odp_cache_find(const struct odp_cache *cache, const struct odp_want *want);

void odp_cache_hold(struct odp_cache *cache, struct odp_region *region);
/* True: nobody holds it and nobody will find it, so it is for the caller to remove. */
bool odp_cache_drop(struct odp_cache *cache, struct odp_region *region);
/* Nobody finds it any more. True: nobody holds it either, it is for the caller to remove. */
bool odp_cache_hide(struct odp_cache *cache, struct odp_region *region);

#endif
