// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* RNR timer codes (IBTA table 45). Code 0 is the longest time, 1 to 31 rise. */
#include "unit.h"

#include "wire/opcode.h"

#define US   1000ull
#define LONG (655360 * US)

static void codes_are_the_times_of_the_standard(void **state)
{
	static const struct {
		u8 code;
		u64 us;
	} known[] = {
		{ 0, 655360 },	{ 1, 10 },	{ 2, 20 },	{ 5, 60 },
		{ 12, 640 },	{ 14, 1280 },	{ 20, 10240 },	{ 26, 81920 },
		{ 29, 245760 }, { 30, 327680 }, { 31, 491520 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		assert_true(rodp_rnr_code_to_ns(known[i].code) == known[i].us * US);
}

static void times_rise_with_the_code_and_zero_is_the_longest(void **state)
{
	u8 code;

	(void)state;
	for (code = 2; code < 32; code++)
		assert_true(rodp_rnr_code_to_ns(code) > rodp_rnr_code_to_ns(code - 1));
	assert_true(rodp_rnr_code_to_ns(0) > rodp_rnr_code_to_ns(31));
}

static void a_time_is_at_most_twice_the_one_before_it(void **state)
{
	u8 code;

	(void)state;
	for (code = 2; code < 32; code++)
		assert_true(rodp_rnr_code_to_ns(code) <= 2 * rodp_rnr_code_to_ns(code - 1));
}

static void every_code_is_its_own_inverse(void **state)
{
	u8 code;

	(void)state;
	for (code = 0; code < 32; code++)
		assert_int_equal(rodp_rnr_ns_to_code(rodp_rnr_code_to_ns(code)), code);
}

static void the_code_of_a_time_is_the_smallest_that_waits_long_enough(void **state)
{
	uint64_t seed = UNIT_SEED;
	int trial;

	(void)state;
	for (trial = 0; trial < 100000; trial++) {
		u64 ns = unit_random(&seed) % LONG;
		u8 code = rodp_rnr_ns_to_code(ns);

		assert_true(rodp_rnr_code_to_ns(code) >= ns);
		if (code != 1)
			assert_true(rodp_rnr_code_to_ns(code ? code - 1 : 31) < ns);
	}
}

static void the_ends_of_the_scale(void **state)
{
	(void)state;
	assert_int_equal(rodp_rnr_ns_to_code(0), 1);
	assert_int_equal(rodp_rnr_ns_to_code(491520 * US + 1), 0);
	assert_int_equal(rodp_rnr_ns_to_code(LONG + 1), 0);
	assert_int_equal(rodp_rnr_ns_to_code(UINT64_MAX), 0);
}

static void the_upper_bits_of_a_syndrome_do_not_count(void **state)
{
	(void)state;
	assert_true(rodp_rnr_code_to_ns(RODP_AETH_RNR_NAK | 14) == 1280 * US);
	assert_true(rodp_rnr_code_to_ns(0xff) == rodp_rnr_code_to_ns(31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_the_times_of_the_standard),
		cmocka_unit_test(times_rise_with_the_code_and_zero_is_the_longest),
		cmocka_unit_test(a_time_is_at_most_twice_the_one_before_it),
		cmocka_unit_test(every_code_is_its_own_inverse),
		cmocka_unit_test(the_code_of_a_time_is_the_smallest_that_waits_long_enough),
		cmocka_unit_test(the_ends_of_the_scale),
		cmocka_unit_test(the_upper_bits_of_a_syndrome_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
