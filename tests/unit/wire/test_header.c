// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Headers: their sizes, and accessors against bytes written by hand (IBTA 9.2, 9.3). */
#include "unit.h"

#include "wire/header.h"

static void headers_have_the_sizes_of_the_standard(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct rodp_bth), 12);
	assert_int_equal(sizeof(struct rodp_deth), 8);
	assert_int_equal(sizeof(struct rodp_reth), 16);
	assert_int_equal(sizeof(struct rodp_atomiceth), 28);
	assert_int_equal(sizeof(struct rodp_aeth), 4);
	assert_int_equal(sizeof(struct rodp_atomicacketh), 8);
	assert_int_equal(sizeof(struct rodp_immdt), 4);
	assert_int_equal(sizeof(struct rodp_ieth), 4);
	assert_int_equal(sizeof(struct rodp_xrceth), 4);
	assert_int_equal(sizeof(struct rodp_feth), 4);
}

static void a_bth_is_written_bit_by_bit(void **state)
{
	/* SE, MigReq, pad 3, P_Key 0x8123, QP 0xabcdef, AckReq, PSN 0x123456. */
	static const u8 want[] = { 0x0a, 0xf0, 0x81, 0x23, 0x00, 0xab,
				   0xcd, 0xef, 0x80, 0x12, 0x34, 0x56 };
	struct rodp_bth bth;

	(void)state;
	rodp_bth_fill(&bth, 0x0a, true, 3, 0x8123, 0xabcdef, true, 0x123456);
	assert_memory_equal(&bth, want, sizeof(want));
	assert_int_equal(rodp_bth_pad(&bth), 3);
	assert_int_equal(rodp_bth_qpn(&bth), 0xabcdef);
	assert_int_equal(rodp_bth_psn(&bth), 0x123456);
	assert_true(rodp_bth_ackreq(&bth));
}

static void numbers_wider_than_their_field_do_not_spill(void **state)
{
	static const u8 want[] = { 0x04, 0x40, 0xff, 0xff, 0x00, 0xff,
				   0xff, 0xff, 0x00, 0xff, 0xff, 0xff };
	struct rodp_bth bth;

	(void)state;
	rodp_bth_fill(&bth, 0x04, false, 0, 0xffff, 0xffffffff, false, 0xffffffff);
	assert_memory_equal(&bth, want, sizeof(want));
	assert_false(rodp_bth_ackreq(&bth));
}

static void reserved_and_congestion_bits_are_not_part_of_a_qp_number(void **state)
{
	static const u8 bytes[] = { 0, 0, 0, 0, 0xff, 0x00, 0x00, 0x11, 0x7f, 0x00, 0x00, 0x22 };
	struct rodp_bth bth;

	(void)state;
	memcpy(&bth, bytes, sizeof(bth));
	assert_int_equal(rodp_bth_qpn(&bth), 0x11);
	assert_int_equal(rodp_bth_psn(&bth), 0x22);
	assert_false(rodp_bth_ackreq(&bth));
}

static void an_aeth_is_a_syndrome_and_a_msn(void **state)
{
	static const u8 want[] = { 0x63, 0x01, 0x02, 0x03 };
	struct rodp_aeth aeth;

	(void)state;
	rodp_aeth_fill(&aeth, RODP_AETH_NAK | RODP_NAK_REM_OP, 0xff010203);
	assert_memory_equal(&aeth, want, sizeof(want));
	assert_int_equal(rodp_aeth_syndrome(&aeth), 0x63);
	assert_int_equal(rodp_aeth_msn(&aeth), 0x010203);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_have_the_sizes_of_the_standard),
		cmocka_unit_test(a_bth_is_written_bit_by_bit),
		cmocka_unit_test(numbers_wider_than_their_field_do_not_spill),
		cmocka_unit_test(reserved_and_congestion_bits_are_not_part_of_a_qp_number),
		cmocka_unit_test(an_aeth_is_a_syndrome_and_a_msn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
