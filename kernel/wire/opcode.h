/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The opcode table: what each BTH opcode (IBTA vol. 1, table 38) is, which
 * extended headers it carries and where they lie. Every other file asks this
 * table; no other file knows an opcode's layout. Pure functions, any context.
 */
#ifndef RODP_WIRE_OPCODE_H
#define RODP_WIRE_OPCODE_H

#include "wire/env.h"
#include "wire/header.h"

/* Transport part of an opcode, bits 7..5. */
enum rodp_transport {
	RODP_TP_RC = 0x00,
	RODP_TP_UC = 0x20,
	RODP_TP_RD = 0x40,
	RODP_TP_UD = 0x60,
	RODP_TP_CNP = 0x80,
	RODP_TP_XRC = 0xa0,
};
#define RODP_TP_MASK 0xe0
#define RODP_OP_MASK 0x1f

/* Operation part of an opcode, bits 4..0. */
enum rodp_op {
	RODP_OP_SEND_FIRST = 0x00,
	RODP_OP_SEND_MIDDLE = 0x01,
	RODP_OP_SEND_LAST = 0x02,
	RODP_OP_SEND_LAST_IMM = 0x03,
	RODP_OP_SEND_ONLY = 0x04,
	RODP_OP_SEND_ONLY_IMM = 0x05,
	RODP_OP_WRITE_FIRST = 0x06,
	RODP_OP_WRITE_MIDDLE = 0x07,
	RODP_OP_WRITE_LAST = 0x08,
	RODP_OP_WRITE_LAST_IMM = 0x09,
	RODP_OP_WRITE_ONLY = 0x0a,
	RODP_OP_WRITE_ONLY_IMM = 0x0b,
	RODP_OP_READ_REQ = 0x0c,
	RODP_OP_READ_RESP_FIRST = 0x0d,
	RODP_OP_READ_RESP_MIDDLE = 0x0e,
	RODP_OP_READ_RESP_LAST = 0x0f,
	RODP_OP_READ_RESP_ONLY = 0x10,
	RODP_OP_ACK = 0x11,
	RODP_OP_ATOMIC_ACK = 0x12,
	RODP_OP_CMP_SWAP = 0x13,
	RODP_OP_FETCH_ADD = 0x14,
	RODP_OP_SEND_LAST_INV = 0x16,
	RODP_OP_SEND_ONLY_INV = 0x17,
	RODP_OP_FLUSH = 0x1c,
	RODP_OP_ATOMIC_WRITE = 0x1d,
	RODP_OP_NOTIFY = 0x01, /* of RODP_TP_CNP */
};

/* What an opcode is. */
enum rodp_opcode_flags {
	RODP_OPF_REQUEST = 1 << 0, /* from requester to responder */
	RODP_OPF_RESPONSE = 1 << 1, /* from responder to requester */
	RODP_OPF_FIRST = 1 << 2, /* begins a message of several packets */
	RODP_OPF_MIDDLE = 1 << 3, /* neither begins nor ends one */
	RODP_OPF_LAST = 1 << 4, /* ends a message of several packets */
	RODP_OPF_ONLY = 1 << 5, /* a message of one packet */
	RODP_OPF_PAYLOAD = 1 << 6, /* may carry payload */
	RODP_OPF_SEND = 1 << 7,
	RODP_OPF_WRITE = 1 << 8,
	RODP_OPF_READ = 1 << 9, /* READ request or READ response */
	RODP_OPF_ATOMIC = 1 << 10, /* CMP_SWAP, FETCH_ADD, ATOMIC_ACK */
	RODP_OPF_FLUSH = 1 << 11,
	RODP_OPF_ATOMIC_WRITE = 1 << 12,
	RODP_OPF_RWQE = 1 << 13, /* consumes a receive work request */
	RODP_OPF_IMM = 1 << 14,
	RODP_OPF_INV = 1 << 15,
	RODP_OPF_CNP = 1 << 16, /* congestion notification: for either direction */
};

