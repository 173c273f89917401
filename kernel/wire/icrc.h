/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The invariant CRC of RoCEv2 (IBTA annex A17.3.3): CRC-32 (the Ethernet
 * polynomial, reflected, initial value all ones, final inversion) over the
 * packet from the network header to the end of the payload and pad, with the
 * fields that may change on the way read as ones, behind eight bytes of ones
 * that stand for the LRH.
 *
 * The CRC function comes from outside (the kernel's or a library's): it must
 * behave as the kernel's crc32_le(), that is, neither invert its input nor its
 * output. Pure functions, any context.
 */
#ifndef RODP_WIRE_ICRC_H
#define RODP_WIRE_ICRC_H

#include "wire/env.h"

typedef u32 (*rodp_crc32_fn)(u32 crc, const void *data, size_t bytes);

/**
 * rodp_icrc_start() - begin an ICRC, with the network header, the UDP header and the BTH
 * @ip: the IPv4 header (20 bytes, no options) or the IPv6 header (40 bytes),
 *      contiguous with the UDP header (8 bytes) and the BTH (12 bytes)
 * @version: 4 or 6
 * @crc32: the CRC function
 *
 * Continue with the CRC function over everything behind the BTH up to the ICRC,
 * then rodp_icrc_finish().
 *
 * Return: the CRC state.
 */
u32 rodp_icrc_start(const void *ip, int version, rodp_crc32_fn crc32);

/* The four bytes to put on the wire for CRC state crc. */
static inline __le32 rodp_icrc_finish(u32 crc)
{
	return __cpu_to_le32(~crc);
}

#endif
