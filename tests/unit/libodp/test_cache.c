// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A cache of regions: who is found, who is idle, who may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache.h"

#define READ  IBV_ACCESS_REMOTE_READ
#define WRITE (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE)

static struct odp_region make(uint64_t first, uint64_t last, int access)
{
	return (struct odp_region){
		.span = { .first = first, .last = last },
		.access = access,
		.level = ODP_PINNED,
		.holds = 1,
	};
}

static struct odp_region *find(struct odp_cache *cache, uint64_t first, uint64_t last, int access,
			       bool or_more)
{
	const struct odp_want want = {
		.first = first, .last = last, .access = access, .or_more = or_more
	};

	return odp_cache_find(cache, &want);
}

static void test_find(void **state)
{
	struct odp_region region = make(0x1000, 0x4fff, WRITE);
	struct odp_cache cache = {};

	(void)state;
	odp_cache_add(&cache, &region);
	assert_null(find(&cache, 0x1000, 0x1fff, WRITE, false));
	region.known = true;
	assert_ptr_equal(find(&cache, 0x1000, 0x4fff, WRITE, false), &region);
	assert_null(find(&cache, 0x0fff, 0x1fff, WRITE, false));
	assert_null(find(&cache, 0x4fff, 0x5000, WRITE, false));
	assert_null(find(&cache, 0x1000, 0x1fff, IBV_ACCESS_LOCAL_WRITE, false));
	assert_ptr_equal(find(&cache, 0x1000, 0x1fff, IBV_ACCESS_LOCAL_WRITE, true), &region);
	assert_null(find(&cache, 0x1000, 0x1fff, READ, true));
	assert_int_equal(cache.bytes, 0x4000);
}

static void test_idle(void **state)
{
	struct odp_region region[3] = { make(0, 9, READ), make(0, 9, READ), make(5, 7, READ) };
	struct odp_cache cache = {};
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		odp_cache_add(&cache, &region[i]);
		region[i].known = true;
		assert_false(odp_cache_drop(&cache, &region[i]));
	}
	assert_int_equal(cache.idle, 3);
	assert_ptr_equal(cache.oldest, &region[0]);
	odp_cache_hold(&cache, &region[0]);
	odp_cache_hold(&cache, &region[0]);
	assert_ptr_equal(cache.oldest, &region[1]);
	assert_false(odp_cache_drop(&cache, &region[0]));
	assert_false(odp_cache_drop(&cache, &region[0]));
	assert_ptr_equal(cache.newest, &region[0]);
	assert_true(odp_cache_hide(&cache, &region[2]));
	assert_ptr_equal(cache.oldest->newer, cache.newest);
	odp_cache_remove(&cache, &region[2]);
	assert_true(odp_cache_hide(&cache, &region[1]));
	assert_true(odp_cache_hide(&cache, &region[0]));
	assert_null(cache.oldest);
	assert_null(cache.newest);
	assert_int_equal(cache.idle, 0);
}

static void test_hidden(void **state)
{
	struct odp_region region = make(0, 9, READ), making = make(0, 9, READ);
	struct odp_cache cache = {};

	(void)state;
	odp_cache_add(&cache, &region);
	region.known = true;
	assert_false(odp_cache_hide(&cache, &region));
	assert_null(find(&cache, 0, 9, READ, false));
	assert_true(odp_cache_drop(&cache, &region));
	odp_cache_remove(&cache, &region);
	odp_cache_add(&cache, &making);
	assert_false(odp_cache_hide(&cache, &making));
	assert_true(making.forgotten);
	assert_int_equal(cache.regions, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
