// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The implicit level: one region a set of rights, for all memory, for as long as the domain lives.
 * So nobody need hold it: a key of it is counted, no more. odp_get() finds it in a table by its
 * rights, without a lock; rights that have no place there are looked up as on other levels.
 */
#include "implicit.h"

#include "domain.h"

static void bounds(struct odp_domain *domain, const struct odp_cache *cache,
		   const struct odp_want *want, uint64_t *first, uint64_t *last)
{
	(void)domain, (void)cache, (void)want;
	*first = 0;
	*last = UINT64_MAX;
}

/* Whoever made it is the only one who waits for it. */
static bool made(struct odp_domain *domain, struct odp_region *region)
{
	const int place = odp_implicit_place(region->access);

	if (place >= 0)
		__atomic_store_n(&domain->implicit[place], region, __ATOMIC_RELEASE);
	return true;
}

const struct odp_level_ops odp_level_implicit = {
	.level = ODP_IMPLICIT,
	.bounds = bounds,
	.made = made,
};
