// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The explicit level: on-demand regions of whole grains. They follow their addresses, whatever is
 * mapped there, so they can be wide, and a new one that overlaps others takes their place: few
 * regions, and no overlaps but for a while.
 */
#include "domain.h"

/*
 * A region is not made wider than this to take the place of others: some devices pay by the page.
 */
#define WIDEST (1ull << 30)

struct merge {
	uint64_t first, last;
	int access;
};

static bool widen(struct odp_interval *span, void *arg)
{
	const struct odp_region *region = odp_region_of(span);
	struct merge *merge = arg;
	const uint64_t first = span->first < merge->first ? span->first : merge->first;
	const uint64_t last = span->last > merge->last ? span->last : merge->last;

	if (region->known && region->access == merge->access && last - first < WIDEST) {
		merge->first = first;
		merge->last = last;
	}
	return false;
}

static void bounds(struct odp_domain *domain, const struct odp_cache *cache,
		   const struct odp_want *want, uint64_t *first, uint64_t *last)
{
	const uint64_t grain = domain->attr.grain;
	struct merge merge = {
		.first = want->first & ~(grain - 1),
		.last = want->last | (grain - 1),
		.access = want->access,
	};

	/* A region that ends at 2^64 - 1 has no length that registration understands. */
	if (merge.last == UINT64_MAX)
		merge.last = want->last;
	odp_interval_find(&cache->set, merge.first, merge.last, widen, &merge);
	*first = merge.first;
	*last = merge.last;
}

struct heir {
	struct odp_region *region;
	struct odp_region *covered; /* one that it makes needless */
};

static bool is_covered(struct odp_interval *span, void *arg)
{
	struct odp_region *region = odp_region_of(span);
	struct heir *heir = arg;

	if (region == heir->region || !region->known || region->access != heir->region->access ||
	    !odp_interval_covers(&heir->region->span, span->first, span->last))
		return false;
	heir->covered = region;
	return true;
}

static void trim(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region)
{
	struct heir heir = { .region = region };

	while (region->known && odp_interval_find(&cache->set, region->span.first,
						  region->span.last, is_covered, &heir))
		if (odp_cache_hide(cache, heir.covered))
			odp_domain_kill(domain, cache, heir.covered);
	while (cache->idle > domain->attr.explicit_max)
		odp_domain_evict(domain, cache);
}

const struct odp_level_ops odp_level_explicit = {
	.level = ODP_EXPLICIT,
	.bounds = bounds,
	.trim = trim,
};
