/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * domain: the inside of an odp_domain, and what its levels are made of.
 *
 * One lock guards the caches. No call of the kernel that registers, deregisters or looks at
 * memory is made under it: a region is made and freed by whoever took it out of reach of the
 * others.
 */
#ifndef ODP_DOMAIN_H
#define ODP_DOMAIN_H

#include <pthread.h>

#include "cache.h"
#include "home.h"
#include "odp.h"

#define ODP_LEVELS 3

struct odp_domain {
	struct ibv_pd *pd;
	struct odp_domain_attr attr; /* defaults filled in; levels: those that can be used */
	struct odp_home home;
	uint64_t page; /* bytes */
	int frames; /* see frames.h, or negative */
	bool prefetches;
	pthread_mutex_t lock;
	/* Below: under the lock. */
	struct odp_cache cache[ODP_LEVELS]; /* by the level's place in odp_levels[] */
	struct odp_region *dead;
	struct odp_domain_info info; /* what is counted */
};

/*
 * What a level does differently. Functions but is_current() and made() are called under the lock.
 */
struct odp_level_ops {
	enum odp_level level;
	/* The bounds of a new region for what is wanted: want's, or more around them. */
	void (*bounds)(struct odp_domain *domain, const struct odp_cache *cache,
		       const struct odp_want *want, uint64_t *first, uint64_t *last);
	/* Room for a region of so many bytes, if need be of idle ones: -ENOSPC. Or NULL. */
	int (*make_room)(struct odp_domain *domain, struct odp_cache *cache, uint64_t bytes);
	/*
	 * A region that is held is (still) of the memory at its addresses. Or NULL: it always is.
	 */
	bool (*is_current)(struct odp_domain *domain, const struct odp_region *region);
	/* A region was registered: true if others may use it as well, from now on. Or NULL. */
	bool (*made)(struct odp_domain *domain, struct odp_region *region);
	/* After a region was added or became idle: give up what is too much. Or NULL. */
	void (*trim)(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region);
};

/* The best first. */
extern const struct odp_level_ops odp_level_implicit, odp_level_explicit, odp_level_pinned;
extern const struct odp_level_ops *const odp_levels[ODP_LEVELS];

/* Under the lock: a hidden region that nobody holds is to be deregistered by odp_domain_bury(). */
void odp_domain_kill(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region);
/*
 * Under the lock: gives up the idle region that was not used for the longest time. False: there
 * is none.
 */
bool odp_domain_evict(struct odp_domain *domain, struct odp_cache *cache);
/*
 * Without the lock: deregisters the dead. False: some cannot go, since windows are bound to them.
 */
bool odp_domain_bury(struct odp_domain *domain);

/* A region, held, from one of these levels; -errno. For access, see odp_get(). */
int odp_domain_get(struct odp_domain *domain, uint32_t levels, const struct odp_want *want,
		   struct odp_region **region);
void odp_domain_put(struct odp_domain *domain, struct odp_region *region);

/* The range as first and last address; -EINVAL. */
int odp_want_range(struct odp_want *want, void *addr, size_t len);

#endif
