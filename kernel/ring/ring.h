/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Rings: the memory behind an SQ, RQ, SRQ or CQ, see uapi/rodp_abi.h.
 *
 * The memory is the kernel's; a process may map it and write anything into it at
 * any time. So sizes live here, and the counter of the other side is only ever
 * read into a local and compared.
 */
#ifndef RODP_RING_RING_H
#define RODP_RING_RING_H

#include <rdma/ib_verbs.h>

#include "uapi/rodp_abi.h"

struct rodp_ring_mem;

struct rodp_ring {
	struct rodp_ring_hdr *hdr;
	u32 entries; /* a power of two */
	u32 stride; /* bytes */
	struct rodp_ring_mem *mem;
};

/*
 * Make a ring of at least `entries` slots of stride bytes, zeroed.
 * With a ucontext the ring can be mapped and resp says where; otherwise both are NULL.
 * Sleeps. Returns 0, -EINVAL (size), -ENOMEM.
 */
int rodp_ring_create(struct rodp_ring *ring, struct ib_ucontext *uctx, u32 entries, u32 stride,
		     struct rodp_ring_resp *resp);

/* Safe on a ring that was never made (all zero). Pages that are mapped live on until unmapped. */
void rodp_ring_destroy(struct rodp_ring *ring);

/* Slot n, modulo the ring's size. */
static inline void *rodp_ring_slot(const struct rodp_ring *ring, u32 n)
{
	return (void *)ring->hdr + RODP_RING_DATA +
	       (size_t)(n & (ring->entries - 1)) * ring->stride;
}

static inline u32 rodp_ring_prod(const struct rodp_ring *ring)
{
	return smp_load_acquire(&ring->hdr->prod);
}

static inline u32 rodp_ring_cons(const struct rodp_ring *ring)
{
	return smp_load_acquire(&ring->hdr->cons);
}

static inline void rodp_ring_publish_prod(struct rodp_ring *ring, u32 prod)
{
	smp_store_release(&ring->hdr->prod, prod);
}

static inline void rodp_ring_publish_cons(struct rodp_ring *ring, u32 cons)
{
	smp_store_release(&ring->hdr->cons, cons);
}

/* "Ring the doorbell when you post": see RODP_RING_NEED_KICK. */
static inline void rodp_ring_want_kick(struct rodp_ring *ring, bool want)
{
	u32 flags = want ? RODP_RING_NEED_KICK : 0;

	if (READ_ONCE(ring->hdr->flags) == flags)
		return;
	WRITE_ONCE(ring->hdr->flags, flags);
	if (want)
		smp_mb(); /* before the caller's last look at prod; pairs with the poster's fence */
}

#endif
