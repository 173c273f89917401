// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The set of intervals against a model that looks at every one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "interval.h"

#define NODES	300
#define ROUNDS	20000
#define ADDRESS 1000

struct play {
	struct odp_intervals set;
	struct odp_interval node[NODES];
	bool in[NODES];
	size_t count;
};

static bool count_one(struct odp_interval *node, void *arg)
{
	(void)node;
	++*(size_t *)arg;
	return false;
}

static bool take_any(struct odp_interval *node, void *arg)
{
	(void)node, (void)arg;
	return true;
}

struct order {
	uint64_t first;
	size_t count;
};

static bool check_order(struct odp_interval *node, void *arg)
{
	struct order *order = arg;

	assert_true(node->first >= order->first);
	order->first = node->first;
	order->count++;
	return false;
}

static size_t model_overlaps(const struct play *p, uint64_t first, uint64_t last)
{
	size_t i, n = 0;

	for (i = 0; i < NODES; i++)
		n += p->in[i] && p->node[i].first <= last && p->node[i].last >= first;
	return n;
}

static void check_range(const struct play *p, uint64_t first, uint64_t last)
{
	const size_t expected = model_overlaps(p, first, last);
	struct order order = {};
	struct odp_interval *any;

	odp_interval_find(&p->set, first, last, check_order, &order);
	assert_int_equal(order.count, expected);
	any = odp_interval_find(&p->set, first, last, take_any, NULL);
	assert_int_equal(!!any, !!expected);
	if (any)
		assert_true(any->first <= last && any->last >= first);
}

static void toggle(struct play *p, size_t i)
{
	if (p->in[i]) {
		odp_interval_remove(&p->set, &p->node[i]);
	} else {
		p->node[i].first = rand() % ADDRESS;
		p->node[i].last = p->node[i].first + (rand() % 4 ? rand() % 20 : rand() % ADDRESS);
		odp_interval_add(&p->set, &p->node[i]);
	}
	p->in[i] = !p->in[i];
}

static void test_random(void **state)
{
	struct play p = {};
	uint64_t first;
	int round;

	(void)state;
	srand(1);
	for (round = 0; round < ROUNDS; round++) {
		toggle(&p, rand() % NODES);
		first = rand() % ADDRESS;
		check_range(&p, first, first + rand() % 50);
	}
	for (round = 0; round < NODES; round++)
		if (p.in[round])
			toggle(&p, round);
	assert_null(p.set.root);
}

static void test_equal(void **state)
{
	struct odp_interval node[50] = {};
	struct odp_intervals set = {};
	size_t i, count = 0;

	(void)state;
	for (i = 0; i < 50; i++) {
		node[i].first = 5;
		node[i].last = 9;
		odp_interval_add(&set, &node[i]);
	}
	odp_interval_find(&set, 9, 9, count_one, &count);
	assert_int_equal(count, 50);
	for (i = 0; i < 50; i += 2)
		odp_interval_remove(&set, &node[i]);
	count = 0;
	odp_interval_find(&set, 0, 5, count_one, &count);
	assert_int_equal(count, 25);
}

static void test_ends(void **state)
{
	struct odp_interval all = { .first = 0, .last = UINT64_MAX };
	struct odp_interval top = { .first = UINT64_MAX, .last = UINT64_MAX };
	struct odp_intervals set = {};

	(void)state;
	odp_interval_add(&set, &top);
	assert_null(odp_interval_find(&set, 0, UINT64_MAX - 1, take_any, NULL));
	odp_interval_add(&set, &all);
	assert_ptr_equal(odp_interval_find(&set, 0, 0, take_any, NULL), &all);
	assert_true(odp_interval_covers(&all, 0, UINT64_MAX));
	assert_false(odp_interval_covers(&top, UINT64_MAX - 1, UINT64_MAX));
}

/*
 * In order of address, the worst for a tree that does not balance: a depth of 100000 would take
 * minutes.
 */
static void test_sorted(void **state)
{
	const size_t n = 100000;
	struct odp_interval *node = calloc(n, sizeof(*node));
	struct odp_intervals set = {};
	size_t i, count = 0;

	(void)state;
	assert_non_null(node);
	for (i = 0; i < n; i++) {
		node[i].first = node[i].last = i;
		odp_interval_add(&set, &node[i]);
	}
	for (i = 0; i < n; i++)
		odp_interval_find(&set, i, i, count_one, &count);
	assert_int_equal(count, n);
	free(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
