// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * CRC-32 on kernels whose library works from tables and whose crypto API has
 * code for the CPU's carry-less multiplication. Owns the crypto transform, made
 * at module load and gone at its unload; in between it is read only.
 */
#include <linux/err.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "wire/crc32.h"
#include "wire/opcode.h"

#ifndef RODP_HAVE_CRC32_FAST
#include <crypto/hash.h>

/*
 * Below this many bytes the transform itself falls back to the table: the
 * multiplying code wants four blocks of 16 bytes and an aligned start.
 */
#define TRANSFORM_MIN_BYTES 128

static struct crypto_shash *crc32_transform;

/* A descriptor with room for this algorithm's state: the CRC itself, nothing else. */
union crc_desc {
	struct shash_desc shash;
	char room[sizeof(struct shash_desc) + sizeof(u32)];
};

/* False when the transform would not have it. */
static bool crc32_by(struct crypto_shash *shash, u32 *crc, const void *data, size_t bytes)
{
	union crc_desc desc;

	desc.shash.tfm = shash;
	memcpy(shash_desc_ctx(&desc.shash), crc, sizeof(*crc));
	if (crypto_shash_update(&desc.shash, data, bytes))
		return false;
	memcpy(crc, shash_desc_ctx(&desc.shash), sizeof(*crc));
	return true;
}

/* Whether a transform's state is the CRC as the library has it, by trying. */
static bool crc32_transform_fits(struct crypto_shash *shash)
{
	const void *data = rodp_opcodes;
	u32 crc = ~0;

	BUILD_BUG_ON(sizeof(rodp_opcodes) < TRANSFORM_MIN_BYTES);
	return crypto_shash_descsize(shash) == sizeof(crc) &&
	       crc32_by(shash, &crc, data, sizeof(rodp_opcodes)) &&
	       crc == crc32_le(~0, data, sizeof(rodp_opcodes));
}

void rodp_crc32_module_init(void)
{
	struct crypto_shash *shash = crypto_alloc_shash("crc32", 0, 0);

	if (IS_ERR(shash))
		return;
	if (!crc32_transform_fits(shash)) {
		crypto_free_shash(shash);
		return;
	}
	crc32_transform = shash;
	pr_debug("CRC-32 by %s\n", crypto_shash_driver_name(shash));
}

void rodp_crc32_module_exit(void)
{
	if (crc32_transform)
		crypto_free_shash(crc32_transform);
	crc32_transform = NULL;
}

u32 rodp_crc32(u32 crc, const void *data, size_t bytes)
{
	if (crc32_transform && bytes >= TRANSFORM_MIN_BYTES &&
	    crc32_by(crc32_transform, &crc, data, bytes))
		return crc;
	return crc32_le(crc, data, bytes);
}
#endif
