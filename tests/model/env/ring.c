// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Rings in ordinary memory: what kernel/ring/ring.c makes of pages that a process maps. */
#include "kernel.h"

#include "ring/ring.h"

/* A power of two, and as many slots at least. */
static u32 ring_entries(u32 wanted)
{
	u32 entries = 1;

	while (entries < wanted)
		entries *= 2;
	return entries;
}

int rodp_ring_create(struct rodp_ring *ring, struct ib_ucontext *uctx, u32 entries, u32 stride,
		     struct rodp_ring_resp *resp)
{
	ring->entries = ring_entries(entries);
	ring->stride = stride;
	ring->hdr = env_alloc(RODP_RING_DATA + (size_t)ring->entries * stride);
	return 0;
}

int rodp_ring_try_charge(struct rodp_ring *ring, u64 bytes)
{
	return 0;
}

void rodp_ring_destroy(struct rodp_ring *ring)
{
	env_free(ring->hdr);
	*ring = (struct rodp_ring){};
}
