// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "cache.h"

static void idle_add(struct odp_cache *cache, struct odp_region *region)
{
	region->older = cache->newest;
	region->newer = NULL;
	if (cache->newest)
		cache->newest->newer = region;
	else
		cache->oldest = region;
	cache->newest = region;
	cache->idle++;
}

static void idle_remove(struct odp_cache *cache, struct odp_region *region)
{
	*(region->older ? &region->older->newer : &cache->oldest) = region->newer;
	*(region->newer ? &region->newer->older : &cache->newest) = region->older;
	region->older = region->newer = NULL;
	cache->idle--;
}

void odp_cache_add(struct odp_cache *cache, struct odp_region *region)
{
	odp_interval_add(&cache->set, &region->span);
	cache->regions++;
	cache->bytes += odp_region_bytes(region);
}

void odp_cache_remove(struct odp_cache *cache, struct odp_region *region)
{
	odp_interval_remove(&cache->set, &region->span);
	cache->regions--;
	cache->bytes -= odp_region_bytes(region);
}

static bool will_do(struct odp_interval *span, void *arg)
{
	const struct odp_region *region = odp_region_of(span);
	const struct odp_want *want = arg;

	if (!region->known || !odp_interval_covers(span, want->first, want->last) ||
	    (want->part.len && !odp_part_covers(&region->part, &want->part)))
		return false;
	return region->access == want->access ||
	       (want->or_more && (region->access & want->access) == want->access);
}

struct odp_region *odp_cache_find(const struct odp_cache *cache, const struct odp_want *want)
{
	struct odp_interval *span = odp_interval_find(&cache->set, want->first, want->last, will_do,
						      (void *)want);

	return span ? odp_region_of(span) : NULL;
}

void odp_cache_hold(struct odp_cache *cache, struct odp_region *region)
{
	if (!region->holds++)
		idle_remove(cache, region);
}

bool odp_cache_drop(struct odp_cache *cache, struct odp_region *region)
{
	if (--region->holds)
		return false;
	if (!region->known)
		return true;
	idle_add(cache, region);
	return false;
}

bool odp_cache_hide(struct odp_cache *cache, struct odp_region *region)
{
	if (!region->known) {
		region->forgotten = true;
		return false;
	}
	region->known = false;
	if (region->holds)
		return false;
	idle_remove(cache, region);
	return true;
}
