// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What is sent again after a loss, and what is learnt of the peer. */
#include "unit.h"

#include "qp/send/repair.h"

#define SENT 200u

/* The repair's packets leave: n of them from una on. */
static void leave(struct rodp_repair *repair, u32 una, u32 n)
{
	rodp_repair_left(repair, rodp_psn_add(una, n));
}

/* An acknowledgement of all before una, while nothing is being sent again. */
static u32 acked(struct rodp_repair *repair, u32 una)
{
	return rodp_repair_acked(repair, una, SENT, SENT, true);
}

static struct rodp_repair who_keeps(void)
{
	return (struct rodp_repair){ .peer = RODP_PEER_KEEPS };
}

static void a_peer_that_keeps_is_sent_what_is_missing(void **state)
{
	struct rodp_repair repair = { 0 };

	(void)state;
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, true), 1);
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, true), 0); /* not left yet */
	leave(&repair, 100, 1);
	assert_true(rodp_repair_holds(&repair, 100));
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, true), 0);
	assert_int_equal(acked(&repair, 150), 1); /* 101 to 149 were kept, 150 is missing */
	assert_int_equal(repair.peer, RODP_PEER_KEEPS);
	assert_false(rodp_repair_holds(&repair, 150));
	leave(&repair, 150, 1);
	assert_int_equal(acked(&repair, SENT), 0);
	assert_false(repair.active);
}

static void a_peer_that_keeps_nothing_costs_one_attempt(void **state)
{
	struct rodp_repair repair = { 0 };

	(void)state;
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, true), 1);
	leave(&repair, 100, 1);
	assert_int_equal(acked(&repair, 101), RODP_REPAIR_ALL);
	assert_int_equal(repair.peer, RODP_PEER_DROPS);
	assert_int_equal(rodp_repair_lost(&repair, 130, SENT, true), RODP_REPAIR_ALL);
	assert_true(rodp_repair_asks(&repair, 130));
	assert_int_equal(rodp_repair_acked(&repair, 131, SENT, 150, true), 0);
	assert_int_equal(repair.peer, RODP_PEER_DROPS);
}

static void what_was_not_sent_again_yet_was_kept(void **state)
{
	struct rodp_repair repair = { .peer = RODP_PEER_DROPS };

	(void)state;
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, true), RODP_REPAIR_ALL);
	assert_int_equal(rodp_repair_acked(&repair, 190, SENT, 120, true), 0);
	assert_int_equal(repair.peer, RODP_PEER_KEEPS);
}

static void chances_come_to_an_end(void **state)
{
	struct rodp_repair repair = { .peer = RODP_PEER_DROPS };
	u32 i, chances = 0;

	(void)state;
	for (i = 0; i < 20; i++) {
		repair.peer = RODP_PEER_DROPS;
		rodp_repair_lost(&repair, 100, SENT, true);
		rodp_repair_acked(&repair, 110, SENT, 120, true);
		chances += repair.peer == RODP_PEER_UNKNOWN;
	}
	assert_int_equal(chances, RODP_REPAIR_CHANCES);
}

static void losses_in_a_row_are_sent_twice_as_many_at_a_time(void **state)
{
	struct rodp_repair repair = who_keeps();
	u32 una = 100, n = rodp_repair_lost(&repair, una, SENT, true), total = 0;

	(void)state;
	while (n != RODP_REPAIR_ALL) {
		leave(&repair, una, n);
		una += n;
		total += n;
		n = acked(&repair, una);
	}
	assert_int_equal(total, 1 + 2 + 4 + 8 + 16);
	assert_int_equal(repair.peer, RODP_PEER_DROPS);
}

static void no_more_is_sent_again_than_was_sent(void **state)
{
	struct rodp_repair repair = who_keeps();

	(void)state;
	repair.told = true;
	assert_int_equal(rodp_repair_lost(&repair, SENT - 3, SENT, true), 1);
	leave(&repair, SENT - 3, 1);
	assert_int_equal(acked(&repair, SENT - 2), 2);
	leave(&repair, SENT - 2, 2);
	assert_int_equal(acked(&repair, SENT), 0);
}

static void an_answer_says_nothing_of_what_is_behind_it(void **state)
{
	struct rodp_repair repair = { 0 };

	(void)state;
	rodp_repair_lost(&repair, 100, SENT, true);
	leave(&repair, 100, 1);
	assert_int_equal(rodp_repair_acked(&repair, 101, SENT, SENT, false), 0);
	assert_int_equal(repair.peer, RODP_PEER_UNKNOWN);
	/* The NAK of a packet behind it does. */
	assert_int_equal(rodp_repair_lost(&repair, 101, SENT, true), RODP_REPAIR_ALL);
}

static void silence_says_nothing_of_the_peer(void **state)
{
	struct rodp_repair repair = { 0 };

	(void)state;
	assert_int_equal(rodp_repair_silent(&repair, 100, SENT), 1);
	leave(&repair, 100, 1);
	assert_int_equal(acked(&repair, 150), 1); /* an acknowledgement may have been lost */
	assert_int_equal(repair.peer, RODP_PEER_UNKNOWN);
	leave(&repair, 150, 1);
	assert_int_equal(acked(&repair, 151), 2);
	assert_int_equal(repair.peer, RODP_PEER_UNKNOWN);
	rodp_repair_end(&repair);
	assert_int_equal(acked(&repair, 160), 0);
}

static void while_all_is_sent_again_there_is_no_repair(void **state)
{
	struct rodp_repair repair = who_keeps();

	(void)state;
	assert_int_equal(rodp_repair_lost(&repair, 100, SENT, false), RODP_REPAIR_ALL);
	assert_int_equal(repair.peer, RODP_PEER_KEEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_keeps_is_sent_what_is_missing),
		cmocka_unit_test(a_peer_that_keeps_nothing_costs_one_attempt),
		cmocka_unit_test(what_was_not_sent_again_yet_was_kept),
		cmocka_unit_test(chances_come_to_an_end),
		cmocka_unit_test(losses_in_a_row_are_sent_twice_as_many_at_a_time),
		cmocka_unit_test(no_more_is_sent_again_than_was_sent),
		cmocka_unit_test(an_answer_says_nothing_of_what_is_behind_it),
		cmocka_unit_test(silence_says_nothing_of_the_peer),
		cmocka_unit_test(while_all_is_sent_again_there_is_no_repair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
