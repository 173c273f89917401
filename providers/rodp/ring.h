/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A ring that the kernel shares with the process (rodp_abi.h).
 *
 * The counters are shared with the kernel, which may run on another CPU at the
 * same time: they are accessed through the functions below only. Nothing here
 * locks.
 */
#ifndef RODP_RING_H
#define RODP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rodp_abi.h"

struct ibv_context;

struct rodp_ring {
	struct rodp_ring_hdr *hdr;
	size_t length; /* of the mapping, bytes */
	uint32_t entries; /* a power of two */
	uint32_t stride; /* bytes */
};

/*
 * Map the ring that a create command answered with. min_stride is the least
 * number of bytes a slot must have. Returns 0, EPROTO if the answer makes no
 * sense, or mmap's errno.
 */
int rodp_ring_map(struct rodp_ring *ring, struct ibv_context *context,
		  const struct rodp_ring_resp *resp, size_t min_stride);
/* Does nothing to a ring that is not mapped. */
void rodp_ring_unmap(struct rodp_ring *ring);

static inline void *rodp_ring_slot(const struct rodp_ring *ring, uint32_t counter)
{
	return (char *)ring->hdr + RODP_RING_DATA +
	       (size_t)(counter & (ring->entries - 1)) * ring->stride;
}

/* Read the other side's counter: the slots that it speaks of may be read afterwards. */
static inline uint32_t rodp_ring_acquire(const __u32 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* Publish our own counter, after the slots that it speaks of. */
static inline void rodp_ring_release(__u32 *counter, uint32_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELEASE);
}

/* Must the doorbell be rung for what was just published? */
static inline bool rodp_ring_needs_kick(const struct rodp_ring *ring)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&ring->hdr->flags, __ATOMIC_RELAXED) & RODP_RING_NEED_KICK;
}

#endif
