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

static bool is_implicit(const struct odp_region *region)
{
	return region->level == ODP_IMPLICIT;
}

bool odp_domain_check(struct odp_domain *domain, struct odp_region *region)
{
	struct odp_cache *cache = odp_domain_cache(domain, region->level);
	const struct odp_level_ops *ops = odp_levels[cache - domain->cache];

	if (!ops->is_current || ops->is_current(domain, region))
		return true;
	pthread_mutex_lock(&domain->lock);
	domain->info.stale++;
	odp_cache_hide(cache, region);
	pthread_mutex_unlock(&domain->lock);
	return false;
}

void odp_domain_hold(struct odp_domain *domain, struct odp_cache *cache,
		     const struct odp_want *want, size_t n, struct odp_region **region)
{
	size_t i;

	pthread_mutex_lock(&domain->lock);
	for (i = 0; i < n; i++) {
		region[i] = odp_cache_find(cache, &want[i]);
		if (region[i] && !is_implicit(region[i]))
			odp_cache_hold(cache, region[i]);
	}
	pthread_mutex_unlock(&domain->lock);
}

/* A known region of the level, held, or NULL. Each turn of the loop hides a region. */
static struct odp_region *level_find(struct odp_domain *domain, struct odp_cache *cache,
				     const struct odp_want *want)
{
	struct odp_region *region;

	for (;;) {
		odp_domain_hold(domain, cache, want, 1, &region);
		if (!region || odp_domain_check(domain, region))
			return region;
		odp_domain_put(domain, &region, 1);
	}
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
	region->part = want->part;
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
	if (is_implicit(region))
		odp_cache_drop(cache, region);
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

/* It could not be registered: nobody else has seen it. */
static void give_up(struct odp_domain *domain, struct odp_region *region)
{
	struct odp_cache *cache = odp_domain_cache(domain, region->level);

	pthread_mutex_lock(&domain->lock);
	odp_cache_drop(cache, region);
	odp_domain_kill(domain, cache, region);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
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
	if (ops->making)
		ops->making(domain, cache, *region);
	err = register_region(domain, *region);
	if (err) {
		give_up(domain, *region);
		return err;
	}
	publish(domain, ops, cache, *region, !ops->made || ops->made(domain, *region));
	odp_domain_bury(domain);
	return 0;
}

int odp_level_get(struct odp_domain *domain, const struct odp_level_ops *ops,
		  const struct odp_want *want, struct odp_region **region)
{
	struct odp_cache *cache = odp_domain_cache(domain, ops->level);
	int err;

	*region = level_find(domain, cache, want);
	if (*region)
		return 0;
	err = level_make(domain, ops, cache, want, region);
	return err ? err : 1;
}

int odp_domain_get(struct odp_domain *domain, uint32_t levels, const struct odp_want *want,
		   struct odp_region **region)
{
	int got = -EOPNOTSUPP;
	unsigned int i;

	for (i = 0; i < ODP_LEVELS && got < 0; i++)
		if (odp_levels[i]->level & levels & domain->attr.levels)
			got = odp_level_get(domain, odp_levels[i], want, region);
	return got;
}

struct odp_cache *odp_domain_cache(struct odp_domain *domain, enum odp_level level)
{
	unsigned int i;

	for (i = 0; odp_levels[i]->level != level; i++)
		;
	return &domain->cache[i];
}

/* Under the lock. */
static void drop(struct odp_domain *domain, struct odp_region *region)
{
	struct odp_cache *cache = odp_domain_cache(domain, region->level);
	const struct odp_level_ops *ops = odp_levels[cache - domain->cache];

	if (odp_cache_drop(cache, region))
		odp_domain_kill(domain, cache, region);
	else if (ops->trim)
		ops->trim(domain, cache, region);
}

void odp_domain_put(struct odp_domain *domain, struct odp_region *const *region, size_t n)
{
	size_t i;

	pthread_mutex_lock(&domain->lock);
	for (i = 0; i < n; i++)
		if (!is_implicit(region[i]))
			drop(domain, region[i]);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
}

/* The implicit region with these rights, if there is one that all can use. */
static struct odp_region *implicit_region(const struct odp_domain *domain, int access)
{
	const int place = odp_implicit_place(access);

	return place < 0 ? NULL : __atomic_load_n(&domain->implicit[place], __ATOMIC_ACQUIRE);
}

void odp_key_make(struct odp_domain *domain, struct odp_region *region, enum odp_tally_what what,
		  struct odp_key *key)
{
	odp_tally_add(&domain->tally, what);
	*key = (struct odp_key){
		.lkey = region->mr->lkey,
		.rkey = region->mr->rkey,
		.level = region->level,
		.mr = region->mr,
		.region = region,
	};
}

static int get_by_search(struct odp_domain *domain, const struct odp_want *want,
			 struct odp_key *key)
{
	struct odp_region *region;
	const int made = odp_domain_get(domain, ODP_ANY_LEVEL, want, &region);

	if (made < 0)
		return made;
	odp_key_make(domain, region, made ? ODP_TALLY_MISSES : ODP_TALLY_HITS, key);
	return 0;
}

int odp_get(struct odp_domain *domain, void *addr, size_t len, int access, struct odp_key *key)
{
	struct odp_want want = { .access = access };
	struct odp_region *region;

	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if (odp_want_range(&want, addr, len) || (access & ODP_LEVELS_RIGHTS))
		return -EINVAL;
	region = implicit_region(domain, access);
	if (!region)
		return get_by_search(domain, &want, key);
	odp_key_make(domain, region, ODP_TALLY_HITS, key);
	return 0;
}

int odp_key_unmake(struct odp_domain *domain, struct odp_key *key, struct odp_region **region)
{
	*region = key->region;
	memset(key, 0, sizeof(*key));
	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if (!*region)
		return -EINVAL;
	odp_tally_add(&domain->tally, ODP_TALLY_PUTS);
	return 0;
}

int odp_put(struct odp_domain *domain, struct odp_key *key)
{
	struct odp_region *region;
	int err = odp_key_unmake(domain, key, &region);

	if (!err && !is_implicit(region))
		odp_domain_put(domain, &region, 1);
	return err;
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
		if (odp_levels[i]->level & (ODP_EXPLICIT | ODP_PINNED))
			busy |= forget_level(domain, &domain->cache[i], &want);
	pthread_mutex_unlock(&domain->lock);
	odp_domain_bury(domain);
	return busy ? -EBUSY : 0;
}
