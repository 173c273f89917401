// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The pinned level. A pinned region is of the pages that were there when it was registered. It
 * may serve a second odp_get() only when it is certain that the same pages are there still:
 *
 *   - the caller promised to call odp_forget() first (ODP_FORGETS), or
 *   - the page frames at its addresses are those that were pinned (frames.h): looked up each time.
 *
 * Where neither can be had, every odp_get() registers and every odp_put() deregisters. Slow, and
 * right.
 *
 * Regions are of exactly the pages that were asked for: what lies beside them is not the
 * caller's, and may go at any time.
 */
#include <errno.h>
#include <stdlib.h>

#include "domain.h"
#include "frames.h"

static void bounds(struct odp_domain *domain, const struct odp_cache *cache,
		   const struct odp_want *want, uint64_t *first, uint64_t *last)
{
	(void)cache;
	*first = want->first & ~(domain->page - 1);
	*last = want->last | (domain->page - 1);
}

/* The new region is counted already. */
static int make_room(struct odp_domain *domain, struct odp_cache *cache, uint64_t bytes)
{
	if (bytes > domain->attr.pinned_max)
		return -ENOSPC;
	while (cache->bytes > domain->attr.pinned_max)
		if (!odp_domain_evict(domain, cache))
			return -ENOSPC;
	return 0;
}

static bool promised(const struct odp_domain *domain)
{
	return domain->attr.flags & ODP_FORGETS;
}

static bool is_current(struct odp_domain *domain, const struct odp_region *region)
{
	return promised(domain) || odp_frames_are(domain->frames, region->span.first, region->frame,
						  odp_region_bytes(region) / domain->page);
}

static bool made(struct odp_domain *domain, struct odp_region *region)
{
	const size_t pages = odp_region_bytes(region) / domain->page;

	if (promised(domain))
		return true;
	if (domain->frames < 0)
		return false;
	region->frame = calloc(pages, sizeof(*region->frame));
	return region->frame &&
	       odp_frames_read(domain->frames, region->span.first, region->frame, pages);
}

const struct odp_level_ops odp_level_pinned = {
	.level = ODP_PINNED,
	.bounds = bounds,
	.make_room = make_room,
	.is_current = is_current,
	.made = made,
};
