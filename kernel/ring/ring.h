/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Rings: the memory behind an SQ, RQ, SRQ or CQ, see uapi/rodp_abi.h.
 *
 * A process's ring is charged to its memory cgroup and counted in its user's account
 * (base/account.h), until its last page is unmapped.
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

/**
 * rodp_ring_create() - make a ring
 * @ring: is filled in.
 * @uctx: whose process can map the ring; NULL: a kernel consumer's.
 * @entries: the fewest slots that it has, 1 to 2^24; rounded up to a power of two.
 * @stride: bytes of a slot, not 0; they are zero at first.
 * @resp: with @uctx: becomes where the ring can be mapped; else NULL.
 *
 * Context: Process, may sleep.
 * Return: 0, -EINVAL (size), -ENOMEM (also: the user's account, or the memory cgroup, is full),
 * -EINTR (the process is being killed).
 */
int rodp_ring_create(struct rodp_ring *ring, struct ib_ucontext *uctx, u32 entries, u32 stride,
		     struct rodp_ring_resp *resp);

/**
 * rodp_ring_try_charge() - count memory of the kernel's that a ring needs beside it
 * @ring: a ring that was made; what is counted goes with it.
 * @bytes: how many more.
 *
 * Context: Process; nobody else claims for this ring.
 * Return: 0, or -ENOMEM: the user's account is full.
 */
int rodp_ring_try_charge(struct rodp_ring *ring, u64 bytes);

/**
 * rodp_ring_destroy() - give a ring's memory back
 * @ring: becomes all zero. Nothing is done with a ring that was never made (all zero).
 *
 * Pages that are mapped stay until they are unmapped.
 *
 * Context: Process, may sleep.
 */
void rodp_ring_destroy(struct rodp_ring *ring);

/* Slot number n, modulo the ring's size. */
static inline void *rodp_ring_slot(const struct rodp_ring *ring, u32 n)
{
	return (void *)ring->hdr + RODP_RING_DATA +
	       (size_t)(n & (ring->entries - 1)) * ring->stride;
}

/* The producer's counter: slots below it are filled. A process may have written anything. */
static inline u32 rodp_ring_prod(const struct rodp_ring *ring)
{
	return smp_load_acquire(&ring->hdr->prod);
}

/* The consumer's counter: slots below it are free. A process may have written anything. */
static inline u32 rodp_ring_cons(const struct rodp_ring *ring)
{
	return smp_load_acquire(&ring->hdr->cons);
}

/* Show the consumer all slots up to, not including, number prod: what was written to them first. */
static inline void rodp_ring_publish_prod(struct rodp_ring *ring, u32 prod)
{
	smp_store_release(&ring->hdr->prod, prod);
}

/* Give the producer all slots up to, not including, number cons: what was read of them first. */
static inline void rodp_ring_publish_cons(struct rodp_ring *ring, u32 cons)
{
	smp_store_release(&ring->hdr->cons, cons);
}

/**
 * rodp_ring_want_kick() - ask the producer to ring the doorbell when it posts, or not to
 * @ring: a ring that the kernel consumes.
 * @want: see RODP_RING_NEED_KICK.
 *
 * Whoever asks looks at the producer's counter once more afterwards, since something may have been
 * posted just before.
 *
 * Context: Any; one caller at a time.
 */
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
