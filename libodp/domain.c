// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The life of a domain; keys are got and put in key.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "domain.h"
#include "frames.h"
#include "memlock.h"

#define DEFAULT_GRAIN	     (2ull << 20)
#define DEFAULT_EXPLICIT_MAX 256

const struct odp_level_ops *const odp_levels[ODP_LEVELS] = {
	&odp_level_implicit,
	&odp_level_explicit,
	&odp_level_pinned,
	&odp_level_dmabuf,
};

static bool attr_is_valid(const struct odp_domain_attr *attr, uint64_t page)
{
	static const uint64_t zero[4];

	return !(attr->levels & ~ODP_ANY_LEVEL) && !(attr->flags & ~ODP_FORGETS) &&
	       !(attr->grain & (attr->grain - 1)) && (!attr->grain || attr->grain >= page) &&
	       !attr->reserved32 && !memcmp(attr->reserved, zero, sizeof(zero));
}

static void attr_fill_in(struct odp_domain_attr *attr)
{
	attr->levels = attr->levels ? attr->levels : ODP_ANY_LEVEL;
	attr->pinned_max = attr->pinned_max ? attr->pinned_max : odp_memlock_bytes();
	attr->grain = attr->grain ? attr->grain : DEFAULT_GRAIN;
	attr->explicit_max = attr->explicit_max ? attr->explicit_max : DEFAULT_EXPLICIT_MAX;
}

static bool caps_meet(const struct odp_caps *caps, const uint32_t needs[ODP_TRANSPORTS])
{
	unsigned int i;

	for (i = 0; i < ODP_TRANSPORTS; i++)
		if ((caps->ops[i] & needs[i]) != needs[i])
			return false;
	return true;
}

/* Of the levels that are allowed, those that the device has. */
static uint32_t usable_levels(const struct odp_domain_attr *attr, const struct odp_caps *caps)
{
	uint32_t levels = ODP_PINNED;

	if (caps_meet(caps, attr->needs)) {
		levels |= caps->explicit_odp ? ODP_EXPLICIT : 0;
		levels |= caps->implicit_odp ? ODP_IMPLICIT : 0;
	}
	return levels & attr->levels;
}

static int choose_levels(struct odp_domain *domain)
{
	struct odp_caps caps;
	int err = odp_query_caps(domain->pd->context, &caps);

	if (err)
		return err;
	domain->attr.levels = usable_levels(&domain->attr, &caps);
	domain->prefetches = caps.prefetch;
	return domain->attr.levels ? 0 : -EOPNOTSUPP;
}

/* What pinned regions are proved by: the monitor is the cheaper one, and takes no privilege. */
static void open_proof(struct odp_domain *domain)
{
	domain->frames = -EPERM;
	domain->monitor.fd = -1;
	if (!(domain->attr.levels & ODP_PINNED) || (domain->attr.flags & ODP_FORGETS))
		return;
	if (odp_monitor_open(&domain->monitor))
		domain->frames = odp_frames_open();
}

static void close_proof(struct odp_domain *domain, bool home)
{
	odp_monitor_close(&domain->monitor, home);
	if (domain->frames >= 0)
		close(domain->frames);
}

static int domain_init(struct odp_domain *domain)
{
	int err = choose_levels(domain);

	if (err)
		return err;
	err = odp_home_init(&domain->home);
	if (err)
		return err;
	open_proof(domain);
	err = -pthread_mutex_init(&domain->lock, NULL);
	if (err) {
		close_proof(domain, true);
		odp_home_exit(&domain->home);
	}
	return err;
}

int odp_domain_open(struct ibv_pd *pd, const struct odp_domain_attr *attr,
		    struct odp_domain **result)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	struct odp_domain *domain;
	int err;

	if (attr && !attr_is_valid(attr, page))
		return -EINVAL;
	if (posix_memalign((void **)&domain, ODP_TALLY_ALIGN, sizeof(*domain)))
		return -ENOMEM;
	memset(domain, 0, sizeof(*domain));
	domain->pd = pd;
	domain->page = page;
	if (attr)
		domain->attr = *attr;
	attr_fill_in(&domain->attr);
	err = domain_init(domain);
	if (err) {
		free(domain);
		return err;
	}
	*result = domain;
	return 0;
}

