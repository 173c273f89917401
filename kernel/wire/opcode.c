// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The opcode table, see opcode.h.
 *
 * An operation is described once, by what it is and by the set of extended
 * headers it carries. Headers always follow the BTH in one order (IBTA vol. 1,
 * 5.2 and table 38), so the set alone gives every offset. A transport adds its own
 * header to the set: DETH (UD), XRCETH (XRC requests, annex A14) or none.
 */
#include "wire/opcode.h"

/* Extended headers in the order in which they lie on the wire. */
enum header {
	H_DETH = 1 << 0,
	H_XRCETH = 1 << 1,
	H_FETH = 1 << 2,
	H_RETH = 1 << 3,
	H_ATOMICETH = 1 << 4,
	H_AETH = 1 << 5,
	H_ATOMICACKETH = 1 << 6,
	H_IMMDT = 1 << 7,
	H_IETH = 1 << 8,
};

/* clang-format off */

/* END_x(set): the bytes from the start of the BTH to the end of header x, or of its place. */
#define END(set, header, before, type) (before + ((set) & (header) ? sizeof(struct type) : 0))
#define END_BTH(set) (sizeof(struct rodp_bth))
#define END_DETH(set) END(set, H_DETH, END_BTH(set), rodp_deth)
#define END_XRCETH(set) END(set, H_XRCETH, END_DETH(set), rodp_xrceth)
#define END_FETH(set) END(set, H_FETH, END_XRCETH(set), rodp_feth)
#define END_RETH(set) END(set, H_RETH, END_FETH(set), rodp_reth)
#define END_ATOMICETH(set) END(set, H_ATOMICETH, END_RETH(set), rodp_atomiceth)
#define END_AETH(set) END(set, H_AETH, END_ATOMICETH(set), rodp_aeth)
#define END_ATOMICACKETH(set) END(set, H_ATOMICACKETH, END_AETH(set), rodp_atomicacketh)
#define END_IMMDT(set) END(set, H_IMMDT, END_ATOMICACKETH(set), rodp_immdt)
#define END_IETH(set) END(set, H_IETH, END_IMMDT(set), rodp_ieth)

/* The offset of a header: where the one before it ends, 0 when it is absent. */
#define AT(set, header, before) ((set) & H_##header ? END_##before(set) : 0)

#define ROW(tp, op, what, set)                       \
	[RODP_TP_##tp | RODP_OP_##op] = {            \
		.flags = (what),                     \
		.bytes = END_IETH(set),              \
		.deth = AT(set, DETH, BTH),          \
		.xrceth = AT(set, XRCETH, DETH),     \
		.feth = AT(set, FETH, XRCETH),       \
		.reth = AT(set, RETH, FETH),         \
		.atomiceth = AT(set, ATOMICETH, RETH), \
		.aeth = AT(set, AETH, ATOMICETH),    \
		.atomicacketh = AT(set, ATOMICACKETH, AETH), \
		.immdt = AT(set, IMMDT, ATOMICACKETH), \
		.ieth = AT(set, IETH, IMMDT),        \
	},

/* What the packets of one kind of message have in common. */
#define IS_SEND (RODP_OPF_REQUEST | RODP_OPF_SEND | RODP_OPF_PAYLOAD)
#define IS_WRITE (RODP_OPF_REQUEST | RODP_OPF_WRITE | RODP_OPF_PAYLOAD)
#define IS_READ_RESP (RODP_OPF_RESPONSE | RODP_OPF_READ | RODP_OPF_PAYLOAD)
#define IS_REQUEST (RODP_OPF_REQUEST | RODP_OPF_ONLY)
#define IS_RESPONSE (RODP_OPF_RESPONSE | RODP_OPF_ONLY)

/* The place of a packet in its message, and what else comes with some. */
#define FIRST RODP_OPF_FIRST
#define MIDDLE RODP_OPF_MIDDLE
#define LAST RODP_OPF_LAST
#define ONLY RODP_OPF_ONLY
#define RWQE RODP_OPF_RWQE
#define IMM RODP_OPF_IMM
#define INV RODP_OPF_INV

