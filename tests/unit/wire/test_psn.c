// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* PSN arithmetic: 24 bits, a circular order (IBTA 9.7.1). */
#include "unit.h"

#include "wire/psn.h"

#define MAX_PSN 0xffffffu
#define HALF	0x800000u
#define TRIALS	100000

static void addition_wraps_at_two_to_the_24(void **state)
{
	(void)state;
	assert_int_equal(rodp_psn_add(0, 0), 0);
	assert_int_equal(rodp_psn_add(MAX_PSN, 1), 0);
	assert_int_equal(rodp_psn_add(MAX_PSN - 1, 5), 3);
	assert_int_equal(rodp_psn_add(5, MAX_PSN), 4);
	assert_int_equal(rodp_psn_add(7, (u32)-1), 6);
}

static void order_holds_across_the_wrap(void **state)
{
	(void)state;
	assert_true(rodp_psn_cmp(1, 2) < 0);
	assert_true(rodp_psn_cmp(2, 1) > 0);
	assert_true(rodp_psn_cmp(9, 9) == 0);
	assert_true(rodp_psn_cmp(MAX_PSN, 0) < 0);
	assert_true(rodp_psn_cmp(0, MAX_PSN) > 0);
	assert_true(rodp_psn_cmp(MAX_PSN - 3, 3) < 0);
}

static void the_window_is_half_the_circle(void **state)
{
	u32 psn;

	(void)state;
	for (psn = 0; psn <= MAX_PSN; psn += 65521) {
		assert_true(rodp_psn_cmp(rodp_psn_add(psn, HALF - 1), psn) > 0);
		assert_true(rodp_psn_cmp(rodp_psn_add(psn, HALF), psn) < 0);
		assert_true(rodp_psn_cmp(rodp_psn_add(psn, HALF + 1), psn) < 0);
	}
}

static void distance_is_what_addition_added(void **state)
{
	uint64_t seed = UNIT_SEED;
	int trial;

	(void)state;
	for (trial = 0; trial < TRIALS; trial++) {
		u32 from = unit_random(&seed) & MAX_PSN;
		u32 n = unit_random(&seed) & MAX_PSN;
		u32 to = rodp_psn_add(from, n);

		assert_true(to <= MAX_PSN);
		assert_int_equal(rodp_psn_distance(from, to), n);
		assert_int_equal(rodp_psn_add(to, rodp_psn_distance(to, from)), from);
	}
}

static void comparison_agrees_with_distance_and_is_antisymmetric(void **state)
{
	uint64_t seed = UNIT_SEED;
	int trial;

	(void)state;
	for (trial = 0; trial < TRIALS; trial++) {
		u32 a = unit_random(&seed) & MAX_PSN;
		u32 b = trial % 2 ? unit_random(&seed) & MAX_PSN : rodp_psn_add(a, trial % 64 - 32);
		u32 ahead = rodp_psn_distance(b, a);

		assert_int_equal(rodp_psn_cmp(a, b) == 0, a == b);
		assert_int_equal(rodp_psn_cmp(a, b) > 0, ahead && ahead < HALF);
		if (ahead != HALF)
			assert_int_equal(rodp_psn_cmp(a, b) > 0, rodp_psn_cmp(b, a) < 0);
	}
}

static void comparison_does_not_depend_on_where_the_circle_begins(void **state)
{
	uint64_t seed = UNIT_SEED;
	int trial;

	(void)state;
	for (trial = 0; trial < TRIALS; trial++) {
		u32 a = unit_random(&seed) & MAX_PSN;
		u32 b = unit_random(&seed) & MAX_PSN;
		u32 turn = unit_random(&seed) & MAX_PSN;

		assert_int_equal(rodp_psn_cmp(a, b),
				 rodp_psn_cmp(rodp_psn_add(a, turn), rodp_psn_add(b, turn)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addition_wraps_at_two_to_the_24),
		cmocka_unit_test(order_holds_across_the_wrap),
		cmocka_unit_test(the_window_is_half_the_circle),
		cmocka_unit_test(distance_is_what_addition_added),
		cmocka_unit_test(comparison_agrees_with_distance_and_is_antisymmetric),
		cmocka_unit_test(comparison_does_not_depend_on_where_the_circle_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
