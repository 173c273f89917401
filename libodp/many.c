// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Keys for many ranges: what is cached is found, and what is given back goes, under one lock. */
#include <errno.h>
#include <string.h>

#include "domain.h"

#define PART 64 /* ranges that are looked up together: 3 KiB of stack */

/* Of the levels that are used, the first on which regions are looked up; NULL: none need be. */
static struct odp_cache *first_cache(struct odp_domain *domain)
{
	if (domain->attr.levels & ODP_IMPLICIT)
		return NULL;
	return odp_domain_cache(domain,
				domain->attr.levels & ODP_EXPLICIT ? ODP_EXPLICIT : ODP_PINNED);
}

static void look_up(struct odp_domain *domain, const struct iovec *range, size_t n, int access,
		    struct odp_region **region)
{
	struct odp_cache *cache = first_cache(domain);
	struct odp_want want[PART];
	size_t i;

	memset(region, 0, n * sizeof(*region));
	for (i = 0; i < n; i++) {
		want[i] = (struct odp_want){ .access = access };
		if (odp_want_range(&want[i], range[i].iov_base, range[i].iov_len))
			break;
	}
	if (cache)
		odp_domain_hold(domain, cache, want, i, region);
}

/* region: what was found for the range, or NULL. */
static int get_one(struct odp_domain *domain, const struct iovec *range, int access,
		   struct odp_region *region, struct odp_key *key)
{
	if (region && odp_domain_check(domain, region)) {
		odp_key_make(domain, region, ODP_TALLY_HITS, key);
		return 0;
	}
	if (region)
		odp_domain_put(domain, &region, 1);
	return odp_get(domain, range->iov_base, range->iov_len, access, key);
}

/* At most PART ranges. *got: how many have a key. */
static int get_part(struct odp_domain *domain, const struct iovec *range, size_t n, int access,
		    struct odp_key *key, size_t *got)
{
	struct odp_region *region[PART];
	size_t i;
	int err = 0;

	look_up(domain, range, n, access, region);
	for (i = 0; i < n && !err; i++)
		err = get_one(domain, &range[i], access, region[i], &key[i]);
	*got = err ? i - 1 : i;
	/* Those after the one that failed. */
	for (; i < n; i++)
		if (region[i])
			odp_domain_put(domain, &region[i], 1);
	return err;
}

int odp_get_many(struct odp_domain *domain, const struct iovec *range, size_t n, int access,
		 struct odp_key *key)
{
	size_t done, got;
	int err = 0;

	if (n)
		memset(key, 0, n * sizeof(*key));
	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if (access & ODP_LEVELS_RIGHTS)
		return -EINVAL;
	for (done = 0; done < n && !err; done += got)
		err = get_part(domain, range + done, n - done < PART ? n - done : PART, access,
			       key + done, &got);
	if (err)
		odp_put_many(domain, key, done);
	return err;
}

int odp_put_many(struct odp_domain *domain, struct odp_key *key, size_t n)
{
	struct odp_region *region[PART];
	size_t i, held = 0;
	int err, first = 0;

	for (i = 0; i < n; i++) {
		err = odp_key_unmake(domain, &key[i], &region[held]);
		first = first ? first : err;
		if (!err && region[held]->level != ODP_IMPLICIT)
			held++;
		if (held == PART) {
			odp_domain_put(domain, region, held);
			held = 0;
		}
	}
	if (held)
		odp_domain_put(domain, region, held);
	return first;
}
