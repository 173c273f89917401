// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The invariant CRC, see icrc.h. */
#include "wire/header.h"
#include "wire/icrc.h"

/* CRC-32 state after eight bytes of ones, from the initial state of all ones. */
#define CRC_AFTER_LRH 0xdebb20e3u

#define IPV4_BYTES    20
#define IPV6_BYTES    40
#define UDP_BYTES     8
#define HEADERS_MAX   (IPV6_BYTES + UDP_BYTES + sizeof(struct rodp_bth))

/* Offsets of the fields that may change on the way (annex A17.3.3). */
#define IPV4_TOS	   1
#define IPV4_TTL	   8
#define IPV4_CHECKSUM	   10
#define IPV6_TRAFFIC_CLASS 0 /* low half of byte 0, then with the flow label to byte 3 */
#define IPV6_HOP_LIMIT	   7
#define UDP_CHECKSUM	   6
#define BTH_RESV8A	   4 /* FECN, BECN, reserved */

static void icrc_mask_ipv4(u8 *ip)
{
	ip[IPV4_TOS] = 0xff;
	ip[IPV4_TTL] = 0xff;
	memset(ip + IPV4_CHECKSUM, 0xff, 2);
}

static void icrc_mask_ipv6(u8 *ip)
{
	ip[IPV6_TRAFFIC_CLASS] |= 0x0f;
	memset(ip + IPV6_TRAFFIC_CLASS + 1, 0xff, 3);
	ip[IPV6_HOP_LIMIT] = 0xff;
}

u32 rodp_icrc_start(const void *ip, int version, rodp_crc32_fn crc32)
{
	size_t ip_bytes = version == 4 ? IPV4_BYTES : IPV6_BYTES;
	size_t bytes = ip_bytes + UDP_BYTES + sizeof(struct rodp_bth);
	u8 copy[HEADERS_MAX];

	memcpy(copy, ip, bytes);
	if (version == 4)
		icrc_mask_ipv4(copy);
	else
		icrc_mask_ipv6(copy);
	memset(copy + ip_bytes + UDP_CHECKSUM, 0xff, 2);
	copy[ip_bytes + UDP_BYTES + BTH_RESV8A] = 0xff;
	return crc32(CRC_AFTER_LRH, copy, bytes);
}
