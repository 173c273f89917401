// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Counting by threads: more of them than there are places, threads that end and give theirs to
 * others, and sums that are exact once they are quiet and never too low before.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "implicit.h"
#include "tally.h"

#define THREADS (ODP_PLACES + 8)
#define TURNS	20000

static struct odp_tally tally;
static pthread_barrier_t all_there;
static int places[THREADS];

static void *count(void *arg)
{
	int *place = arg, i;

	pthread_barrier_wait(&all_there);
	for (i = 0; i < TURNS; i++) {
		odp_tally_add(&tally, i % 2 ? ODP_TALLY_HITS : ODP_TALLY_MISSES);
		odp_tally_add(&tally, ODP_TALLY_PUTS);
	}
	*place = odp_place;
	pthread_barrier_wait(&all_there);
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread[THREADS];
	int i;

	pthread_barrier_init(&all_there, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, count, &places[i]), 0);
	/* Each thread has a key for a moment, and there are so many threads. */
	for (i = 0; i < 1000; i++)
		assert_true(odp_tally_held(&tally) <= (uint64_t)THREADS * TURNS);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&all_there);
}

static void test_sums(void **state)
{
	uint64_t rounds;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (rounds = 1; rounds <= 3; rounds++) {
		run_threads();
		assert_int_equal(odp_tally_sum(&tally, ODP_TALLY_PUTS), rounds * THREADS * TURNS);
		assert_int_equal(odp_tally_sum(&tally, ODP_TALLY_HITS),
				 rounds * THREADS * TURNS / 2);
		assert_int_equal(odp_tally_held(&tally), 0);
	}
}

/* A place is one thread's; only those that found none share. */
static void test_places(void **state)
{
	unsigned int users[ODP_PLACES + 1] = {};
	int i;

	(void)state;
	odp_tally_add(&tally, ODP_TALLY_HITS);
	assert_in_range(odp_place, 0, ODP_PLACES - 1);
	run_threads();
	for (i = 0; i < THREADS; i++) {
		assert_in_range(places[i], 0, ODP_PLACES);
		assert_int_not_equal(places[i], odp_place);
		users[places[i]]++;
	}
	for (i = 0; i < ODP_PLACES; i++)
		assert_true(users[i] <= 1);
	assert_int_equal(users[ODP_PLACES], THREADS - (ODP_PLACES - 1));
}

/* Rights and places of the implicit table are one to one. */
static void test_rights(void **state)
{
	bool seen[ODP_IMPLICIT_PLACES] = {};
	int access, place, n = 0;

	(void)state;
	for (access = 0; access < 1 << 21; access++) {
		place = odp_implicit_place(access);
		if (place < 0)
			continue;
		assert_int_equal(access & ~ODP_RIGHTS_TABLE, 0);
		assert_in_range(place, 0, ODP_IMPLICIT_PLACES - 1);
		assert_false(seen[place]);
		seen[place] = true;
		n++;
	}
	assert_int_equal(n, ODP_IMPLICIT_PLACES);
	assert_true(odp_implicit_place(IBV_ACCESS_ON_DEMAND) < 0);
	assert_true(odp_implicit_place(-1) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
