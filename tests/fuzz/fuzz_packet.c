// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Any bytes as a packet: what is accepted has all its headers, payload, pad and ICRC within its
 * bytes, and nothing is read outside them. What the headers say can be written again.
 */
#include "fuzz.h"

#include "wire/parse.h"

static void check_offset(const struct rodp_opcode_info *op, u8 offset, size_t header)
{
	if (offset)
		fuzz_check(offset >= sizeof(struct rodp_bth) && offset + header <= op->bytes);
}

static void check_headers(const struct rodp_opcode_info *op)
{
	check_offset(op, op->deth, sizeof(struct rodp_deth));
	check_offset(op, op->xrceth, sizeof(struct rodp_xrceth));
	check_offset(op, op->reth, sizeof(struct rodp_reth));
	check_offset(op, op->atomiceth, sizeof(struct rodp_atomiceth));
	check_offset(op, op->aeth, sizeof(struct rodp_aeth));
	check_offset(op, op->atomicacketh, sizeof(struct rodp_atomicacketh));
	check_offset(op, op->immdt, sizeof(struct rodp_immdt));
	check_offset(op, op->ieth, sizeof(struct rodp_ieth));
	check_offset(op, op->feth, sizeof(struct rodp_feth));
}

/* The BTH, made anew of what was read from it. */
static void check_bth(const uint8_t *packet)
{
	struct rodp_bth bth, again;

	memcpy(&bth, packet, sizeof(bth));
	rodp_bth_fill(&again, bth.opcode, bth.flags & RODP_BTH_SOLICITED, rodp_bth_pad(&bth),
		      be16_to_cpu(bth.pkey), rodp_bth_qpn(&bth), rodp_bth_ackreq(&bth),
		      rodp_bth_psn(&bth));
	fuzz_check(rodp_bth_qpn(&again) == rodp_bth_qpn(&bth));
	fuzz_check(rodp_bth_psn(&again) == rodp_bth_psn(&bth));
	fuzz_check(rodp_bth_ackreq(&again) == rodp_bth_ackreq(&bth));
	fuzz_check(rodp_bth_pad(&again) == rodp_bth_pad(&bth));
	fuzz_check(rodp_bth_pkey_ok(&again) == rodp_bth_pkey_ok(&bth));
}

/* Its parts are all of it, and there. */
static void check_parts(const uint8_t *packet, size_t size, const struct rodp_opcode_info *op,
			u32 payload)
{
	const u8 pad = rodp_bth_pad((const struct rodp_bth *)packet);

	fuzz_check(op->bytes + payload + pad + RODP_ICRC_BYTES == size);
	fuzz_check(!payload || (op->flags & RODP_OPF_PAYLOAD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rodp_opcode_info *op = NULL;
	/* Of its own, so that one byte too far is seen. */
	uint8_t *packet = malloc(size ? size : 1);
	enum rodp_parse result;
	u32 payload = 0;

	fuzz_check(packet);
	memcpy(packet, data, size);
	result = rodp_parse(packet, size, &op, &payload);
	if (result == RODP_PARSE_OK) {
		fuzz_check(op && op->flags && op == rodp_opcode_info(packet[0]));
		check_headers(op);
		check_bth(packet);
		check_parts(packet, size, op, payload);
	} else {
		fuzz_check(!op && !payload);
		fuzz_check(result != RODP_PARSE_BAD_OPCODE || !rodp_opcode_info(packet[0])->flags);
	}
	free(packet);
	return 0;
}
