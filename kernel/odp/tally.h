/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The tally of a mirror: which pages came and went, added up for any range of VA
 * that somebody watches (the memory regions).
 *
 * The watchers' bounds cut the address space into gaps, and the tally has one set of
 * counters a gap, in a tree that also knows the sum of every subtree. So what happened in a
 * range is the difference of two sums, less what it was when the watching began. An event
 * costs one look-up a gap that it touches, however many watch it: 100,000 regions
 * over one buffer make 17 steps of one. Nothing is kept a page or a leaf, so that there is
 * nothing to account for when leaves go.
 *
 * lock: taken with BH disabled, since a leaf's lock may be held; innermost.
 */
#ifndef RODP_ODP_TALLY_H
#define RODP_ODP_TALLY_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

enum rodp_tally_kind {
	RODP_TALLY_FAULTED, /* pages that a fault made present */
	RODP_TALLY_PREFETCHED, /* pages that a prefetch made present */
	RODP_TALLY_DROPPED, /* pages that are present no more */
	/* Of every event that dropped pages of a leaf: its first page, its last. */
	RODP_TALLY_DROP_BEGINS,
	RODP_TALLY_DROP_ENDS,
	RODP_TALLY_KINDS
};

struct rodp_tally_counts {
	u64 n[RODP_TALLY_KINDS];
};

/* Where a gap begins. */
struct rodp_tally_mark {
	struct rb_node node;
	u64 page; /* VA / PAGE_SIZE */
	struct rodp_tally_counts own; /* from page up to the next mark */
	struct rodp_tally_counts sum; /* of all in the subtree */
};

struct rodp_tally {
	spinlock_t lock;
	struct rb_root marks; /* by page; of equal ones the youngest is the last */
	struct rodp_tally_mark zero; /* never leaves, so that every page has a gap */
};

/* What happened in a view. */
struct rodp_tally_sums {
	u64 faulted; /* pages */
	u64 prefetched; /* pages */
	u64 dropped; /* pages */
	/* Events, one a leaf, whose pages, from the first dropped to the last, touch the view. */
	u64 drops;
};

/* A watcher: its bounds, and what was counted before it came. */
struct rodp_tally_view {
	struct rodp_tally_mark first, end;
	struct rodp_tally_sums before;
};

void rodp_tally_init(struct rodp_tally *tally);

/*
 * Begin to count for [va, va + len), which does not wrap; pages count whole. view is the
 * tally's until rodp_tally_unwatch(). Does not sleep. O(log views), whatever the length.
 */
void rodp_tally_watch(struct rodp_tally *tally, struct rodp_tally_view *view, u64 va, u64 len);
void rodp_tally_unwatch(struct rodp_tally *tally, struct rodp_tally_view *view);

/* Any context but hard interrupt. O(log views). */
void rodp_tally_read(struct rodp_tally *tally, const struct rodp_tally_view *view,
		     struct rodp_tally_sums *sums);

/*
 * Pages of the leaf at base (VA) became present, or were dropped by one event.
 * @slots: a bit a page, RODP_LEAF_PAGES of them.
 * @kind: FAULTED, PREFETCHED or DROPPED.
 * Any context but hard interrupt; a leaf's lock may be held.
 */
void rodp_tally_add(struct rodp_tally *tally, u64 base, const u64 *slots,
		    enum rodp_tally_kind kind);

#endif
