// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Keys: from the wanted range through the levels to a region, and back. */
#include <errno.h>
#include <string.h>

#include "domain.h"

int odp_want_range(struct odp_want *want, void *addr, size_t len)
{
	want->first = (uintptr_t)addr;
	want->last = want->first + len - 1;
	return len && want->last >= want->first ? 0 : -EINVAL;
}

/* A region was held: is it good? If not, nobody shall find it again. */
static bool check_found(struct odp_domain *domain, const struct odp_level_ops *ops,
			struct odp_cache *cache, struct odp_region *region)
{
	if (!ops->is_current || ops->is_current(domain, region))
		return true;
	pthread_mutex_lock(&domain->lock);
	domain->info.stale++;
	odp_cache_hide(cache, region);
	pthread_mutex_unlock(&domain->lock);
	return false;
}

static struct odp_region *hold_known(struct odp_domain *domain, struct odp_cache *cache,
				     const struct odp_want *want)
{
	struct odp_region *region;

	pthread_mutex_lock(&domain->lock);
	region = odp_cache_find(cache, want);
	if (region)
		odp_cache_hold(cache, region);
	pthread_mutex_unlock(&domain->lock);
	return region;
}

/* A known region of the level, held, or NULL. Each turn of the loop hides a region. */
static struct odp_region *level_find(struct odp_domain *domain, const struct odp_level_ops *ops,
				     struct odp_cache *cache, const struct odp_want *want)
{
	struct odp_region *region;

	while ((region = hold_known(domain, cache, want))) {
		if (check_found(domain, ops, cache, region)) {
			__atomic_add_fetch(&domain->info.hits, 1, __ATOMIC_RELAXED);
			return region;
		}
		odp_domain_put(domain, region);
	}
	return NULL;
}

/* A place in the cache for a region that is about to be registered. Under the lock. */
static int reserve(struct odp_domain *domain, const struct odp_level_ops *ops,
		   struct odp_cache *cache, const struct odp_want *want, struct odp_region **result)
{
	struct odp_region *region;
	uint64_t first, last;
	int err = 0;

	ops->bounds(domain, cache, want, &first, &last);
	region = odp_region_make(ops->level, first, last, want->access);
	if (!region)
		return -ENOMEM;
	odp_cache_add(cache, region);
	if (ops->make_room)
		err = ops->make_room(domain, cache, odp_region_bytes(region));
	if (err)
		odp_domain_kill(domain, cache, region);
	*result = region;
	return err;
}

/* It is registered: others may find it, unless its memory was forgotten meanwhile. */
static void publish(struct odp_domain *domain, const struct odp_level_ops *ops,
		    struct odp_cache *cache, struct odp_region *region, bool shared)
{
	pthread_mutex_lock(&domain->lock);
	domain->info.registrations++;
	region->known = shared && !region->forgotten;
	if (ops->trim)
		ops->trim(domain, cache, region);
	pthread_mutex_unlock(&domain->lock);
}

static void evict_all(struct odp_domain *domain)
{
	unsigned int i;

	pthread_mutex_lock(&domain->lock);
	for (i = 0; i < ODP_LEVELS; i++)
		while (odp_levels[i]->level != ODP_IMPLICIT &&
		       odp_domain_evict(domain, &domain->cache[i]))
			;
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
}

/* What is cached may be what is lacking: given up, and tried once more. */
static int register_region(struct odp_domain *domain, struct odp_region *region)
{
	uint64_t retries = 0;
	int err = odp_region_register(region, domain->pd, &retries);

	if (err == -ENOMEM) {
		evict_all(domain);
		err = odp_region_register(region, domain->pd, &retries);
	}
	__atomic_add_fetch(&domain->info.retries, retries, __ATOMIC_RELAXED);
	return err;
}

static int level_make(struct odp_domain *domain, const struct odp_level_ops *ops,
		      struct odp_cache *cache, const struct odp_want *want,
		      struct odp_region **region)
{
	int err;

	pthread_mutex_lock(&domain->lock);
	err = reserve(domain, ops, cache, want, region);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
	if (err)
		return err;
	err = register_region(domain, *region);
	if (err) {
		odp_domain_put(domain, *region);
		return err;
	}
	publish(domain, ops, cache, *region, !ops->made || ops->made(domain, *region));
	odp_domain_bury(domain);
	return 0;
}

