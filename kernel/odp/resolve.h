/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Resolving: faulting pages in, asking HMM where they are, and installing them in leaves (I3). For
 * fault jobs and prefetches.
 *
 * HMM only ever looks, under the mmap lock. What is absent is faulted in before, by a call that
 * drops that lock while it waits. So no I/O and no user space is waited for with the lock held, on
 * any kernel.
 *
 *	struct rodp_resolver resolver;
 *
 *	rodp_resolver_init(&resolver, mirror, va, end, write);
 *	while (rodp_resolver_next(&resolver))
 *		pages below resolver.va have been mapped;
 *	if (resolver.err)
 *		the page at resolver.va cannot be mapped;
 */
#ifndef RODP_ODP_RESOLVE_H
#define RODP_ODP_RESOLVE_H

#include <linux/types.h>

struct rodp_mirror;

/**
 * struct rodp_resolver - A walk that maps pages in order
 * @mirror: where they are mapped
 * @va: the next page, page aligned
 * @end: VA where the walk ends
 * @err: why the page at @va cannot be mapped: 0, -EFAULT or -ENOMEM
 * @write: whether pages must be writable
 * @prefetch: whether pages count as prefetched, not as faulted; may be set after
 *	rodp_resolver_init()
 */
struct rodp_resolver {
	struct rodp_mirror *mirror;
	u64 va, end;
	int err;
	bool write;
	bool prefetch;

	/* private: */
	u64 step; /* most bytes to fault in at once */
	unsigned int collisions; /* in a row */
	unsigned int fruitless; /* faults in a row after which HMM did not see the page */
};

/**
 * rodp_resolver_init() - Begin a walk
 * @resolver: the walk
 * @mirror: the mirror; outlives the walk
 * @va: first page, page aligned
 * @end: VA where the walk ends, at most the mm's task_size
 * @write: whether pages must be writable
 */
void rodp_resolver_init(struct rodp_resolver *resolver, struct rodp_mirror *mirror, u64 va, u64 end,
			bool write);

/**
 * rodp_resolver_next() - Map the next pages
 * @resolver: the walk
 *
 * Maps the page at @resolver->va, and what goes with it up to @resolver->end (at most one
 * RESOLVE_BYTES block), and moves @resolver->va behind it. Pages around it that the mm has in its
 * page tables are mapped too. When invalidations keep it from mapping anything, it rests
 * for a moment, so that they can proceed, and returns true with @resolver->va where it was.
 *
 * Context: Process; the users of the mm are referenced. Sleeps, for as long as user space likes
 * when a userfaultfd is behind the page; a fatal signal ends that, as -EFAULT.
 * Return: true: call again, unless no more pages are needed. False: the walk is over, because it
 * came to its end or because of @resolver->err.
 */
bool rodp_resolver_next(struct rodp_resolver *resolver);

/**
 * rodp_resolve_present() - Map the pages that the mm has in its page tables
 * @mirror: the mirror
 * @va: first byte
 * @end: VA after the last byte
 *
 * Looks at the RESOLVE_BYTES block of @va. Nothing is faulted in.
 *
 * Context: Process; the users of the mm are referenced. Sleeps, but never waits for user space.
 * Return: where it came to: the end of the block, at most @end.
 */
u64 rodp_resolve_present(struct rodp_mirror *mirror, u64 va, u64 end);

#endif
