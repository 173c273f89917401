// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The opcode table, see opcode.h.
 *
 * An operation is described once, by what it is and by the set of extended
 * headers it carries. Headers always follow the BTH in one order (IBTA vol. 1,
 * 5.2 and table 38), so the set alone gives every offset. A transport adds its own
 * header to the set: DETH (UD), XRCETH (XRC requests, annex A14) or none.
 */
#include "opcode.h"

/* Extended headers in the order in which they lie on the wire. */
enum header {
	DETH = 1 << 0,
	XRCETH = 1 << 1,
	FETH = 1 << 2,
	RETH = 1 << 3,
	ATOMICETH = 1 << 4,
	AETH = 1 << 5,
	ATOMICACKETH = 1 << 6,
	IMMDT = 1 << 7,
	IETH = 1 << 8,
};

/* END_x(set): the bytes from the start of the BTH to the end of header x, or of its place. */
#define END(set, header, before, type) (before + ((set) & (header) ? sizeof(struct type) : 0))
#define END_BTH(set)		       (sizeof(struct rodp_bth))
#define END_DETH(set)		       END(set, DETH, END_BTH(set), rodp_deth)
#define END_XRCETH(set)		       END(set, XRCETH, END_DETH(set), rodp_xrceth)
#define END_FETH(set)		       END(set, FETH, END_XRCETH(set), rodp_feth)
#define END_RETH(set)		       END(set, RETH, END_FETH(set), rodp_reth)
#define END_ATOMICETH(set)	       END(set, ATOMICETH, END_RETH(set), rodp_atomiceth)
#define END_AETH(set)		       END(set, AETH, END_ATOMICETH(set), rodp_aeth)
#define END_ATOMICACKETH(set)	       END(set, ATOMICACKETH, END_AETH(set), rodp_atomicacketh)
#define END_IMMDT(set)		       END(set, IMMDT, END_ATOMICACKETH(set), rodp_immdt)
#define END_IETH(set)		       END(set, IETH, END_IMMDT(set), rodp_ieth)

/* The offset of a header: where the one before it ends, 0 when it is absent. */
#define AT(set, header, before) ((set) & (header) ? END_##before(set) : 0)

#define OPCODE(tp, op, what, set)                            \
	[RODP_TP_##tp | RODP_OP_##op] = {                    \
		.flags = (what),                             \
		.bytes = END_IETH(set),                      \
		.deth = AT(set, DETH, BTH),                  \
		.xrceth = AT(set, XRCETH, DETH),             \
		.feth = AT(set, FETH, XRCETH),               \
		.reth = AT(set, RETH, FETH),                 \
		.atomiceth = AT(set, ATOMICETH, RETH),       \
		.aeth = AT(set, AETH, ATOMICETH),            \
		.atomicacketh = AT(set, ATOMICACKETH, AETH), \
		.immdt = AT(set, IMMDT, ATOMICACKETH),       \
		.ieth = AT(set, IETH, IMMDT),                \
	}

/* The place of a packet in its message. */
#define FIRST  RODP_OPF_FIRST
#define MIDDLE RODP_OPF_MIDDLE
#define LAST   RODP_OPF_LAST
#define ONLY   RODP_OPF_ONLY

/* What the packets of one kind of message have in common. */
#define SEND	  (RODP_OPF_REQUEST | RODP_OPF_SEND | RODP_OPF_PAYLOAD)
#define WRITE	  (RODP_OPF_REQUEST | RODP_OPF_WRITE | RODP_OPF_PAYLOAD)
#define READ_RESP (RODP_OPF_RESPONSE | RODP_OPF_READ | RODP_OPF_PAYLOAD)
#define REQUEST	  (RODP_OPF_REQUEST | RODP_OPF_ONLY)
#define RESPONSE  (RODP_OPF_RESPONSE | RODP_OPF_ONLY)
#define RWQE	  RODP_OPF_RWQE
#define IMM	  RODP_OPF_IMM
#define INV	  RODP_OPF_INV

/* Messages of one packet that need nothing of the transport: all transports have them. */
#define DATAGRAMS(tp, own)                              \
	OPCODE(tp, SEND_ONLY, SEND | ONLY | RWQE, own), \
		OPCODE(tp, SEND_ONLY_IMM, SEND | ONLY | RWQE | IMM, own | IMMDT)