/* Messages of one packet that need nothing of the transport: all transports have them. */
#define DATAGRAMS(tp, own)                                                    \
	ROW(tp, SEND_ONLY, IS_SEND | ONLY | RWQE, own)                        \
	ROW(tp, SEND_ONLY_IMM, IS_SEND | ONLY | RWQE | IMM, own | H_IMMDT)

/* SENDs of several packets and WRITEs: the connected transports. */
#define CONNECTED(tp, own)                                                    \
	ROW(tp, SEND_FIRST, IS_SEND | FIRST | RWQE, own)                      \
	ROW(tp, SEND_MIDDLE, IS_SEND | MIDDLE, own)                           \
	ROW(tp, SEND_LAST, IS_SEND | LAST, own)                               \
	ROW(tp, SEND_LAST_IMM, IS_SEND | LAST | IMM, own | H_IMMDT)           \
	ROW(tp, WRITE_FIRST, IS_WRITE | FIRST, own | H_RETH)                  \
	ROW(tp, WRITE_MIDDLE, IS_WRITE | MIDDLE, own)                         \
	ROW(tp, WRITE_LAST, IS_WRITE | LAST, own)                             \
	ROW(tp, WRITE_LAST_IMM, IS_WRITE | LAST | RWQE | IMM, own | H_IMMDT)  \
	ROW(tp, WRITE_ONLY, IS_WRITE | ONLY, own | H_RETH)                    \
	ROW(tp, WRITE_ONLY_IMM, IS_WRITE | ONLY | RWQE | IMM, own | H_RETH | H_IMMDT)

/* Requests that only a reliable transport carries (FLUSH, ATOMIC WRITE: annex A19). */
#define RELIABLE(tp, own)                                                     \
	ROW(tp, READ_REQ, IS_REQUEST | RODP_OPF_READ, own | H_RETH)           \
	ROW(tp, CMP_SWAP, IS_REQUEST | RODP_OPF_ATOMIC, own | H_ATOMICETH)    \
	ROW(tp, FETCH_ADD, IS_REQUEST | RODP_OPF_ATOMIC, own | H_ATOMICETH)   \
	ROW(tp, SEND_LAST_INV, IS_SEND | LAST | INV, own | H_IETH)            \
	ROW(tp, SEND_ONLY_INV, IS_SEND | ONLY | RWQE | INV, own | H_IETH)     \
	ROW(tp, FLUSH, IS_REQUEST | RODP_OPF_FLUSH, own | H_FETH | H_RETH)    \
	ROW(tp, ATOMIC_WRITE, IS_REQUEST | RODP_OPF_PAYLOAD | RODP_OPF_ATOMIC_WRITE, own | H_RETH)

/* Responses never carry the transport's own header: they find their QP by the BTH. */
#define RESPONSES(tp)                                                         \
	ROW(tp, READ_RESP_FIRST, IS_READ_RESP | FIRST, H_AETH)                \
	ROW(tp, READ_RESP_MIDDLE, IS_READ_RESP | MIDDLE, 0)                   \
	ROW(tp, READ_RESP_LAST, IS_READ_RESP | LAST, H_AETH)                  \
	ROW(tp, READ_RESP_ONLY, IS_READ_RESP | ONLY, H_AETH)                  \
	ROW(tp, ACK, IS_RESPONSE, H_AETH)                                     \
	ROW(tp, ATOMIC_ACK, IS_RESPONSE | RODP_OPF_ATOMIC, H_AETH | H_ATOMICACKETH)

const struct rodp_opcode_info rodp_opcodes[256] = {
	DATAGRAMS(RC, 0) CONNECTED(RC, 0) RELIABLE(RC, 0) RESPONSES(RC)
	DATAGRAMS(UC, 0) CONNECTED(UC, 0)
	DATAGRAMS(UD, H_DETH)
	ROW(CNP, NOTIFY, RODP_OPF_CNP | RODP_OPF_PAYLOAD, 0)
	DATAGRAMS(XRC, H_XRCETH) CONNECTED(XRC, H_XRCETH) RELIABLE(XRC, H_XRCETH) RESPONSES(XRC)
};

