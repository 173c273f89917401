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

	assert_int_equal(rodp_pace_look(&pace, BEGIN, PERIOD, LINE, 1), 0);
	return pace;
}

/* A period later, when so many packets were sent. */
static void look_later(struct rodp_pace *pace, u64 *now, u32 packets, u32 told)
{
	pace->packets = packets;
	*now += PERIOD;
	assert_int_equal(rodp_pace_look(pace, *now, PERIOD, LINE, told), 0);
}

static void nobody_is_held_back_at_first(void **state)
{
	struct rodp_pace pace = { 0 };

	(void)state;
	rodp_pace_sent(&pace, BEGIN, 1 << 20);
	assert_int_equal(rodp_pace_look(&pace, BEGIN, PERIOD, LINE, 0), 0);
	assert_true(rodp_pace_wait(&pace, BEGIN) == 0);
	assert_true(pace.rate == 0);
}

static void the_first_cut_is_a_half(void **state)
{
	struct rodp_pace pace = cut_once();

	(void)state;
	assert_true(pace.rate == LINE / 2 + PACE_ADDS * SECOND / PERIOD);
}

/* What is told meanwhile is looked at when the period is over. */
static void one_cut_in_a_period(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 rate;

	(void)state;
	pace.packets = 10;
	assert_int_equal(rodp_pace_look(&pace, BEGIN + PERIOD - 1, PERIOD, LINE, 3), 3);
	rate = pace.rate;
	assert_int_equal(rodp_pace_look(&pace, BEGIN + PERIOD, PERIOD, LINE, 3), 0);
	assert_true(pace.rate < rate);
}

/* However often it is told. */
static void there_is_a_least_rate(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		look_later(&pace, &now, i % 3, 1 + i);
	assert_true(pace.rate >= PACE_RATE_LEAST && pace.rate < 3 * PACE_ADDS * SECOND / PERIOD);
}

/* Steps are counted, not looks. */
static void it_adds_then_hastens(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN, before;
	u32 i;

	(void)state;
	for (i = 1; i < PACE_HASTENS; i++) {
		before = pace.rate;
		look_later(&pace, &now, 1, 0);
		assert_true(pace.rate == before + PACE_ADDS * SECOND / PERIOD);
	}
	before = pace.rate;
	now += PERIOD;
	look_later(&pace, &now, 1, 0);
	assert_true(pace.rate > before + 2 * before / PACE_PART);
}

/* Two senders of the same way, marked alike, become alike. */
static void who_has_less_gains(void **state)
{
	struct rodp_pace one = cut_once(), other = cut_once();
	u64 now = BEGIN, then = BEGIN;
	int i;

	(void)state;
	one.rate = 20000000;
	other.rate = 200000000;
	one.alpha = other.alpha = PACE_ONE / 8;
	for (i = 0; i < 500; i++) {
		const bool full = one.rate + other.rate > 220000000;

		look_later(&one, &now, 80, full ? 10 : 0);
		look_later(&other, &then, 80, full ? 10 : 0);
	}
	assert_true(one.rate > other.rate * 95 / 100 && one.rate < other.rate * 105 / 100);
}

/* Whose packets are marked more often slows down more. */
static void the_estimate_is_the_part_that_is_marked(void **state)
{
	static const u32 told[] = { 1, 10, 50, 100, 1000 };
	u64 now, last = 0;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(told); i++) {
		struct rodp_pace pace = cut_once();

		now = BEGIN;
		for (n = 0; n < 200; n++) {
			pace.packets = 100;
			now += 100 * PACE_NOTICE;
			rodp_pace_look(&pace, now, PERIOD, LINE, told[i]);
		}
		assert_true(pace.alpha <= PACE_ONE);
		assert_true(pace.alpha <= PACE_ONE * (told[i] < 100 ? told[i] : 100) / 100 + 16);
		assert_true(!i || pace.alpha >= last);
		last = pace.alpha;
	}
}

/* Where packets are many, notifications come one in 50 us at most: all of them are all marks. */
static void rare_notifications_may_be_all(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;

	(void)state;
	look_later(&pace, &now, 100000, PERIOD / PACE_NOTICE);
	assert_true(pace.alpha > PACE_ONE * 15 / 16);
}

/* Of a second's 20,000 possible ones a single one still cuts, and ends the calm. */
static void one_of_many_is_not_none(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;
	u32 calm;

	(void)state;
	look_later(&pace, &now, 100000, 0);
	calm = pace.calm;
	pace.packets = 100000;
	now += SECOND;
	assert_int_equal(rodp_pace_look(&pace, now, PERIOD, LINE, 1), 0);
	assert_true(calm > 0 && pace.calm == 0);
}

static void a_pause_is_bounded_and_ends_well(void **state)
{
	struct rodp_pace pace = cut_once();

	(void)state;
	rodp_pace_look(&pace, BEGIN + 1000 * SECOND, PERIOD, LINE, 0);
	assert_true(!pace.rate || pace.rate > LINE / 2);
	assert_true(!pace.rate || pace.stepped == BEGIN + 1000 * SECOND);
}

static void who_is_fast_is_let_go(void **state)
{
	struct rodp_pace pace = cut_once();
	u64 now = BEGIN;
	u32 i;

	(void)state;
	for (i = 0; pace.rate && i < 1000; i++)
		look_later(&pace, &now, 1, 0);
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
		pace = (struct rodp_pace){ .rate = 10000000 };
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
	struct rodp_pace pace = { .rate = 1000000000 };
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
	assert_true(rodp_pace_period(0) == PACE_PERIOD_ELSE);
	assert_true(rodp_pace_period(1) == PACE_PERIOD_LEAST);
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
		cmocka_unit_test(it_adds_then_hastens),
		cmocka_unit_test(who_has_less_gains),
		cmocka_unit_test(the_estimate_is_the_part_that_is_marked),
		cmocka_unit_test(rare_notifications_may_be_all),
		cmocka_unit_test(one_of_many_is_not_none),
		cmocka_unit_test(a_pause_is_bounded_and_ends_well),
		cmocka_unit_test(who_is_fast_is_let_go),
		cmocka_unit_test(packets_leave_at_the_rate),
		cmocka_unit_test(a_late_look_is_made_up_for),
		cmocka_unit_test(steps_are_as_long_as_the_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