/* SENDs of several packets and WRITEs: the connected transports. */
#define CONNECTED(tp, own)                                                          \
	OPCODE(tp, SEND_FIRST, SEND | FIRST | RWQE, own),                           \
		OPCODE(tp, SEND_MIDDLE, SEND | MIDDLE, own),                        \
		OPCODE(tp, SEND_LAST, SEND | LAST, own),                            \
		OPCODE(tp, SEND_LAST_IMM, SEND | LAST | IMM, own | IMMDT),          \
		OPCODE(tp, WRITE_FIRST, WRITE | FIRST, own | RETH),                 \
		OPCODE(tp, WRITE_MIDDLE, WRITE | MIDDLE, own),                      \
		OPCODE(tp, WRITE_LAST, WRITE | LAST, own),                          \
		OPCODE(tp, WRITE_LAST_IMM, WRITE | LAST | RWQE | IMM, own | IMMDT), \
		OPCODE(tp, WRITE_ONLY, WRITE | ONLY, own | RETH),                   \
		OPCODE(tp, WRITE_ONLY_IMM, WRITE | ONLY | RWQE | IMM, own | RETH | IMMDT)

/* Requests that need an answer or in-order delivery (FLUSH, ATOMIC WRITE: annex A19). */
#define RELIABLE(tp, own)                                                                    \
	OPCODE(tp, READ_REQ, REQUEST | RODP_OPF_READ, own | RETH),                           \
		OPCODE(tp, CMP_SWAP, REQUEST | RODP_OPF_ATOMIC, own | ATOMICETH),            \
		OPCODE(tp, FETCH_ADD, REQUEST | RODP_OPF_ATOMIC, own | ATOMICETH),           \
		OPCODE(tp, SEND_LAST_INV, SEND | LAST | INV, own | IETH),                    \
		OPCODE(tp, SEND_ONLY_INV, SEND | ONLY | RWQE | INV, own | IETH),             \
		OPCODE(tp, FLUSH, REQUEST | RODP_OPF_FLUSH, own | FETH | RETH),              \
		OPCODE(tp, ATOMIC_WRITE, REQUEST | RODP_OPF_ATOMIC_WRITE | RODP_OPF_PAYLOAD, \
		       own | RETH)

/* Responses never carry the transport's own header: they find their QP by the BTH. */
#define RESPONSES(tp)                                                \
	OPCODE(tp, READ_RESP_FIRST, READ_RESP | FIRST, AETH),        \
		OPCODE(tp, READ_RESP_MIDDLE, READ_RESP | MIDDLE, 0), \
		OPCODE(tp, READ_RESP_LAST, READ_RESP | LAST, AETH),  \
		OPCODE(tp, READ_RESP_ONLY, READ_RESP | ONLY, AETH),  \
		OPCODE(tp, ACK, RESPONSE, AETH),                     \
		OPCODE(tp, ATOMIC_ACK, RESPONSE | RODP_OPF_ATOMIC, AETH | ATOMICACKETH)

const struct rodp_opcode_info rodp_opcodes[256] = {
	DATAGRAMS(RC, 0),	CONNECTED(RC, 0),	RELIABLE(RC, 0),       RESPONSES(RC),

	DATAGRAMS(UC, 0),	CONNECTED(UC, 0),

	DATAGRAMS(UD, DETH),

	DATAGRAMS(XRC, XRCETH), CONNECTED(XRC, XRCETH), RELIABLE(XRC, XRCETH), RESPONSES(XRC),
};

/* Operation of each packet of a message, indexed by first + 2 * last; NONE: no such packet. */
#define NONE 0xff
#define SINGLE(op)                   \
	{                            \
		NONE, NONE, NONE, op \
	}

static const u8 message_ops[][4] = {
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
	[RODP_MSG_READ] = SINGLE(RODP_OP_READ_REQ),
	[RODP_MSG_CMP_SWAP] = SINGLE(RODP_OP_CMP_SWAP),
	[RODP_MSG_FETCH_ADD] = SINGLE(RODP_OP_FETCH_ADD),
	[RODP_MSG_FLUSH] = SINGLE(RODP_OP_FLUSH),
	[RODP_MSG_ATOMIC_WRITE] = SINGLE(RODP_OP_ATOMIC_WRITE),
};

/* A transport that lacks the end of a message lacks the whole of it. */
static bool transport_has(enum rodp_transport tp, enum rodp_message msg)
{
	return rodp_opcodes[tp | message_ops[msg][3]].flags;
}

int rodp_opcode_request(enum rodp_transport tp, enum rodp_message msg, bool first, bool last)
{
	u8 op = message_ops[msg][first + 2 * last];

	if (op == NONE || !transport_has(tp, msg) || !rodp_opcodes[tp | op].flags)
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
