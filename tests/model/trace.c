// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The trace, see trace.h. */
#include <stdarg.h>

#include "env/kernel.h"

#include "net/packet.h"
#include "trace.h"

bool trace_on;

void trace_line(const char *format, ...)
{
	va_list args;

	printf("%12.3f us  ", (double)env_now / 1000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *trace_op_name(u8 opcode)
{
	static const char *const names[32] = {
		[RODP_OP_SEND_FIRST] = "SEND_FIRST",
		[RODP_OP_SEND_MIDDLE] = "SEND_MIDDLE",
		[RODP_OP_SEND_LAST] = "SEND_LAST",
		[RODP_OP_SEND_LAST_IMM] = "SEND_LAST_IMM",
		[RODP_OP_SEND_ONLY] = "SEND_ONLY",
		[RODP_OP_SEND_ONLY_IMM] = "SEND_ONLY_IMM",
		[RODP_OP_WRITE_FIRST] = "WRITE_FIRST",
		[RODP_OP_WRITE_MIDDLE] = "WRITE_MIDDLE",
		[RODP_OP_WRITE_LAST] = "WRITE_LAST",
		[RODP_OP_WRITE_LAST_IMM] = "WRITE_LAST_IMM",
		[RODP_OP_WRITE_ONLY] = "WRITE_ONLY",
		[RODP_OP_WRITE_ONLY_IMM] = "WRITE_ONLY_IMM",
		[RODP_OP_READ_REQ] = "READ_REQUEST",
		[RODP_OP_READ_RESP_FIRST] = "READ_RESPONSE_FIRST",
		[RODP_OP_READ_RESP_MIDDLE] = "READ_RESPONSE_MIDDLE",
		[RODP_OP_READ_RESP_LAST] = "READ_RESPONSE_LAST",
		[RODP_OP_READ_RESP_ONLY] = "READ_RESPONSE_ONLY",
		[RODP_OP_ACK] = "ACKNOWLEDGE",
		[RODP_OP_ATOMIC_ACK] = "ATOMIC_ACKNOWLEDGE",
		[RODP_OP_CMP_SWAP] = "CMP_SWAP",
		[RODP_OP_FETCH_ADD] = "FETCH_ADD",
		[RODP_OP_FLUSH] = "FLUSH",
		[RODP_OP_ATOMIC_WRITE] = "ATOMIC_WRITE",
	};
	const char *name = names[opcode & RODP_OP_MASK];

	return name ? name : "?";
}

static const char *trace_syndrome(const struct sk_buff *skb, const struct rodp_opcode_info *op)
{
	u8 syndrome = op->aeth ? rodp_aeth_syndrome((const void *)(skb->data + op->aeth)) : 0;

	switch (syndrome & RODP_AETH_KIND_MASK) {
	case RODP_AETH_RNR_NAK:
		return " RNR NAK";
	case RODP_AETH_NAK:
		return syndrome & RODP_AETH_VALUE_MASK ? " NAK (error)" : " NAK (sequence)";
	default:
		return "";
	}
}

void trace_packet(const struct sk_buff *skb, u32 from, const char *what)
{
	const struct rodp_bth *bth = (const struct rodp_bth *)skb->data;
	const struct rodp_opcode_info *op = rodp_opcode_info(bth->opcode);

	trace_line("%c %-9s #%-4u psn %06x %s%s%s, %u bytes", 'A' + from, what, skb->number,
		   rodp_bth_psn(bth), trace_op_name(bth->opcode), trace_syndrome(skb, op),
		   rodp_bth_ackreq(bth) ? " (ack requested)" : "",
		   skb->len - op->bytes - rodp_bth_pad(bth) - RODP_ICRC_BYTES);
}
