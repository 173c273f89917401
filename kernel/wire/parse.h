/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A packet's headers, taken apart: what any bytes that came in a UDP datagram mean, before
 * anybody looks for their queue pair. Pure function, any context.
 */
#ifndef RODP_WIRE_PARSE_H
#define RODP_WIRE_PARSE_H

#include "wire/header.h"
#include "wire/opcode.h"

enum rodp_parse {
	RODP_PARSE_OK,
	RODP_PARSE_BAD_HEADER, /* too short for what it says it is, or of another version */
	RODP_PARSE_BAD_OPCODE, /* there is none such */
};

/* Shorter than this it has no opcode: bytes. */
#define RODP_PARSE_MIN_BYTES (sizeof(struct rodp_bth) + RODP_ICRC_BYTES)

/*
 * @packet: from the BTH to the ICRC, both included; @bytes: its length, any.
 * With RODP_PARSE_OK, *op is the opcode's entry, all its headers lie within the packet, and
 * *payload bytes follow them, then pad and ICRC. Otherwise neither is set. Multiples of four
 * are not asked for: who counts bytes does not need them.
 */
static inline enum rodp_parse rodp_parse(const void *packet, u32 bytes,
					 const struct rodp_opcode_info **op, u32 *payload)
{
	const struct rodp_bth *bth = packet;
	const struct rodp_opcode_info *info;
	u32 rest;

	if (bytes < RODP_PARSE_MIN_BYTES)
		return RODP_PARSE_BAD_HEADER;
	info = rodp_opcode_info(bth->opcode);
	if (!info->flags)
		return RODP_PARSE_BAD_OPCODE;
	rest = info->bytes + rodp_bth_pad(bth) + RODP_ICRC_BYTES;
	if (bytes < rest || (bth->flags & RODP_BTH_TVER_MASK))
		return RODP_PARSE_BAD_HEADER;
	if (bytes > rest && !(info->flags & RODP_OPF_PAYLOAD))
		return RODP_PARSE_BAD_HEADER;
	*op = info;
	*payload = bytes - rest;
	return RODP_PARSE_OK;
}

#endif
