// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Places of threads: a bit each, taken at a thread's first key, given back when it ends. Those of
 * threads that a child of fork() does not have are lost to it.
 */
#include <pthread.h>
#include <stdbool.h>

#include "tally.h"

__thread int odp_place __attribute__((tls_model("initial-exec"))) = ODP_PLACE_NONE;

static uint64_t place_free = ~0ull;
static pthread_key_t place_key; /* its value: the place + 1 */
static bool place_key_made;

_Static_assert(ODP_PLACES == 64, "a bit each");

static void place_give(void *value)
{
	const uintptr_t place = (uintptr_t)value - 1;

	/* What destructors of others still count, they count in the shared slot. */
	odp_place = ODP_PLACES;
	__atomic_or_fetch(&place_free, 1ull << place, __ATOMIC_RELEASE);
}

static void __attribute__((constructor)) place_begin(void)
{
	place_key_made = !pthread_key_create(&place_key, place_give);
}

/* Of a library that dlclose() unmaps nothing may be called when a thread ends. */
static void __attribute__((destructor)) place_end(void)
{
	if (place_key_made)
		pthread_key_delete(place_key);
}

/* The lowest that is free, or ODP_PLACES. */
static int place_find(void)
{
	uint64_t free = __atomic_load_n(&place_free, __ATOMIC_RELAXED);
	int place;

	while (free) {
		place = __builtin_ctzll(free);
		if (__atomic_compare_exchange_n(&place_free, &free, free & ~(1ull << place), true,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return place;
	}
	return ODP_PLACES;
}

int odp_place_take(void)
{
	int place = place_key_made ? place_find() : ODP_PLACES;

	if (place < ODP_PLACES && pthread_setspecific(place_key, (void *)((uintptr_t)place + 1))) {
		__atomic_or_fetch(&place_free, 1ull << place, __ATOMIC_RELEASE);
		place = ODP_PLACES;
	}
	odp_place = place;
	return place;
}

uint64_t odp_tally_sum(const struct odp_tally *tally, enum odp_tally_what what)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i <= ODP_PLACES; i++)
		sum += __atomic_load_n(&tally->slot[i].count[what], __ATOMIC_ACQUIRE);
	return sum;
}

uint64_t odp_tally_held(const struct odp_tally *tally)
{
	/* In this order: a key that is seen to be put was seen to be had. */
	const uint64_t puts = odp_tally_sum(tally, ODP_TALLY_PUTS);

	return odp_tally_sum(tally, ODP_TALLY_HITS) + odp_tally_sum(tally, ODP_TALLY_MISSES) - puts;
}
