// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* In the place of ring/ring.c: rings of their exact size, which others may write at any time. */
#include "ring/ring.h"
#include "shared.h"

struct rodp_ring_mem {
	u64 charged;
};

int rodp_ring_create(struct rodp_ring *ring, struct ib_ucontext *uctx, u32 entries, u32 stride,
		     struct rodp_ring_resp *resp)
{
	u32 size = 1;
	size_t bytes;

	(void)uctx;
	(void)resp;
	if (!entries || entries > 1u << 24 || !stride)
		return -EINVAL;
	while (size < entries)
		size *= 2;
	bytes = RODP_RING_DATA + (size_t)size * stride;
	*ring = (struct rodp_ring){ .entries = size, .stride = stride };
	ring->mem = fuzz_alloc(1, sizeof(*ring->mem));
	ring->hdr = fuzz_alloc(1, bytes);
	if (ring->hdr && ring->mem) {
		fuzz_share(ring->hdr, bytes);
		return 0;
	}
	free(ring->hdr);
	free(ring->mem);
	*ring = (struct rodp_ring){ 0 };
	return -ENOMEM;
}

int rodp_ring_try_charge(struct rodp_ring *ring, u64 bytes)
{
	ring->mem->charged += bytes;
	return fuzz_memory_fails() ? -ENOMEM : 0;
}

void rodp_ring_destroy(struct rodp_ring *ring)
{
	if (!ring->mem)
		return;
	fuzz_unshare(ring->hdr);
	free(ring->hdr);
	free(ring->mem);
	*ring = (struct rodp_ring){ 0 };
}
