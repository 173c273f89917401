// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The opcode table against a list written by hand from IBTA vol. 1, table 38
 * (and annexes A14 for XRC, A19 for FLUSH and ATOMIC WRITE), and the cutting of
 * messages into packets against another. Neither list uses the table's macros.
 */
#include "unit.h"

#include "wire/opcode.h"

#define REQ  RODP_OPF_REQUEST
#define RSP  RODP_OPF_RESPONSE
#define FST  RODP_OPF_FIRST
#define MID  RODP_OPF_MIDDLE
#define LST  RODP_OPF_LAST
#define ONE  RODP_OPF_ONLY
#define PAY  RODP_OPF_PAYLOAD
#define SND  RODP_OPF_SEND
#define WRT  RODP_OPF_WRITE
#define RD   RODP_OPF_READ
#define ATM  RODP_OPF_ATOMIC
#define FLS  RODP_OPF_FLUSH
#define AWR  RODP_OPF_ATOMIC_WRITE
#define RWQE RODP_OPF_RWQE
#define IMM  RODP_OPF_IMM
#define INV  RODP_OPF_INV

/* clang-format off */
static const struct expected {
	u8 opcode;
	struct rodp_opcode_info info;
} expected[] = {
	/* RC */
	{ 0x00, { REQ | SND | PAY | FST | RWQE, .bytes = 12 } },
	{ 0x01, { REQ | SND | PAY | MID, .bytes = 12 } },
	{ 0x02, { REQ | SND | PAY | LST, .bytes = 12 } },
	{ 0x03, { REQ | SND | PAY | LST | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x04, { REQ | SND | PAY | ONE | RWQE, .bytes = 12 } },
	{ 0x05, { REQ | SND | PAY | ONE | RWQE | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x06, { REQ | WRT | PAY | FST, .bytes = 28, .reth = 12 } },
	{ 0x07, { REQ | WRT | PAY | MID, .bytes = 12 } },
	{ 0x08, { REQ | WRT | PAY | LST, .bytes = 12 } },
	{ 0x09, { REQ | WRT | PAY | LST | RWQE | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x0a, { REQ | WRT | PAY | ONE, .bytes = 28, .reth = 12 } },
	{ 0x0b, { REQ | WRT | PAY | ONE | RWQE | IMM, .bytes = 32, .reth = 12, .immdt = 28 } },
	{ 0x0c, { REQ | RD | ONE, .bytes = 28, .reth = 12 } },
	{ 0x0d, { RSP | RD | PAY | FST, .bytes = 16, .aeth = 12 } },
	{ 0x0e, { RSP | RD | PAY | MID, .bytes = 12 } },
	{ 0x0f, { RSP | RD | PAY | LST, .bytes = 16, .aeth = 12 } },
	{ 0x10, { RSP | RD | PAY | ONE, .bytes = 16, .aeth = 12 } },
	{ 0x11, { RSP | ONE, .bytes = 16, .aeth = 12 } },
	{ 0x12, { RSP | ATM | ONE, .bytes = 24, .aeth = 12, .atomicacketh = 16 } },
	{ 0x13, { REQ | ATM | ONE, .bytes = 40, .atomiceth = 12 } },
	{ 0x14, { REQ | ATM | ONE, .bytes = 40, .atomiceth = 12 } },
	{ 0x16, { REQ | SND | PAY | LST | INV, .bytes = 16, .ieth = 12 } },
	{ 0x17, { REQ | SND | PAY | ONE | RWQE | INV, .bytes = 16, .ieth = 12 } },
	{ 0x1c, { REQ | FLS | ONE, .bytes = 32, .feth = 12, .reth = 16 } },
	{ 0x1d, { REQ | AWR | PAY | ONE, .bytes = 28, .reth = 12 } },
	/* congestion notification */
	{ 0x81, { RODP_OPF_CNP | PAY, .bytes = 12 } },
	/* UC */
	{ 0x20, { REQ | SND | PAY | FST | RWQE, .bytes = 12 } },
	{ 0x21, { REQ | SND | PAY | MID, .bytes = 12 } },
	{ 0x22, { REQ | SND | PAY | LST, .bytes = 12 } },
	{ 0x23, { REQ | SND | PAY | LST | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x24, { REQ | SND | PAY | ONE | RWQE, .bytes = 12 } },
	{ 0x25, { REQ | SND | PAY | ONE | RWQE | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x26, { REQ | WRT | PAY | FST, .bytes = 28, .reth = 12 } },
	{ 0x27, { REQ | WRT | PAY | MID, .bytes = 12 } },
	{ 0x28, { REQ | WRT | PAY | LST, .bytes = 12 } },
	{ 0x29, { REQ | WRT | PAY | LST | RWQE | IMM, .bytes = 16, .immdt = 12 } },
	{ 0x2a, { REQ | WRT | PAY | ONE, .bytes = 28, .reth = 12 } },
	{ 0x2b, { REQ | WRT | PAY | ONE | RWQE | IMM, .bytes = 32, .reth = 12, .immdt = 28 } },
	/* UD */
	{ 0x64, { REQ | SND | PAY | ONE | RWQE, .bytes = 20, .deth = 12 } },
	{ 0x65, { REQ | SND | PAY | ONE | RWQE | IMM, .bytes = 24, .deth = 12, .immdt = 20 } },
	/* XRC */
	{ 0xa0, { REQ | SND | PAY | FST | RWQE, .bytes = 16, .xrceth = 12 } },
	{ 0xa1, { REQ | SND | PAY | MID, .bytes = 16, .xrceth = 12 } },
	{ 0xa2, { REQ | SND | PAY | LST, .bytes = 16, .xrceth = 12 } },
	{ 0xa3, { REQ | SND | PAY | LST | IMM, .bytes = 20, .xrceth = 12, .immdt = 16 } },
	{ 0xa4, { REQ | SND | PAY | ONE | RWQE, .bytes = 16, .xrceth = 12 } },
	{ 0xa5, { REQ | SND | PAY | ONE | RWQE | IMM, .bytes = 20, .xrceth = 12, .immdt = 16 } },
	{ 0xa6, { REQ | WRT | PAY | FST, .bytes = 32, .xrceth = 12, .reth = 16 } },
	{ 0xa7, { REQ | WRT | PAY | MID, .bytes = 16, .xrceth = 12 } },
	{ 0xa8, { REQ | WRT | PAY | LST, .bytes = 16, .xrceth = 12 } },
	{ 0xa9, { REQ | WRT | PAY | LST | RWQE | IMM, .bytes = 20, .xrceth = 12, .immdt = 16 } },
	{ 0xaa, { REQ | WRT | PAY | ONE, .bytes = 32, .xrceth = 12, .reth = 16 } },
	{ 0xab, { REQ | WRT | PAY | ONE | RWQE | IMM, .bytes = 36, .xrceth = 12, .reth = 16,
		  .immdt = 32 } },
	{ 0xac, { REQ | RD | ONE, .bytes = 32, .xrceth = 12, .reth = 16 } },
	{ 0xad, { RSP | RD | PAY | FST, .bytes = 16, .aeth = 12 } },
	{ 0xae, { RSP | RD | PAY | MID, .bytes = 12 } },
	{ 0xaf, { RSP | RD | PAY | LST, .bytes = 16, .aeth = 12 } },
	{ 0xb0, { RSP | RD | PAY | ONE, .bytes = 16, .aeth = 12 } },
	{ 0xb1, { RSP | ONE, .bytes = 16, .aeth = 12 } },
	{ 0xb2, { RSP | ATM | ONE, .bytes = 24, .aeth = 12, .atomicacketh = 16 } },
	{ 0xb3, { REQ | ATM | ONE, .bytes = 44, .xrceth = 12, .atomiceth = 16 } },
	{ 0xb4, { REQ | ATM | ONE, .bytes = 44, .xrceth = 12, .atomiceth = 16 } },
	{ 0xb6, { REQ | SND | PAY | LST | INV, .bytes = 20, .xrceth = 12, .ieth = 16 } },
	{ 0xb7, { REQ | SND | PAY | ONE | RWQE | INV, .bytes = 20, .xrceth = 12, .ieth = 16 } },
	{ 0xbc, { REQ | FLS | ONE, .bytes = 36, .xrceth = 12, .feth = 16, .reth = 20 } },
	{ 0xbd, { REQ | AWR | PAY | ONE, .bytes = 32, .xrceth = 12, .reth = 16 } },
};

/* Opcodes of the middle, first, last and only packet of each message; -1: there is none. */
static const struct {
	enum rodp_transport tp;
	enum rodp_message msg;
	int middle, first, last, only;
} cuts[] = {
	{ RODP_TP_RC, RODP_MSG_SEND, 0x01, 0x00, 0x02, 0x04 },
	{ RODP_TP_RC, RODP_MSG_SEND_IMM, 0x01, 0x00, 0x03, 0x05 },
	{ RODP_TP_RC, RODP_MSG_SEND_INV, 0x01, 0x00, 0x16, 0x17 },
	{ RODP_TP_RC, RODP_MSG_WRITE, 0x07, 0x06, 0x08, 0x0a },
	{ RODP_TP_RC, RODP_MSG_WRITE_IMM, 0x07, 0x06, 0x09, 0x0b },
	{ RODP_TP_RC, RODP_MSG_READ, -1, -1, -1, 0x0c },
	{ RODP_TP_RC, RODP_MSG_CMP_SWAP, -1, -1, -1, 0x13 },
	{ RODP_TP_RC, RODP_MSG_FETCH_ADD, -1, -1, -1, 0x14 },
	{ RODP_TP_RC, RODP_MSG_FLUSH, -1, -1, -1, 0x1c },
	{ RODP_TP_RC, RODP_MSG_ATOMIC_WRITE, -1, -1, -1, 0x1d },
	{ RODP_TP_UC, RODP_MSG_SEND, 0x21, 0x20, 0x22, 0x24 },
	{ RODP_TP_UC, RODP_MSG_SEND_IMM, 0x21, 0x20, 0x23, 0x25 },
	{ RODP_TP_UC, RODP_MSG_SEND_INV, -1, -1, -1, -1 },
	{ RODP_TP_UC, RODP_MSG_WRITE, 0x27, 0x26, 0x28, 0x2a },
	{ RODP_TP_UC, RODP_MSG_WRITE_IMM, 0x27, 0x26, 0x29, 0x2b },
	{ RODP_TP_UC, RODP_MSG_READ, -1, -1, -1, -1 },
	{ RODP_TP_UC, RODP_MSG_CMP_SWAP, -1, -1, -1, -1 },
	{ RODP_TP_UC, RODP_MSG_FETCH_ADD, -1, -1, -1, -1 },
	{ RODP_TP_UC, RODP_MSG_FLUSH, -1, -1, -1, -1 },
	{ RODP_TP_UC, RODP_MSG_ATOMIC_WRITE, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_SEND, -1, -1, -1, 0x64 },
	{ RODP_TP_UD, RODP_MSG_SEND_IMM, -1, -1, -1, 0x65 },
	{ RODP_TP_UD, RODP_MSG_SEND_INV, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_WRITE, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_WRITE_IMM, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_READ, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_CMP_SWAP, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_FETCH_ADD, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_FLUSH, -1, -1, -1, -1 },
	{ RODP_TP_UD, RODP_MSG_ATOMIC_WRITE, -1, -1, -1, -1 },
	{ RODP_TP_XRC, RODP_MSG_SEND, 0xa1, 0xa0, 0xa2, 0xa4 },
	{ RODP_TP_XRC, RODP_MSG_SEND_IMM, 0xa1, 0xa0, 0xa3, 0xa5 },
	{ RODP_TP_XRC, RODP_MSG_SEND_INV, 0xa1, 0xa0, 0xb6, 0xb7 },
	{ RODP_TP_XRC, RODP_MSG_WRITE, 0xa7, 0xa6, 0xa8, 0xaa },
	{ RODP_TP_XRC, RODP_MSG_WRITE_IMM, 0xa7, 0xa6, 0xa9, 0xab },
	{ RODP_TP_XRC, RODP_MSG_READ, -1, -1, -1, 0xac },
	{ RODP_TP_XRC, RODP_MSG_CMP_SWAP, -1, -1, -1, 0xb3 },
	{ RODP_TP_XRC, RODP_MSG_FETCH_ADD, -1, -1, -1, 0xb4 },
	{ RODP_TP_XRC, RODP_MSG_FLUSH, -1, -1, -1, 0xbc },
	{ RODP_TP_XRC, RODP_MSG_ATOMIC_WRITE, -1, -1, -1, 0xbd },
};
/* clang-format on */

static const struct expected *find_expected(unsigned int opcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(expected); i++)
		if (expected[i].opcode == opcode)
			return &expected[i];
	return NULL;
}

static void each_opcode_has_its_headers_where_the_standard_puts_them(void **state)
{
	static const struct rodp_opcode_info none;
	unsigned int opcode;

	(void)state;
	for (opcode = 0; opcode < 256; opcode++) {
		const struct expected *row = find_expected(opcode);
		const struct rodp_opcode_info *want = row ? &row->info : &none;

		if (memcmp(rodp_opcode_info(opcode), want, sizeof(*want)) != 0)
			fail_msg("opcode 0x%02x", opcode);
	}
}

static void each_existing_opcode_is_one_direction_and_one_place(void **state)
{
	const u32 places = RODP_OPF_FIRST | RODP_OPF_MIDDLE | RODP_OPF_LAST | RODP_OPF_ONLY;
	unsigned int opcode;

	(void)state;
	for (opcode = 0; opcode < 256; opcode++) {
		u32 flags = rodp_opcode_info(opcode)->flags;

		if (!flags || (flags & RODP_OPF_CNP)) /* which is neither */
			continue;
		assert_int_equal(__builtin_popcount(flags & (REQ | RSP)), 1);
		assert_int_equal(__builtin_popcount(flags & places), 1);
	}
}

static void messages_are_cut_into_the_packets_of_their_transport(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		enum rodp_transport tp = cuts[i].tp;
		enum rodp_message msg = cuts[i].msg;

		if (rodp_opcode_request(tp, msg, false, false) != cuts[i].middle ||
		    rodp_opcode_request(tp, msg, true, false) != cuts[i].first ||
		    rodp_opcode_request(tp, msg, false, true) != cuts[i].last ||
		    rodp_opcode_request(tp, msg, true, true) != cuts[i].only)
			fail_msg("transport 0x%02x, message %d", tp, msg);
	}
}

static void transports_that_we_do_not_speak_have_no_message(void **state)
{
	static const enum rodp_transport none[] = { RODP_TP_RD, RODP_TP_CNP };
	unsigned int i, msg, place;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(none); i++)
		for (msg = RODP_MSG_SEND; msg <= RODP_MSG_ATOMIC_WRITE; msg++)
			for (place = 0; place < 4; place++)
				assert_int_equal(rodp_opcode_request(none[i], msg, place & 1,
								     place & 2),
						 -1);
}

static void read_responses_are_cut_like_messages(void **state)
{
	(void)state;
	assert_int_equal(rodp_opcode_read_response(RODP_TP_RC, true, false), 0x0d);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_RC, false, false), 0x0e);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_RC, false, true), 0x0f);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_RC, true, true), 0x10);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_XRC, true, false), 0xad);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_XRC, false, false), 0xae);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_XRC, false, true), 0xaf);
	assert_int_equal(rodp_opcode_read_response(RODP_TP_XRC, true, true), 0xb0);
}

static void path_mtu_codes_are_those_of_the_verbs(void **state)
{
	(void)state;
	assert_int_equal(rodp_mtu_bytes(0), 0);
	assert_int_equal(rodp_mtu_bytes(1), 256);
	assert_int_equal(rodp_mtu_bytes(2), 512);
	assert_int_equal(rodp_mtu_bytes(3), 1024);
	assert_int_equal(rodp_mtu_bytes(4), 2048);
	assert_int_equal(rodp_mtu_bytes(5), 4096);
	assert_int_equal(rodp_mtu_bytes(6), 0);
	assert_int_equal(rodp_mtu_bytes(255), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_opcode_has_its_headers_where_the_standard_puts_them),
		cmocka_unit_test(each_existing_opcode_is_one_direction_and_one_place),
		cmocka_unit_test(messages_are_cut_into_the_packets_of_their_transport),
		cmocka_unit_test(transports_that_we_do_not_speak_have_no_message),
		cmocka_unit_test(read_responses_are_cut_like_messages),
		cmocka_unit_test(path_mtu_codes_are_those_of_the_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
