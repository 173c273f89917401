/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The kernel's fastest CRC-32: the Ethernet polynomial, reflected; neither its input nor its
 * output is inverted. What rodp_icrc_start() wants (icrc.h). Not part of the user-space builds.
 *
 * Newer kernels have fast code behind crc32_le(). Older ones have it in the crypto API only, and
 * crc32.c looks for it there when the module is loaded.
 */
#ifndef RODP_WIRE_CRC32_H
#define RODP_WIRE_CRC32_H

#include <linux/crc32.h>
#include <linux/types.h>

#ifdef RODP_HAVE_CRC32_FAST
static inline void rodp_crc32_module_init(void)
{
}

static inline void rodp_crc32_module_exit(void)
{
}

static inline u32 rodp_crc32(u32 crc, const void *data, size_t bytes)
{
	return crc32_le(crc, data, bytes);
}
#else
/**
 * rodp_crc32_module_init() - look for something faster than the library, which serves otherwise
 *
 * Context: process, sleeps.
 */
void rodp_crc32_module_init(void);

/**
 * rodp_crc32_module_exit() - give it back
 *
 * Context: process, when nobody asks for a CRC any more.
 */
void rodp_crc32_module_exit(void);

/**
 * rodp_crc32() - continue a CRC-32
 * @crc: the state so far, ~0 at first
 * @data: any alignment
 * @bytes: its length
 *
 * Context: any but hard interrupt.
 * Return: the new state.
 */
u32 rodp_crc32(u32 crc, const void *data, size_t bytes);
#endif

#endif