int odp_domain_get(struct odp_domain *domain, uint32_t levels, const struct odp_want *want,
		   struct odp_region **region)
{
	int err = -EOPNOTSUPP;
	unsigned int i;

	for (i = 0; i < ODP_LEVELS && err; i++) {
		if (!(odp_levels[i]->level & levels & domain->attr.levels))
			continue;
		*region = level_find(domain, odp_levels[i], &domain->cache[i], want);
		err = *region ? 0
			      : level_make(domain, odp_levels[i], &domain->cache[i], want, region);
	}
	return err;
}

static struct odp_cache *cache_of(struct odp_domain *domain, const struct odp_region *region)
{
	unsigned int i;

	for (i = 0; odp_levels[i]->level != region->level; i++)
		;
	return &domain->cache[i];
}

void odp_domain_put(struct odp_domain *domain, struct odp_region *region)
{
	struct odp_cache *cache = cache_of(domain, region);
	const struct odp_level_ops *ops = odp_levels[cache - domain->cache];
	bool last;

	pthread_mutex_lock(&domain->lock);
	last = odp_cache_drop(cache, region);
	if (last)
		odp_domain_kill(domain, cache, region);
	else if (ops->trim)
		ops->trim(domain, cache, region);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
}

int odp_get(struct odp_domain *domain, void *addr, size_t len, int access, struct odp_key *key)
{
	const int levels_business = IBV_ACCESS_ON_DEMAND | IBV_ACCESS_ZERO_BASED |
				    IBV_ACCESS_HUGETLB;
	struct odp_want want = { .access = access };
	struct odp_region *region;
	int err;

	if (!odp_home_is(&domain->home))
		return -ECHILD;
	err = odp_want_range(&want, addr, len);
	if (err || (access & levels_business))
		return -EINVAL;
	err = odp_domain_get(domain, ODP_ANY_LEVEL, &want, &region);
	if (err)
		return err;
	__atomic_add_fetch(&domain->info.held, 1, __ATOMIC_RELAXED);
	*key = (struct odp_key){
		.lkey = region->mr->lkey,
		.rkey = region->mr->rkey,
		.level = region->level,
		.mr = region->mr,
		.region = region,
	};
	return 0;
}

void odp_put(struct odp_domain *domain, struct odp_key *key)
{
	struct odp_region *region = key->region;

	memset(key, 0, sizeof(*key));
	if (!region || !odp_home_is(&domain->home))
		return;
	__atomic_sub_fetch(&domain->info.held, 1, __ATOMIC_RELAXED);
	odp_domain_put(domain, region);
}

struct loss {
	bool busy; /* a pinned region is held */
	struct odp_region *next;
};

/* Regions that are made right now count: their pages may be the old ones. */
static bool to_hide(struct odp_interval *span, void *arg)
{
	struct odp_region *region = odp_region_of(span);
	struct loss *loss = arg;

	loss->busy |= region->level == ODP_PINNED && region->holds;
	loss->next = region;
	return region->known || !region->forgotten;
}

static bool forget_level(struct odp_domain *domain, struct odp_cache *cache,
			 const struct odp_want *want)
{
	struct loss loss = {};

	while (odp_interval_find(&cache->set, want->first, want->last, to_hide, &loss)) {
		if (odp_cache_hide(cache, loss.next))
			odp_domain_kill(domain, cache, loss.next);
		else
			loss.next->forgotten = true;
	}
	return loss.busy;
}

int odp_forget(struct odp_domain *domain, void *addr, size_t len)
{
	struct odp_want want = {};
	bool busy = false;
	unsigned int i;

	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if (odp_want_range(&want, addr, len))
		return -EINVAL;
	pthread_mutex_lock(&domain->lock);
	for (i = 0; i < ODP_LEVELS; i++)
		if (odp_levels[i]->level != ODP_IMPLICIT)
			busy |= forget_level(domain, &domain->cache[i], &want);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
	return busy ? -EBUSY : 0;
}
