// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The table of opcodes as requesters and responders use it: each packet of a message has an opcode that
 * the table knows as that part of that message; timer codes, path MTUs and headers that share a word
 * say what was put into them.
 */
#include "fuzz.h"

#include "wire/opcode.h"

static const enum rodp_transport transports[] = { RODP_TP_RC, RODP_TP_UC,  RODP_TP_RD,
						  RODP_TP_UD, RODP_TP_CNP, RODP_TP_XRC };

static u32 place(bool first, bool last)
{
	return first ? (last ? RODP_OPF_ONLY : RODP_OPF_FIRST)
		     : (last ? RODP_OPF_LAST : RODP_OPF_MIDDLE);
}

static u32 kind_of(enum rodp_message msg)
{
	static const u32 kinds[] = {
		[RODP_MSG_SEND] = RODP_OPF_SEND,
		[RODP_MSG_SEND_IMM] = RODP_OPF_SEND,
		[RODP_MSG_SEND_INV] = RODP_OPF_SEND,
		[RODP_MSG_WRITE] = RODP_OPF_WRITE,
		[RODP_MSG_WRITE_IMM] = RODP_OPF_WRITE,
		[RODP_MSG_READ] = RODP_OPF_READ,
		[RODP_MSG_CMP_SWAP] = RODP_OPF_ATOMIC,
		[RODP_MSG_FETCH_ADD] = RODP_OPF_ATOMIC,
		[RODP_MSG_FLUSH] = RODP_OPF_FLUSH,
		[RODP_MSG_ATOMIC_WRITE] = RODP_OPF_ATOMIC_WRITE,
	};

	return kinds[msg];
}

/* Whether the transport has the message at all (table 38). */
static bool has(enum rodp_transport tp, enum rodp_message msg, u32 at)
{
	const bool reliable = tp == RODP_TP_RC || tp == RODP_TP_XRC;
	const bool simple = msg == RODP_MSG_SEND || msg == RODP_MSG_SEND_IMM;

	if (msg > RODP_MSG_WRITE_IMM && at != RODP_OPF_ONLY)
		return false;
	if (reliable)
		return true;
	if (tp == RODP_TP_UC)
		return simple || msg == RODP_MSG_WRITE || msg == RODP_MSG_WRITE_IMM;
	return tp == RODP_TP_UD && simple && at == RODP_OPF_ONLY;
}

static void check_request(enum rodp_transport tp, enum rodp_message msg, bool first, bool last)
{
	const u32 at = place(first, last);
	const int opcode = rodp_opcode_request(tp, msg, first, last);
	const struct rodp_opcode_info *info;

	fuzz_check((opcode >= 0) == has(tp, msg, at));
	if (opcode < 0)
		return;
	fuzz_check(opcode == rodp_opcode(opcode & RODP_TP_MASK, opcode & RODP_OP_MASK));
	fuzz_check((opcode & RODP_TP_MASK) == tp);
	info = rodp_opcode_info(opcode);
	fuzz_check((info->flags & (RODP_OPF_REQUEST | at | kind_of(msg))) ==
		   (RODP_OPF_REQUEST | at | kind_of(msg)));
	/* What comes with the message comes with its end. */
	fuzz_check(!(info->flags & RODP_OPF_IMM) == !info->immdt);
	fuzz_check(!(info->flags & RODP_OPF_INV) == !info->ieth);
	fuzz_check(!(tp == RODP_TP_XRC) == !info->xrceth && !(tp == RODP_TP_UD) == !info->deth);
	fuzz_check(!info->immdt ==
		   !(last && (msg == RODP_MSG_SEND_IMM || msg == RODP_MSG_WRITE_IMM)));
	fuzz_check(!info->ieth == !(last && msg == RODP_MSG_SEND_INV));
}

static void check_response(enum rodp_transport tp, bool first, bool last)
{
	const u8 opcode = rodp_opcode_read_response(tp, first, last);
	const u32 at = place(first, last) | RODP_OPF_RESPONSE | RODP_OPF_READ;
	const struct rodp_opcode_info *info = rodp_opcode_info(opcode);

	fuzz_check((info->flags & at) == at && !(info->flags & RODP_OPF_REQUEST));
	fuzz_check(!info->aeth == !(first || last));
}

static void check_timer(u64 ns, u8 code)
{
	const u8 got = rodp_rnr_ns_to_code(ns);

	fuzz_check(got < 32 && (rodp_rnr_code_to_ns(got) >= ns || !got));
	/* No shorter one would do. */
	fuzz_check(got <= 1 ? ns <= rodp_rnr_code_to_ns(1) || !got
			    : rodp_rnr_code_to_ns(got - 1) < ns);
	fuzz_check(rodp_rnr_code_to_ns(code) == rodp_rnr_code_to_ns(code & 31));
	fuzz_check(rodp_rnr_ns_to_code(rodp_rnr_code_to_ns(code)) == (code & 31));
}

static void check_mtu(u8 a, u8 b, u32 bytes)
{
	const u32 mtu = rodp_mtu_bytes(a), other = rodp_mtu_bytes(b);

	fuzz_check(a >= 1 && a <= 5 ? mtu == 256u << (a - 1) : !mtu);
	if (mtu && other)
		fuzz_check(rodp_mtus_agree(mtu, other, bytes) ==
			   (mtu == other || ((bytes + mtu - 1ull) / mtu <= 1 &&
					     (bytes + other - 1ull) / other <= 1)));
}

static void check_words(u32 word, u8 byte)
{
	struct rodp_aeth aeth;
	struct rodp_bth bth;

	rodp_aeth_fill(&aeth, byte, word);
	fuzz_check(rodp_aeth_syndrome(&aeth) == byte && rodp_aeth_msn(&aeth) == (word & 0xffffff));
	rodp_bth_fill(&bth, byte, word & 1, byte & 3, word, word, byte & 4, ~word);
	fuzz_check(bth.opcode == byte && !(bth.flags & RODP_BTH_TVER_MASK));
	fuzz_check(!(bth.flags & RODP_BTH_SOLICITED) == !(word & 1) &&
		   rodp_bth_pad(&bth) == (byte & 3));
	fuzz_check(rodp_bth_qpn(&bth) == (word & 0xffffff) &&
		   rodp_bth_psn(&bth) == (~word & 0xffffff));
	fuzz_check(rodp_bth_ackreq(&bth) == !!(byte & 4));
	fuzz_check(rodp_bth_pkey_ok(&bth) == ((word & 0x7fff) == 0x7fff));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size) {
		const u8 what = fuzz_take(&data, &size, 1), more = fuzz_take(&data, &size, 1);
		const u64 number = fuzz_take(&data, &size, 5);
		const enum rodp_message msg = more % (RODP_MSG_ATOMIC_WRITE + 1);

		check_request(transports[what % 6], msg, what & 0x40, what & 0x80);
		check_response(what & 1 ? RODP_TP_RC : RODP_TP_XRC, what & 0x40, what & 0x80);
		check_timer(number, more);
		check_mtu(what & 7, more & 7, number % 10000);
		check_words(number, more);
	}
	return 0;
}