/* The regions themselves are gone, or the parent's. */
static void domain_free(struct odp_domain *domain)
{
	close_proof(domain, odp_home_is(&domain->home));
	odp_home_exit(&domain->home);
	free(domain);
}

int odp_domain_close(struct odp_domain *domain)
{
	unsigned int i;

	/* In a child locks and regions may be in any state. They are the parent's. */
	if (!odp_home_is(&domain->home)) {
		domain_free(domain);
		return 0;
	}
	if (odp_tally_held(&domain->tally))
		return -EBUSY;
	memset(domain->implicit, 0, sizeof(domain->implicit));
	pthread_mutex_lock(&domain->lock);
	for (i = 0; i < ODP_LEVELS; i++)
		while (odp_domain_evict(domain, &domain->cache[i]))
			;
	pthread_mutex_unlock(&domain->lock);
	if (!odp_domain_bury(domain))
		return -EBUSY;
	pthread_mutex_destroy(&domain->lock);
	domain_free(domain);
	return 0;
}

static uint32_t proof(const struct odp_domain *domain)
{
	if (domain->attr.flags & ODP_FORGETS)
		return ODP_PROOF_PROMISE;
	if (domain->monitor.fd >= 0)
		return ODP_PROOF_MONITOR;
	return domain->frames >= 0 ? ODP_PROOF_PAGES : ODP_PROOF_NONE;
}

int odp_domain_query(struct odp_domain *domain, struct odp_domain_info *info)
{
	if (!odp_home_is(&domain->home))
		return -ECHILD;
	pthread_mutex_lock(&domain->lock);
	*info = domain->info;
	/* In the order of odp_levels[]. */
	info->implicit_regions = domain->cache[0].regions;
	info->explicit_regions = domain->cache[1].regions;
	info->pinned_regions = domain->cache[2].regions;
	info->pinned_bytes = domain->cache[2].bytes;
	info->dmabuf_regions = domain->cache[3].regions;
	pthread_mutex_unlock(&domain->lock);
	info->held = odp_tally_held(&domain->tally);
	info->hits = odp_tally_sum(&domain->tally, ODP_TALLY_HITS);
	info->pinned_max = domain->attr.pinned_max;
	info->levels = domain->attr.levels;
	info->proof = proof(domain);
	return 0;
}

void odp_domain_kill(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region)
{
	odp_cache_remove(cache, region);
	region->older = domain->dead;
	domain->dead = region;
}

bool odp_domain_evict(struct odp_domain *domain, struct odp_cache *cache)
{
	struct odp_region *region = cache->oldest;

	if (!region)
		return false;
	odp_cache_hide(cache, region);
	odp_domain_kill(domain, cache, region);
	domain->info.evictions++;
	return true;
}

static struct odp_region *take_dead(struct odp_domain *domain)
{
	struct odp_region *dead;

	pthread_mutex_lock(&domain->lock);
	dead = domain->dead;
	domain->dead = NULL;
	pthread_mutex_unlock(&domain->lock);
	return dead;
}

static void leave_dead(struct odp_domain *domain, struct odp_region *region)
{
	pthread_mutex_lock(&domain->lock);
	region->older = domain->dead;
	domain->dead = region;
	pthread_mutex_unlock(&domain->lock);
}

bool odp_domain_bury(struct odp_domain *domain)
{
	struct odp_region *region, *next;
	bool all = true;

	for (region = take_dead(domain); region; region = next) {
		next = region->older;
		if (odp_region_free(region)) {
			leave_dead(domain, region);
			all = false;
		}
	}
	return all;
}
