// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The pinned level. A pinned region is of the pages that were there when it was registered. It
 * may serve a second odp_get() only when it is certain that the same pages are there still:
 *
 *   - the caller promised to call odp_forget() first (ODP_FORGETS), or
 *   - the kernel says that none of its pages went since before it was registered (monitor.h), or
 *   - the page frames at its addresses are those that were pinned (frames.h): looked up each time.
 *
 * Where none can be had, every odp_get() registers and every odp_put() deregisters. Slow, and
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

/* A region that nobody has a slot for takes that of an idle one. */
static int watch(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region)
{
	bool more = true;
	int err = -ENOSPC;

	while (err == -ENOSPC && more) {
		err = odp_monitor_watch(&domain->monitor, region->span.first, region->span.last,
					&region->slot);
		if (err != -ENOSPC)
			break;
		pthread_mutex_lock(&domain->lock);
		more = odp_domain_evict(domain, cache);
		pthread_mutex_unlock(&domain->lock);
		odp_domain_bury(domain);
	}
	return err;
}

/*
 * Pinning may itself replace pages, those that were shared with a child or with a file, so that the
 * first region of such memory is not proved, and the next one is.
 */
static void making(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region)
{
	if (domain->monitor.fd < 0 || watch(domain, cache, region))
		return;
	region->monitor = &domain->monitor;
	region->proof = odp_monitor_quiet_proof(&domain->monitor, region->slot);
}

static bool is_watched(const struct odp_region *region)
{
	return region->monitor &&
	       odp_monitor_proves(region->proof, odp_monitor_proof(region->monitor, region->slot));
}

static bool is_current(struct odp_domain *domain, const struct odp_region *region)
{
	if (promised(domain) || is_watched(region))
		return true;
	return region->frame && odp_frames_are(domain->frames, region->span.first, region->frame,
					       odp_region_bytes(region) / domain->page);
}

static bool made(struct odp_domain *domain, struct odp_region *region)
{
	const size_t pages = odp_region_bytes(region) / domain->page;

	if (promised(domain) || is_watched(region))
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
	.making = making,
	.made = made,
	.is_current = is_current,
};
