/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Resolving: asking HMM for pages and installing them (I3). Fault jobs only. */
#ifndef RODP_ODP_RESOLVE_H
#define RODP_ODP_RESOLVE_H

#include <linux/types.h>

struct rodp_mirror;

/* A walk that maps pages in order. */
struct rodp_resolver {
	struct rodp_mirror *mirror;
	u64 va; /* the next page, page aligned */
	bool write;
	bool prefetch; /* pages are counted as prefetched, not as faulted; false at first */

	/* Private. */
	u64 step; /* bytes to ask HMM for at once */
	unsigned int collisions; /* in a row */
	unsigned int slow_faults;
};

void rodp_resolver_init(struct rodp_resolver *resolver, struct rodp_mirror *mirror, u64 va,
			bool write);

/*
 * Map the next page, and those after it up to end (at most RODP_RESOLVE_BYTES) that
 * go with it, and move on behind them. Pages around them that the mm has at hand are
 * mapped too.
 *
 * Sleeps, for as long as user space likes where a userfaultfd is behind the page.
 * The users of the mm are referenced. Returns 0; -EAGAIN when invalidations kept
 * coming between; or why the next page cannot be mapped: -EFAULT, -ENOMEM.
 */
int rodp_resolve(struct rodp_resolver *resolver, u64 end);

/*
 * Map the pages of [va, end) that the mm has at hand, up to the end of the
 * RODP_RESOLVE_BYTES block of va; nothing is faulted in. Returns where it came to.
 * Sleeps, but waits for nobody. The users of the mm are referenced.
 */
u64 rodp_resolve_present(struct rodp_mirror *mirror, u64 va, u64 end);

#endif