/* clang-format on */

#define NONE RODP_OP_NONE

const u8 rodp_message_ops[][4] = {
	[RODP_MSG_SEND] = { RODP_OP_SEND_MIDDLE, RODP_OP_SEND_FIRST, RODP_OP_SEND_LAST,
			    RODP_OP_SEND_ONLY },
	[RODP_MSG_SEND_IMM] = { RODP_OP_SEND_MIDDLE, RODP_OP_SEND_FIRST, RODP_OP_SEND_LAST_IMM,
				RODP_OP_SEND_ONLY_IMM },
	[RODP_MSG_SEND_INV] = { RODP_OP_SEND_MIDDLE, RODP_OP_SEND_FIRST, RODP_OP_SEND_LAST_INV,
				RODP_OP_SEND_ONLY_INV },
	[RODP_MSG_WRITE] = { RODP_OP_WRITE_MIDDLE, RODP_OP_WRITE_FIRST, RODP_OP_WRITE_LAST,
			     RODP_OP_WRITE_ONLY },
	[RODP_MSG_WRITE_IMM] = { RODP_OP_WRITE_MIDDLE, RODP_OP_WRITE_FIRST, RODP_OP_WRITE_LAST_IMM,
				 RODP_OP_WRITE_ONLY_IMM },
	[RODP_MSG_READ] = { NONE, NONE, NONE, RODP_OP_READ_REQ },
	[RODP_MSG_CMP_SWAP] = { NONE, NONE, NONE, RODP_OP_CMP_SWAP },
	[RODP_MSG_FETCH_ADD] = { NONE, NONE, NONE, RODP_OP_FETCH_ADD },
	[RODP_MSG_FLUSH] = { NONE, NONE, NONE, RODP_OP_FLUSH },
	[RODP_MSG_ATOMIC_WRITE] = { NONE, NONE, NONE, RODP_OP_ATOMIC_WRITE },
};

/* A transport that lacks the end of a message lacks the whole of it. */
static bool opcode_transport_has(enum rodp_transport tp, enum rodp_message msg)
{
	return rodp_opcodes[tp | rodp_message_ops[msg][3]].flags;
}

int rodp_opcode_request(enum rodp_transport tp, enum rodp_message msg, bool first, bool last)
{
	u8 op = rodp_message_ops[msg][first + 2 * last];

	if (op == NONE || !opcode_transport_has(tp, msg) || !rodp_opcodes[tp | op].flags)
		return -1;
	return tp | op;
}

u8 rodp_opcode_read_response(enum rodp_transport tp, bool first, bool last)
{
	static const u8 ops[4] = { RODP_OP_READ_RESP_MIDDLE, RODP_OP_READ_RESP_FIRST,
				   RODP_OP_READ_RESP_LAST, RODP_OP_READ_RESP_ONLY };

	return tp | ops[first + 2 * last];
}

/* Table 45, in its own unit of 10 us. Code 0 is the longest, 1..31 rise. */
#define RNR_UNIT_NS 10000
#define RNR_CODES   32

static const u32 rnr_units[RNR_CODES] = {
	65536, 1,    2,	   3,	 4,    6,     8,     12,    16,	   24,	  32,
	48,    64,   96,   128,	 192,  256,   384,   512,   768,   1024,  1536,
	2048,  3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152,
};

u64 rodp_rnr_code_to_ns(u8 code)
{
	return (u64)rnr_units[code % RNR_CODES] * RNR_UNIT_NS;
}

u8 rodp_rnr_ns_to_code(u64 ns)
{
	u8 code;

	for (code = 1; code < RNR_CODES; code++)
		if (rodp_rnr_code_to_ns(code) >= ns)
			return code;
	return 0;
}
