// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The measured round trip: what is measured, what is not, and what follows from it. */
#include "unit.h"

#include "qp/send/rtt.h"

#define US 1000ull

static void nothing_is_known_at_first(void **state)
{
	struct rodp_rtt rtt = { 0 };

	(void)state;
	assert_true(rodp_rtt_patience(&rtt) == 0);
	rodp_rtt_acked(&rtt, 5, 100);
	assert_true(rodp_rtt_patience(&rtt) == 0);
}

static void one_packet_is_measured_at_a_time(void **state)
{
	struct rodp_rtt rtt = { 0 };

	(void)state;
	rodp_rtt_begin(&rtt, 7, 1000 * US);
	rodp_rtt_begin(&rtt, 8, 1090 * US);
	rodp_rtt_acked(&rtt, 7, 1095 * US); /* what is before it */
	assert_true(rtt.smoothed == 0);
	rodp_rtt_acked(&rtt, 9, 1100 * US);
	assert_true(rtt.smoothed == 100 * US);
	rodp_rtt_acked(&rtt, 10, 9000 * US);
	assert_true(rtt.smoothed == 100 * US);
}

static void it_holds_across_the_wrap(void **state)
{
	struct rodp_rtt rtt = { 0 };

	(void)state;
	rodp_rtt_begin(&rtt, 0xffffff, 1);
	rodp_rtt_acked(&rtt, 0xffffff, 2);
	assert_true(rtt.smoothed == 0);
	rodp_rtt_acked(&rtt, 0, 51);
	assert_true(rtt.smoothed == 50);
}

static void what_is_sent_again_is_no_measure(void **state)
{
	struct rodp_rtt rtt = { 0 };

	(void)state;
	rodp_rtt_begin(&rtt, 7, 1000 * US);
	rodp_rtt_forget(&rtt);
	rodp_rtt_acked(&rtt, 8, 90000 * US);
	assert_true(rtt.smoothed == 0);
}

static void patience_is_two_round_trips_or_what_varies(void **state)
{
	struct rodp_rtt rtt = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		rodp_rtt_add(&rtt, 100 * US);
	assert_true(rtt.smoothed > 99 * US && rtt.smoothed <= 100 * US);
	assert_true(rodp_rtt_patience(&rtt) == 2 * rtt.smoothed);
	for (i = 0; i < 200; i++)
		rodp_rtt_add(&rtt, i % 2 ? 10 * US : 900 * US);
	assert_true(rodp_rtt_patience(&rtt) > 1000 * US);
}

static void a_round_trip_of_nothing_is_known_too(void **state)
{
	struct rodp_rtt rtt = { 0 };

	(void)state;
	rodp_rtt_add(&rtt, 0);
	assert_true(rodp_rtt_patience(&rtt) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(one_packet_is_measured_at_a_time),
		cmocka_unit_test(it_holds_across_the_wrap),
		cmocka_unit_test(what_is_sent_again_is_no_measure),
		cmocka_unit_test(patience_is_two_round_trips_or_what_varies),
		cmocka_unit_test(a_round_trip_of_nothing_is_known_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
