// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The ICRC of packets that stock rxe put on a wire (../vectors), and of the same
 * packets changed: a change on the way that is allowed does not show, any other
 * bit does (IBTA annex A17.3.3).
 */
#define _GNU_SOURCE
#include "unit.h"

#include "vectors.h"
#include "wire/header.h"
#include "wire/icrc.h"

#define UDP_BYTES 8

static const char *const files[] = {
	VECTORS_DIR "/rxe-ipv4.txt",
	VECTORS_DIR "/rxe-ipv6.txt",
};

static struct vectors vectors[ARRAY_SIZE(files)];

/* CRC-32 bit by bit, from its definition. */
static u32 crc32_bits(u32 crc, const void *data, size_t bytes)
{
	const u8 *byte = data;
	int bit;

	while (bytes--) {
		crc ^= *byte++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

static int version(const u8 *packet)
{
	return packet[0] >> 4;
}

static size_t bth_offset(const u8 *packet)
{
	return (version(packet) == 4 ? 20 : 40) + UDP_BYTES;
}

static bool icrc_is_right(const u8 *packet, size_t bytes)
{
	size_t done = bth_offset(packet) + sizeof(struct rodp_bth);
	size_t end = bytes - RODP_ICRC_BYTES;
	u32 crc = rodp_icrc_start(packet, version(packet), crc32_bits);
	__le32 icrc = rodp_icrc_finish(crc32_bits(crc, packet + done, end - done));

	return memcmp(&icrc, packet + end, sizeof(icrc)) == 0;
}

/* Bits of byte i of a packet that may change on the way. */
static u8 mask_of(const u8 *packet, size_t i)
{
	size_t udp = bth_offset(packet) - UDP_BYTES;

	if (i == udp + 6 || i == udp + 7 || i == udp + UDP_BYTES + 4)
		return 0xff; /* UDP checksum; resv8a of the BTH */
	if (version(packet) == 4) /* TOS, TTL, header checksum */
		return i == 1 || i == 8 || i == 10 || i == 11 ? 0xff : 0;
	if (i == 0)
		return 0x0f; /* traffic class, upper half */
	return (i >= 1 && i <= 3) || i == 7 ? 0xff : 0; /* its lower half, flow label; hop limit */
}

/* Calls check on a copy of every packet of both captures. */
static void for_each_packet(void (*check)(u8 *packet, size_t bytes, const char *name))
{
	char name[512];
	size_t file, i;

	for (file = 0; file < ARRAY_SIZE(files); file++) {
		assert_true(vectors[file].count > 0);
		for (i = 0; i < vectors[file].count; i++) {
			const struct packet *packet = &vectors[file].packet[i];
			u8 *copy = malloc(packet->bytes);

			assert_non_null(copy);
			memcpy(copy, packet->data, packet->bytes);
			snprintf(name, sizeof(name), "%s:%d", files[file], packet->line);
			check(copy, packet->bytes, name);
			free(copy);
		}
	}
}

static void check_sent(u8 *packet, size_t bytes, const char *name)
{
	if (!icrc_is_right(packet, bytes))
		fail_msg("%s", name);
}

static void packets_that_rxe_sent_are_right(void **state)
{
	(void)state;
	for_each_packet(check_sent);
}

static void check_flips(u8 *packet, size_t bytes, const char *name)
{
	size_t i;
	int bit;

	for (i = 0; i<bytes; i += bytes> 400 && i > 100 ? 37 : 1) {
		for (bit = 0; bit < 8; bit++) {
			bool free_to_change = mask_of(packet, i) >> bit & 1;

			if (i == 0 && bit >= 4)
				continue; /* the IP version itself */
			packet[i] ^= 1 << bit;
			if (icrc_is_right(packet, bytes) != free_to_change)
				fail_msg("%s: byte %zu, bit %d", name, i, bit);
			packet[i] ^= 1 << bit;
		}
	}
}

static void one_flipped_bit_shows_unless_it_may_change_on_the_way(void **state)
{
	(void)state;
	for_each_packet(check_flips);
}

static void check_masked(u8 *packet, size_t bytes, const char *name)
{
	uint64_t seed = UNIT_SEED;
	size_t i;

	for (i = 0; i < bytes; i++)
		packet[i] ^= mask_of(packet, i) & unit_random(&seed);
	if (!icrc_is_right(packet, bytes))
		fail_msg("%s", name);
}

static void all_that_may_change_may_change_together(void **state)
{
	(void)state;
	for_each_packet(check_masked);
}

static void eight_bytes_of_ones_stand_for_the_lrh(void **state)
{
	static const u8 zeros[40 + UDP_BYTES + sizeof(struct rodp_bth)] = { 0x40 };
	u8 whole[8 + 20 + UDP_BYTES + sizeof(struct rodp_bth)] = { 0 };

	(void)state;
	memset(whole, 0xff, 8);
	whole[8] = 0x40;
	whole[8 + 1] = whole[8 + 8] = whole[8 + 10] = whole[8 + 11] = 0xff;
	whole[8 + 20 + 6] = whole[8 + 20 + 7] = whole[8 + 20 + UDP_BYTES + 4] = 0xff;
	assert_int_equal(rodp_icrc_start(zeros, 4, crc32_bits),
			 crc32_bits(~0u, whole, sizeof(whole)));
}

/*
 * rxe's FLUSH packets: their ICRC goes on over the headers once more, from the BTH on and as they
 * are, so that nobody else takes them. (rxe's table does not say where their payload begins.)
 */
static void flushes_that_rxe_sent_count_their_headers_twice(void **state)
{
	struct vectors flushes;
	size_t i;

	(void)state;
	vectors_load(&flushes, VECTORS_DIR "/rxe-flush.txt");
	assert_true(flushes.count > 0);
	for (i = 0; i < flushes.count; i++) {
		const u8 *packet = flushes.packet[i].data;
		const size_t bth = bth_offset(packet), rest = bth + sizeof(struct rodp_bth);
		const size_t end = flushes.packet[i].bytes - RODP_ICRC_BYTES;
		u32 crc = rodp_icrc_start(packet, version(packet), crc32_bits);
		__le32 icrc;

		assert_int_equal(packet[bth], 0x1c);
		assert_false(icrc_is_right(packet, flushes.packet[i].bytes));
		crc = crc32_bits(crc, packet + rest, end - rest);
		icrc = rodp_icrc_finish(crc32_bits(crc, packet + bth, end - bth));
		assert_memory_equal(&icrc, packet + end, sizeof(icrc));
	}
	vectors_free(&flushes);
}

/* The captures hold what they were taken for. */
static void captures_have_every_kind_of_packet(void **state)
{
	static const u8 kinds[] = { 0x00, 0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0a,
				    0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13,
				    0x14, 0x20, 0x21, 0x22, 0x26, 0x27, 0x28, 0x64 };
	size_t file, kind, i;

	(void)state;
	for (file = 0; file < ARRAY_SIZE(files); file++) {
		for (kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
			for (i = 0; i < vectors[file].count; i++) {
				const u8 *packet = vectors[file].packet[i].data;

				if (packet[bth_offset(packet)] == kinds[kind])
					break;
			}
			if (i == vectors[file].count)
				fail_msg("%s has no opcode 0x%02x", files[file], kinds[kind]);
		}
	}
}

static int load(void **state)
{
	size_t file;

	(void)state;
	for (file = 0; file < ARRAY_SIZE(files); file++)
		vectors_load(&vectors[file], files[file]);
	return 0;
}

static int unload(void **state)
{
	size_t file;

	(void)state;
	for (file = 0; file < ARRAY_SIZE(files); file++)
		vectors_free(&vectors[file]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_have_every_kind_of_packet),
		cmocka_unit_test(packets_that_rxe_sent_are_right),
		cmocka_unit_test(flushes_that_rxe_sent_count_their_headers_twice),
		cmocka_unit_test(one_flipped_bit_shows_unless_it_may_change_on_the_way),
		cmocka_unit_test(all_that_may_change_may_change_together),
		cmocka_unit_test(eight_bytes_of_ones_stand_for_the_lrh),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
