// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The ICRC of any headers and payload, beside one that is made bit by bit from the words of the rule (annex
 * A17.3.3); and it does not change with what routers change, but with every other bit.
 */
#include "fuzz.h"

#include "wire/header.h"
#include "wire/icrc.h"

#define LRH 8 /* bytes of ones in front */

/* One bit after the other: the polynomial is x^32 + x^26 + ... + 1, reflected. */
static u32 crc_bits(u32 crc, const void *data, size_t bytes)
{
	const u8 *at = data;

	for (size_t i = 0; i < bytes * 8; i++) {
		const u32 bit = (at[i / 8] >> (i % 8)) & 1;

		crc = (crc >> 1) ^ ((crc ^ bit) & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* Whether a router may change this bit of the network header, UDP header and BTH. */
static bool bit_varies(size_t byte, unsigned int bit, int version)
{
	const size_t ip = version == 4 ? 20 : 40;

	if (byte == ip + 6 || byte == ip + 7 || byte == ip + 8 + 4)
		return true; /* the UDP checksum; FECN, BECN and reserved */
	if (version == 4)
		return byte == 1 || byte == 8 || byte == 10 || byte == 11;
	return (byte == 0 && bit < 4) || (byte >= 1 && byte <= 3) || byte == 7;
}

static u32 icrc_by_rule(const u8 *packet, size_t bytes, size_t headers, int version)
{
	u8 copy[LRH + 512];

	memset(copy, 0xff, LRH);
	for (size_t i = 0; i < bytes; i++) {
		copy[LRH + i] = packet[i];
		for (unsigned int bit = 0; i < headers && bit < 8; bit++)
			if (bit_varies(i, bit, version))
				copy[LRH + i] |= 1 << bit;
	}
	return __cpu_to_le32(~crc_bits(~0u, copy, LRH + bytes));
}

static u32 icrc_of(const u8 *packet, size_t bytes, size_t headers, int version)
{
	const u32 crc = rodp_icrc_start(packet, version, crc_bits);

	return rodp_icrc_finish(crc_bits(crc, packet + headers, bytes - headers));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int version = fuzz_take(&data, &size, 1) & 1 ? 4 : 6;
	const size_t headers = (version == 4 ? 20 : 40) + 8 + sizeof(struct rodp_bth);
	const size_t flip = fuzz_take(&data, &size, 2);
	const size_t payload = size > headers + 256 ? 256 : size > headers ? size - headers : 0;
	const size_t bytes = headers + payload;
	u8 *packet = calloc(1, bytes);
	u32 before;

	fuzz_check(packet);
	memcpy(packet, data, size < bytes ? size : bytes);
	before = icrc_of(packet, bytes, headers, version);
	fuzz_check(before == icrc_by_rule(packet, bytes, headers, version));
	packet[flip / 8 % bytes] ^= 1 << (flip % 8);
	if (flip / 8 % bytes < headers && bit_varies(flip / 8 % bytes, flip % 8, version))
		fuzz_check(icrc_of(packet, bytes, headers, version) == before);
	else
		fuzz_check(icrc_of(packet, bytes, headers, version) != before);
	free(packet);
	return 0;
}
