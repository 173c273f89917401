// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Keys of dma-bufs. A region serves a second key only while the first is held: then it holds the
 * dma-buf, whose inode's number is nobody else's meanwhile, so the same number is the same
 * dma-buf, whatever descriptors were closed and opened in between. (Before Linux 5.18 the numbers
 * begin again after 2^32.) When nobody holds a key the region goes, and with it what kept the
 * memory from going.
 *
 * They are a level of their own, found by the inode's number where others are by address.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "domain.h"

static void bounds(struct odp_domain *domain, const struct odp_cache *cache,
		   const struct odp_want *want, uint64_t *first, uint64_t *last)
{
	(void)domain, (void)cache;
	*first = want->first;
	*last = want->last;
}

static void trim(struct odp_domain *domain, struct odp_cache *cache, struct odp_region *region)
{
	if (!region->holds && odp_cache_hide(cache, region))
		odp_domain_kill(domain, cache, region);
}

const struct odp_level_ops odp_level_dmabuf = {
	.level = ODP_DMABUF,
	.bounds = bounds,
	.trim = trim,
};

static bool is_possible(const struct odp_dmabuf *memory, int access)
{
	static const uint64_t zero[4];
	uint64_t end;

	return memory->len && !__builtin_add_overflow(memory->offset, memory->len, &end) &&
	       !__builtin_add_overflow(memory->iova, memory->len - 1, &end) &&
	       !memory->reserved32 && !memcmp(memory->reserved, zero, sizeof(zero)) &&
	       !(access & ODP_LEVELS_RIGHTS);
}

int odp_get_dmabuf(struct odp_domain *domain, const struct odp_dmabuf *memory, int access,
		   struct odp_key *key)
{
	struct odp_want want = { .access = access };
	struct odp_region *region;
	struct stat stat;
	int got;

	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if (!is_possible(memory, access))
		return -EINVAL;
	if (fstat(memory->fd, &stat))
		return -errno;
	want.first = want.last = stat.st_ino;
	want.part = (struct odp_part){
		.device = stat.st_dev,
		.offset = memory->offset,
		.len = memory->len,
		.iova = memory->iova,
		.fd = memory->fd,
	};
	got = odp_level_get(domain, &odp_level_dmabuf, &want, &region);
	if (got < 0)
		return got;
	odp_key_make(domain, region, got ? ODP_TALLY_MISSES : ODP_TALLY_HITS, key);
	return 0;
}
