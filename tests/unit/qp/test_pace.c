// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The pace of a sender that was told of congestion: how far down, how fast up, and what may leave when. */
#include "unit.h"

#include "qp/lane/pace.h"

#define US     1000ull
#define SECOND 1000000000ull
#define PERIOD 300000ull
#define LINE   1000000000ull /* bytes a second */
#define BEGIN  (5 * SECOND)

static struct rodp_pace cut_once(void)
{
	struct rodp_pace pace = { 0 };

	rodp_pace_cut(&pace, BEGIN, PERIOD, LINE);
	return pace;
}

static void nobody_is_held_back_at_first(void **state)
{
	struct rodp_pace pace = { 0 };

	(void)state;
	rodp_pace_sent(&pace, BEGIN, 1 << 20);
	rodp_pace_rise(&pace, BEGIN, PERIOD);
	assert_true(rodp_pace_wait(&pace, BEGIN) == 0);
	assert_true(pace.rate == 0);
}

static void the_first_cut_is_a_half(void **state)
{
	struct rodp_pace pace = cut_once();

	(void)state;
	assert_true(pace.rate == LINE / 2 && pace.target == LINE);
}

static void one_cut_in_a_period(void **state)
{
	struct rodp_pace pace = cut_once();

	(void)state;
	rodp_pace_cut(&pace, BEGIN + PERIOD - 1, PERIOD, LINE);
	assert_true(pace.rate == LINE / 2);
	rodp_pace_cut(&pace, BEGIN + PERIOD, PERIOD, LINE);
	assert_true(pace.rate < LINE / 2);
}

/* However often it is told. */
static void there_is_a_least_rate(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		rodp_pace_cut(&pace, now += PERIOD, PERIOD, LINE);
	assert_true(pace.rate == PACE_RATE_LEAST);
}

/* Half of the way at each step, then beyond it: steps are counted, not looks. */
static void it_recovers_then_adds(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN, before;
	u32 i;

	(void)state;
	for (i = 1; i <= PACE_RECOVERS; i++) {
		before = pace.rate;
		now += PERIOD;
		rodp_pace_rise(&pace, now - 1, PERIOD);
		assert_true(pace.rate == before);
		rodp_pace_rise(&pace, now, PERIOD);
		assert_true(pace.rate == (before + LINE) / 2 && pace.target == LINE);
	}
	rodp_pace_rise(&pace, now + PERIOD, PERIOD);
	assert_true(pace.target == LINE + PACE_ADDS);
	rodp_pace_rise(&pace, now + 2 * PERIOD * PACE_RECOVERS, PERIOD);
	assert_true(pace.target > LINE + 10 * PACE_ADDS);
}

/* Less and less, the rarer it is told. */
static void the_estimate_follows(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN, rate;
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		rodp_pace_rise(&pace, now += PERIOD, PERIOD);
	assert_true(pace.alpha < PACE_ONE / 2);
	rate = pace.rate;
	rodp_pace_cut(&pace, now + 1, PERIOD, LINE);
	assert_true(pace.rate > rate * 3 / 4 && pace.rate < rate);
}

static void a_pause_is_bounded_and_ends_well(void **state)
{
	struct rodp_pace pace = cut_once();

	(void)state;
	rodp_pace_rise(&pace, BEGIN + 1000 * SECOND, PERIOD);
	assert_true(pace.rate > LINE / 2);
	assert_true(!pace.rate || pace.stepped > BEGIN + 999 * SECOND);
}

static void who_is_fast_is_let_go(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;
	u32 i;

	(void)state;
	for (i = 0; pace.rate && i < 1000000; i++)
		rodp_pace_rise(&pace, now += PERIOD, PERIOD);
	assert_true(!pace.rate && !pace.next);
}

/* Over a second, looked at whenever something may leave, it sends what its rate says. */
static void packets_leave_at_the_rate(void **state)
{
	static const u32 sizes[] = { 1, 256, 1024, 4096 };
	struct rodp_pace pace;
	u64 now, sent, wait;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pace = (struct rodp_pace){ .rate = 10000000, .target = 10000000 };
		sent = 0;
		for (now = BEGIN; now < BEGIN + SECOND; now += wait ? wait : US / 10) {
			wait = rodp_pace_wait(&pace, now);
			if (wait)
				continue;
			rodp_pace_sent(&pace, now, sizes[i]);
			sent += sizes[i];
		}
		assert_true(sent >= 9900000 && sent <= 10100000);
	}
}

/* What was not sent in time: as much as a burst, and no more. */
static void a_late_look_is_made_up_for(void **state)
{
	struct rodp_pace pace = { .rate = 1000000000, .target = 1000000000 };
	u32 sent = 0;

	(void)state;
	while (!rodp_pace_wait(&pace, BEGIN)) {
		rodp_pace_sent(&pace, BEGIN, 1000);
		sent += 1000;
	}
	assert_true(sent >= PACE_BURST && sent <= PACE_BURST + 2000);
}

static void steps_are_as_long_as_the_round_trip(void **state)
{
	(void)state;
	assert_true(rodp_pace_period(0) == PACE_PERIOD_LEAST);
	assert_true(rodp_pace_period(2000 * US) == 2000 * US);
	assert_true(rodp_pace_period(SECOND) == PACE_PERIOD_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_held_back_at_first),
		cmocka_unit_test(the_first_cut_is_a_half),
		cmocka_unit_test(one_cut_in_a_period),
		cmocka_unit_test(there_is_a_least_rate),
		cmocka_unit_test(it_recovers_then_adds),
		cmocka_unit_test(the_estimate_follows),
		cmocka_unit_test(a_pause_is_bounded_and_ends_well),
		cmocka_unit_test(who_is_fast_is_let_go),
		cmocka_unit_test(packets_leave_at_the_rate),
		cmocka_unit_test(a_late_look_is_made_up_for),
		cmocka_unit_test(steps_are_as_long_as_the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
