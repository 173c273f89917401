// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Sets of intervals and the cache of regions over them, in any order of calls, beside a list that is
 * looked through: the same are found, in order of their addresses, and the counts are those of the list.
 */
#include "fuzz.h"

#include "cache.h"

#define REGIONS 24

static struct odp_cache cache;
static struct odp_region regions[REGIONS];
static bool in[REGIONS];
static const uint8_t *data;
static size_t size;

static uint64_t take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

/* Small numbers, so that they meet; sometimes up to the end of the address space. */
static void take_span(uint64_t *first, uint64_t *last)
{
	const uint8_t a = take(1), b = take(1);

	*first = a == 0xff ? UINT64_MAX - b : a;
	*last = b == 0xff || *first + b < *first ? UINT64_MAX : *first + b;
}

struct found {
	uint64_t last_first;
	unsigned int n, stop;
};

static bool visit(struct odp_interval *node, void *arg)
{
	struct found *found = arg;

	fuzz_check(!found->n || node->first >= found->last_first);
	found->last_first = node->first;
	return ++found->n == found->stop;
}

static bool overlaps(const struct odp_interval *node, uint64_t first, uint64_t last)
{
	return node->first <= last && node->last >= first;
}

static void find_all(void)
{
	struct found found = { .stop = 0 };
	unsigned int n = 0;
	uint64_t first, last;

	take_span(&first, &last);
	for (int i = 0; i < REGIONS; i++)
		n += in[i] && overlaps(&regions[i].span, first, last);
	fuzz_check(!odp_interval_find(&cache.set, first, last, visit, &found) && found.n == n);
	if (!n)
		return;
	found = (struct found){ .stop = 1 + take(1) % n };
	fuzz_check(odp_interval_find(&cache.set, first, last, visit, &found));
	fuzz_check(found.n == found.stop);
}

static bool will_do(const struct odp_region *region, const struct odp_want *want)
{
	return region->known && region->span.first <= want->first &&
	       region->span.last >= want->last &&
	       (region->access == want->access ||
		(want->or_more && (region->access & want->access) == want->access));
}

static void find_wanted(void)
{
	struct odp_want want = { .access = take(1) & 3, .or_more = take(1) & 1 };
	struct odp_region *got;
	bool any = false;

	take_span(&want.first, &want.last);
	got = odp_cache_find(&cache, &want);
	for (int i = 0; i < REGIONS; i++)
		any |= in[i] && will_do(&regions[i], &want);
	fuzz_check(!got == !any && (!got || will_do(got, &want)));
}

/* One that is made is held by its maker. */
static void add(int i)
{
	if (in[i])
		return;
	regions[i] = (struct odp_region){ .access = take(1) & 3, .holds = 1, .known = take(1) & 1 };
	take_span(&regions[i].span.first, &regions[i].span.last);
	odp_cache_add(&cache, &regions[i]);
	in[i] = true;
}

static void drop_from_set(int i)
{
	fuzz_check(!regions[i].holds && !regions[i].known);
	odp_cache_remove(&cache, &regions[i]);
	in[i] = false;
}

static void drop(int i)
{
	bool last;

	if (!in[i] || !regions[i].holds)
		return;
	last = regions[i].holds == 1 && !regions[i].known;
	fuzz_check(odp_cache_drop(&cache, &regions[i]) == last);
	if (last)
		drop_from_set(i);
}

static void hide(int i)
{
	bool last;

	if (!in[i])
		return;
	last = regions[i].known && !regions[i].holds;
	fuzz_check(odp_cache_hide(&cache, &regions[i]) == last);
	if (last)
		drop_from_set(i);
}

/* The list of the idle, from both ends. */
static void check_idle(void)
{
	unsigned int n = 0;
	const struct odp_region *at, *before = NULL;

	for (at = cache.oldest; at; before = at, at = at->newer, n++)
		fuzz_check(at->known && !at->holds && at->older == before);
	fuzz_check(cache.newest == before && cache.idle == n);
}

static void check_counts(void)
{
	uint64_t n = 0, bytes = 0, idle = 0;

	for (int i = 0; i < REGIONS; i++) {
		if (!in[i])
			continue;
		n++;
		bytes += odp_region_bytes(&regions[i]);
		idle += regions[i].known && !regions[i].holds;
	}
	fuzz_check(cache.regions == n && cache.bytes == bytes && cache.idle == idle);
}

static void step(void)
{
	const uint8_t what = take(1), i = (what >> 3) % REGIONS;

	switch (what & 7) {
	case 0:
	case 1:
		return add(i);
	case 2:
		if (in[i] && (regions[i].known || regions[i].holds))
			odp_cache_hold(&cache, &regions[i]);
		return;
	case 3:
		return drop(i);
	case 4:
		return hide(i);
	case 5:
		return find_wanted();
	}
	find_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	cache = (struct odp_cache){ 0 };
	memset(in, 0, sizeof(in));
	while (size) {
		step();
		check_idle();
		check_counts();
	}
	return 0;
}
