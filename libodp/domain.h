/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * domain: the inside of an odp_domain, and what its levels are made of.
 *
 * One lock guards the caches. No call of the kernel that registers, deregisters or looks at
 * memory is made under it: a region is made and freed by whoever took it out of reach of the
 * others. Implicit regions are used without it.
 */
#ifndef ODP_DOMAIN_H
#define ODP_DOMAIN_H

#include <pthread.h>

#include "cache.h"
#include "home.h"
#include "implicit.h"
#include "monitor.h"
#include "odp.h"
#include "tally.h"

#define ODP_LEVELS 4

struct odp_domain {
	struct ibv_pd *pd;
	struct odp_domain_attr attr; /* defaults filled in; levels: those that can be used */
	struct odp_home home;
	uint64_t page; /* bytes */
	struct odp_monitor monitor; /* or of a negative fd */
	int frames; /* see frames.h, or negative; where there is a monitor, it is not asked for */
	bool prefetches;
	struct odp_region *implicit[ODP_IMPLICIT_PLACES]; /* atomic; once set, set for ever */
	struct odp_tally tally; /* of keys */
	pthread_mutex_t lock;
	/* Below: under the lock. */
	struct odp_cache cache[ODP_LEVELS]; /* by the level's place in odp_levels[] */
	struct odp_region *dead;
	struct odp_domain_info info; /* what else is counted */
};

/*
 * What a level does differently. Functions but making(), made() and is_current() are called under
 * the lock.
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
	/* A region is about to be registered. Or NULL. */
	void (*making)(struct odp_domain *domain, struct odp_cache *cache,
		       struct odp_region *region);
	/* A region was registered: true if others may use it as well, from now on. Or NULL. */
	bool (*made)(struct odp_domain *domain, struct odp_region *region);
	/* After a region was added or became idle: give up what is too much. Or NULL. */
	void (*trim)(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region);
};

/* The best first. */
extern const struct odp_level_ops odp_level_implicit, odp_level_explicit, odp_level_pinned,
	odp_level_dmabuf;
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

struct odp_cache *odp_domain_cache(struct odp_domain *domain, enum odp_level level);
/*
 * A region, held, from one of these levels: 0 if there was one, 1 if it was made, or -errno. For
 * access, see odp_get(). An implicit region need not be held, and never is.
 */
int odp_domain_get(struct odp_domain *domain, uint32_t levels, const struct odp_want *want,
		   struct odp_region **region);
/* The same from that level alone, whatever the domain allows. */
int odp_level_get(struct odp_domain *domain, const struct odp_level_ops *ops,
		  const struct odp_want *want, struct odp_region **region);
/* Known regions of one level for n wants, held; NULL where there is none. */
void odp_domain_hold(struct odp_domain *domain, struct odp_cache *cache,
		     const struct odp_want *want, size_t n, struct odp_region **region);
/* A region was held: is it good? If not, nobody will find it again; it is still held. */
bool odp_domain_check(struct odp_domain *domain, struct odp_region *region);
/* Gives n of them back. */
void odp_domain_put(struct odp_domain *domain, struct odp_region *const *region, size_t n);

/* Rights that a level adds, not a caller. */
#define ODP_LEVELS_RIGHTS (IBV_ACCESS_ON_DEMAND | IBV_ACCESS_ZERO_BASED | IBV_ACCESS_HUGETLB)

/* A key of a region that is held. */
void odp_key_make(struct odp_domain *domain, struct odp_region *region, enum odp_tally_what what,
		  struct odp_key *key);
/* The key is one no more, its region for the caller to give back. -EINVAL, -ECHILD: none is. */
int odp_key_unmake(struct odp_domain *domain, struct odp_key *key, struct odp_region **region);

/* The range as first and last address; -EINVAL. */
int odp_want_range(struct odp_want *want, void *addr, size_t len);

#endif
