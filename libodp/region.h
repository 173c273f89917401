/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * region: a memory region of a domain, what a key is made of. Its life:
 *
 *   made      in its cache's set, nobody finds it; it is being registered, without the lock
 *   known     odp_get() finds it; held by some, or idle, in its cache's list of those
 *   hidden    nobody finds it any more; still held by some
 *   dead      in the domain's list of those to be deregistered, in no set
 *
 * Fields belong to the domain's lock, but what is set once before others see it.
 */
#ifndef ODP_REGION_H
#define ODP_REGION_H

#include "interval.h"
#include "monitor.h"
#include "odp.h"

/* Of which part of a dma-buf: all zeros for what is no dma-buf's. */
struct odp_part {
	uint64_t device; /* of its inode; the inode's number is the region's span */
	uint64_t offset, len; /* bytes */
	uint64_t iova; /* of the first of them */
	int fd; /* while it is being registered */
};

struct odp_region {
	struct odp_interval span; /* of VA, or see odp_part; the first member */
	struct ibv_mr *mr; /* NULL: not registered */
	int access; /* as the caller of odp_get() wrote it */
	enum odp_level level;
	unsigned int holds;
	bool known;
	bool forgotten; /* while it was being made */
	struct odp_region *older, *newer; /* of the idle; of the dead, older alone */
	struct odp_part part;
	/* A pinned region's pages: by their frames, or NULL; by a watch, or no monitor. */
	uint64_t *frame;
	const struct odp_monitor *monitor;
	uint32_t slot;
	uint64_t proof; /* the slot's word before they were pinned */
};

static inline struct odp_region *odp_region_of(struct odp_interval *span)
{
	return (struct odp_region *)span;
}

static inline uint64_t odp_region_bytes(const struct odp_region *region)
{
	return region->span.last - region->span.first + 1; /* 0: all of the address space */
}

/* The same bytes at the same addresses, and no more than of whole. */
static inline bool odp_part_covers(const struct odp_part *whole, const struct odp_part *part)
{
	return whole->device == part->device &&
	       whole->iova - whole->offset == part->iova - part->offset &&
	       whole->offset <= part->offset &&
	       whole->offset + whole->len >= part->offset + part->len;
}

/* One that is held by its maker. NULL: no memory. */
struct odp_region *odp_region_make(enum odp_level level, uint64_t first, uint64_t last, int access);

/*
 * Calls of the kernel, without locks, which return 0 or -errno. Each EAGAIN counts in *retries. A
 * region that cannot be deregistered (a window is bound to it) stays as it is, otherwise it is
 * freed.
 */
int odp_region_register(struct odp_region *region, struct ibv_pd *pd, uint64_t *retries);
int odp_region_free(struct odp_region *region);

#endif