#define RODP_OPF_BEGIN (RODP_OPF_FIRST | RODP_OPF_ONLY)
#define RODP_OPF_END   (RODP_OPF_LAST | RODP_OPF_ONLY)

/*
 * One opcode. bytes is the length of BTH plus all extended headers; the offsets
 * are from the start of the BTH, 0 when the header is absent. An opcode that
 * does not exist has flags == 0.
 */
struct rodp_opcode_info {
	u32 flags;
	u8 bytes;
	u8 deth;
	u8 xrceth;
	u8 reth;
	u8 atomiceth;
	u8 aeth;
	u8 atomicacketh;
	u8 immdt;
	u8 ieth;
	u8 feth;
};

extern const struct rodp_opcode_info rodp_opcodes[256];

static inline u8 rodp_opcode(enum rodp_transport tp, enum rodp_op op)
{
	return (u8)tp | (u8)op;
}

static inline const struct rodp_opcode_info *rodp_opcode_info(u8 opcode)
{
	return &rodp_opcodes[opcode];
}

/* Kinds of request message that a requester cuts into packets. */
enum rodp_message {
	RODP_MSG_SEND,
	RODP_MSG_SEND_IMM,
	RODP_MSG_SEND_INV,
	RODP_MSG_WRITE,
	RODP_MSG_WRITE_IMM,
	RODP_MSG_READ,
	RODP_MSG_CMP_SWAP,
	RODP_MSG_FETCH_ADD,
	RODP_MSG_FLUSH,
	RODP_MSG_ATOMIC_WRITE,
};

/* Operation of each packet of a message, by first + 2 * last. */
#define RODP_OP_NONE 0xff /* there is no such packet */
extern const u8 rodp_message_ops[][4];

/* The opcode of a packet that the message has, of a message that the transport has. */
static inline u8 rodp_opcode_of(enum rodp_transport tp, enum rodp_message msg, bool first,
				bool last)
{
	return (u8)tp | rodp_message_ops[msg][first + 2 * last];
}

/**
 * rodp_opcode_request() - the opcode of a request packet
 * @tp: transport of the QP
 * @msg: what the message is
 * @first: whether the packet begins it
 * @last: whether the packet ends it
 *
 * Return: 0..255, or -1 when the transport has no such message.
 */
int rodp_opcode_request(enum rodp_transport tp, enum rodp_message msg, bool first, bool last);

/**
 * rodp_opcode_read_response() - the opcode of a READ response packet
 * @tp: RC or XRC
 * @first: whether the packet begins the answer
 * @last: whether the packet ends it
 *
 * Return: the opcode.
 */
u8 rodp_opcode_read_response(enum rodp_transport tp, bool first, bool last);

/**
 * rodp_rnr_code_to_ns() - how long a requester waits for an RNR timer code (table 45)
 * @code: 0..31; of anything else the lower five bits count
 *
 * Return: ns.
 */
u64 rodp_rnr_code_to_ns(u8 code);

/**
 * rodp_rnr_ns_to_code() - the smallest RNR timer code that waits so long
 * @ns: how long
 *
 * Return: 1..31, or 0, the longest.
 */
u8 rodp_rnr_ns_to_code(u64 ns);

/* Path MTU codes of enum ib_mtu (1..5) to bytes (256..4096); 0 for others. */
static inline u32 rodp_mtu_bytes(u8 code)
{
	return code >= 1 && code <= 5 ? 128u << code : 0;
}

/*
 * Whether a message of `bytes` bytes is cut into the same packets with either path MTU: one packet
 * with both, or the MTUs are equal. Where it is not, the far end refuses the message (9.7.4.1.6).
 */
static inline bool rodp_mtus_agree(u32 a, u32 b, u32 bytes)
{
	return a == b || (bytes <= a && bytes <= b);
}

#endif
