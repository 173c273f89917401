/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The tally of a mirror: counts of pages that were mapped and dropped, for any range of VA that
 * somebody watches (the memory regions).
 *
 * The bounds of the watched ranges cut the address space into gaps. The tally has one set of
 * counters for each gap, in a tree that also has the sum of every subtree. So the count of a
 * range is the difference of two sums, less what that was when the watching began. An event
 * costs one look-up for each gap that it touches, however many ranges overlap there: with 100,000
 * regions over one buffer, 17 steps in place of one. Nothing is kept for each page or leaf, so
 * nothing is to be done when leaves are freed.
 *
 *	rodp_tally_watch(tally, &view, va, len);
 *	rodp_tally_read(tally, &view, &sums); (any number of times)
 *	rodp_tally_unwatch(tally, &view);
 *
 * The lock of a tally is taken with BH disabled, since a leaf's lock may be held, and no other lock
 * is taken inside it.
 */
#ifndef RODP_ODP_TALLY_H
#define RODP_ODP_TALLY_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * enum rodp_tally_kind - What is counted
 * @RODP_TALLY_FAULTED: pages that a fault made present
 * @RODP_TALLY_PREFETCHED: pages that a prefetch made present
 * @RODP_TALLY_DROPPED: pages that are no longer present
 * @RODP_TALLY_DROP_BEGINS: events that dropped pages of a leaf, at the first such page
 * @RODP_TALLY_DROP_ENDS: events that dropped pages of a leaf, at the last such page
 * @RODP_TALLY_KINDS: how many kinds there are
 */
enum rodp_tally_kind {
	RODP_TALLY_FAULTED,
	RODP_TALLY_PREFETCHED,
	RODP_TALLY_DROPPED,
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
	struct rodp_tally_counts sum; /* of all marks in the subtree */
};

struct rodp_tally {
	spinlock_t lock;
	struct rb_root marks; /* by page; of equal ones the youngest is the last */
	struct rodp_tally_mark zero; /* never leaves, so that every page has a gap */
};

/**
 * struct rodp_tally_sums - What happened in a watched range
 * @faulted: pages that a fault made present
 * @prefetched: pages that a prefetch made present
 * @dropped: pages that are no longer present
 * @drops: events, one a leaf, of which the stretch from the first dropped page to the last
 *	touches the range
 */
struct rodp_tally_sums {
	u64 faulted;
	u64 prefetched;
	u64 dropped;
	u64 drops;
};

/**
 * struct rodp_tally_view - A watched range; embedded in its owner, private to the tally
 * @first: mark of the first page
 * @end: mark of the page after the last
 * @before: what was counted before the watching began
 */
struct rodp_tally_view {
	struct rodp_tally_mark first, end;
	struct rodp_tally_sums before;
};

/**
 * rodp_tally_init() - Initialise a tally without views
 * @tally: the tally
 */
void rodp_tally_init(struct rodp_tally *tally);

/**
 * rodp_tally_watch() - Begin to count for a range
 * @tally: the tally
 * @view: belongs to the tally until rodp_tally_unwatch()
 * @va: first byte
 * @len: bytes; the range does not wrap. A page that is in the range in part counts as a whole.
 *
 * Costs O(log views), whatever the length.
 *
 * Context: Any but hard interrupt. Does not sleep.
 */
void rodp_tally_watch(struct rodp_tally *tally, struct rodp_tally_view *view, u64 va, u64 len);

/**
 * rodp_tally_unwatch() - Stop counting for a range
 * @tally: the tally
 * @view: one that is watched
 *
 * Context: Any but hard interrupt. Does not sleep.
 */
void rodp_tally_unwatch(struct rodp_tally *tally, struct rodp_tally_view *view);

/**
 * rodp_tally_read() - Read what happened in a range since rodp_tally_watch()
 * @tally: the tally
 * @view: one that is watched
 * @sums: becomes the counts
 *
 * Costs O(log views).
 *
 * Context: Any but hard interrupt. Does not sleep.
 */
void rodp_tally_read(struct rodp_tally *tally, const struct rodp_tally_view *view,
		     struct rodp_tally_sums *sums);

/**
 * rodp_tally_add() - Count pages of one leaf
 * @tally: the tally
 * @base: VA of the leaf
 * @slots: the pages: a bit for each of the RODP_LEAF_PAGES pages of the leaf
 * @kind: RODP_TALLY_FAULTED, _PREFETCHED, or _DROPPED for pages that one event dropped
 *
 * Context: Any but hard interrupt, with a leaf's lock held or not. Does not sleep.
 */
void rodp_tally_add(struct rodp_tally *tally, u64 base, const u64 *slots,
		    enum rodp_tally_kind kind);

#endif
