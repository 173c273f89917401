// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The implicit level: one region a set of rights, for all memory, for as long as the domain
 * lives.
 */
#include "domain.h"

static void bounds(struct odp_domain *domain, const struct odp_cache *cache,
		   const struct odp_want *want, uint64_t *first, uint64_t *last)
{
	(void)domain, (void)cache, (void)want;
	*first = 0;
	*last = UINT64_MAX;
}

const struct odp_level_ops odp_level_implicit = {
	.level = ODP_IMPLICIT,
	.bounds = bounds,
};
