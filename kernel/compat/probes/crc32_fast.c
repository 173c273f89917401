// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does the CRC-32 library use what the CPU has? (Before, only the crypto API does.) */
#include <linux/crc32.h>

u32 probe(void);
u32 probe(void)
{
	return crc32_optimizations();
}
