// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The tally of a mirror, see tally.h. */
#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rbtree_augmented.h>

#include "odp/entries.h"
#include "odp/tally.h"

static struct rodp_tally_mark *tally_mark_of(struct rb_node *node)
{
	return rb_entry(node, struct rodp_tally_mark, node);
}

static void tally_counts_add(struct rodp_tally_counts *to, const struct rodp_tally_counts *counts)
{
	unsigned int kind;

	for (kind = 0; kind < RODP_TALLY_KINDS; kind++)
		to->n[kind] += counts->n[kind];
}

/* For the callbacks of the tree. Returns false: go on up to the root. */
static bool tally_mark_sum_up(struct rodp_tally_mark *mark, bool exit)
{
	mark->sum = mark->own;
	if (mark->node.rb_left)
		tally_counts_add(&mark->sum, &tally_mark_of(mark->node.rb_left)->sum);
	if (mark->node.rb_right)
		tally_counts_add(&mark->sum, &tally_mark_of(mark->node.rb_right)->sum);
	return false;
}

RB_DECLARE_CALLBACKS(static, tally_sums, struct rodp_tally_mark, node, sum, tally_mark_sum_up)

/* Insert a mark that owns nothing yet; the gap that it cuts keeps its counts. */
static void tally_mark_insert(struct rodp_tally *tally, struct rodp_tally_mark *mark, u64 page)
{
	struct rb_node **link = &tally->marks.rb_node, *parent = NULL;

	lockdep_assert_held(&tally->lock);
	*mark = (struct rodp_tally_mark){ .page = page };
	while (*link) {
		parent = *link;
		link = page < tally_mark_of(parent)->page ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&mark->node, parent, link);
	rb_insert_augmented(&mark->node, &tally->marks, &tally_sums);
}

/*
 * The mark that gets the counts of a mark that is removed: one of the same page, since other
 * views begin or end there, else the one before, whose gap grows.
 */
static struct rodp_tally_mark *tally_mark_heir(const struct rodp_tally *tally,
					       const struct rodp_tally_mark *mark)
{
	struct rb_node *next = rb_next(&mark->node);

	lockdep_assert_held(&tally->lock);
	if (next && tally_mark_of(next)->page == mark->page)
		return tally_mark_of(next);
	return tally_mark_of(rb_prev(&mark->node));
}

static void tally_mark_remove(struct rodp_tally *tally, struct rodp_tally_mark *mark)
{
	struct rodp_tally_mark *heir;

	lockdep_assert_held(&tally->lock);
	heir = tally_mark_heir(tally, mark);
	tally_counts_add(&heir->own, &mark->own);
	tally_sums_propagate(&heir->node, NULL);
	rb_erase_augmented(&mark->node, &tally->marks, &tally_sums);
}

/* Add up everything that happened before page. */
static void tally_sum_before(const struct rodp_tally *tally, u64 page,
			     struct rodp_tally_counts *sum)
{
	struct rb_node *node = tally->marks.rb_node;

	lockdep_assert_held(&tally->lock);
	*sum = (struct rodp_tally_counts){};
	while (node) {
		const struct rodp_tally_mark *mark = tally_mark_of(node);

		if (mark->page >= page) {
			node = node->rb_left;
			continue;
		}
		tally_counts_add(sum, &mark->own);
		if (node->rb_left)
			tally_counts_add(sum, &tally_mark_of(node->rb_left)->sum);
		node = node->rb_right;
	}
}

/* What happened between the view's bounds since the tally was initialised. */
static struct rodp_tally_sums tally_view_sums(const struct rodp_tally *tally,
					      const struct rodp_tally_view *view)
{
	struct rodp_tally_counts low, high;

	lockdep_assert_held(&tally->lock);
	tally_sum_before(tally, view->first.page, &low);
	tally_sum_before(tally, view->end.page, &high);
	return (struct rodp_tally_sums){
		.faulted = high.n[RODP_TALLY_FAULTED] - low.n[RODP_TALLY_FAULTED],
		.prefetched = high.n[RODP_TALLY_PREFETCHED] - low.n[RODP_TALLY_PREFETCHED],
		.dropped = high.n[RODP_TALLY_DROPPED] - low.n[RODP_TALLY_DROPPED],
		/* Events that began before the end, less those that ended before the first. */
		.drops = high.n[RODP_TALLY_DROP_BEGINS] - low.n[RODP_TALLY_DROP_ENDS],
	};
}

void rodp_tally_init(struct rodp_tally *tally)
{
	spin_lock_init(&tally->lock);
	tally->marks = RB_ROOT;
	spin_lock_bh(&tally->lock);
	tally_mark_insert(tally, &tally->zero, 0);
	spin_unlock_bh(&tally->lock);
}

void rodp_tally_watch(struct rodp_tally *tally, struct rodp_tally_view *view, u64 va, u64 len)
{
	const u64 first = va >> PAGE_SHIFT;

	spin_lock_bh(&tally->lock);
	tally_mark_insert(tally, &view->first, first);
	tally_mark_insert(tally, &view->end, len ? ((va + len - 1) >> PAGE_SHIFT) + 1 : first);
	view->before = tally_view_sums(tally, view);
	spin_unlock_bh(&tally->lock);
}

void rodp_tally_unwatch(struct rodp_tally *tally, struct rodp_tally_view *view)
{
	spin_lock_bh(&tally->lock);
	tally_mark_remove(tally, &view->first);
	tally_mark_remove(tally, &view->end);
	spin_unlock_bh(&tally->lock);
}

void rodp_tally_read(struct rodp_tally *tally, const struct rodp_tally_view *view,
		     struct rodp_tally_sums *sums)
{
	spin_lock_bh(&tally->lock);
	*sums = tally_view_sums(tally, view);
	spin_unlock_bh(&tally->lock);
	sums->faulted -= view->before.faulted;
	sums->prefetched -= view->before.prefetched;
	sums->dropped -= view->before.dropped;
	sums->drops -= view->before.drops;
}

/* The mark in whose gap page is; *until becomes the page of the next mark. */
static struct rodp_tally_mark *tally_gap_of(const struct rodp_tally *tally, u64 page, u64 *until)
{
	struct rb_node *node = tally->marks.rb_node;
	struct rodp_tally_mark *owner = NULL;

	lockdep_assert_held(&tally->lock);
	*until = U64_MAX;
	while (node) {
		struct rodp_tally_mark *mark = tally_mark_of(node);

		if (mark->page <= page) {
			owner = mark;
			node = node->rb_right;
		} else {
			*until = mark->page;
			node = node->rb_left;
		}
	}
	return owner;
}

static void tally_gap_credit(const struct rodp_tally *tally, struct rodp_tally_mark *owner,
			     enum rodp_tally_kind kind, u64 n)
{
	struct rb_node *node;

	lockdep_assert_held(&tally->lock);
	owner->own.n[kind] += n;
	for (node = &owner->node; node; node = rb_parent(node))
		tally_mark_of(node)->sum.n[kind] += n;
}

/* How many bits are set in [first, end). */
static unsigned int tally_slots_between(const u64 *slots, unsigned int first, unsigned int end)
{
	unsigned int i, n = 0;

	for (i = first / 64; i * 64 < end; i++) {
		u64 word = slots[i];

		if (i * 64 < first)
			word &= ~0ULL << (first % 64);
		if (i * 64 + 64 > end)
			word &= ~(~0ULL << (end % 64));
		n += hweight64(word);
	}
	return n;
}

/* The first bit set from `from` on, RODP_LEAF_PAGES if there is none. */
static unsigned int tally_slots_next(const u64 *slots, unsigned int from)
{
	return find_next_bit((const unsigned long *)slots, RODP_LEAF_PAGES, from);
}

static unsigned int tally_slots_last(const u64 *slots)
{
	return find_last_bit((const unsigned long *)slots, RODP_LEAF_PAGES);
}

/* Each gap gets the pages that are in it. */
static void tally_credit_pages(struct rodp_tally *tally, u64 page, const u64 *slots,
			       enum rodp_tally_kind kind)
{
	unsigned int i, end;
	u64 until;

	lockdep_assert_held(&tally->lock);
	for (i = tally_slots_next(slots, 0); i < RODP_LEAF_PAGES;
	     i = tally_slots_next(slots, end)) {
		struct rodp_tally_mark *owner = tally_gap_of(tally, page + i, &until);

		end = min_t(u64, until - page, RODP_LEAF_PAGES);
		tally_gap_credit(tally, owner, kind, tally_slots_between(slots, i, end));
	}
}

/* The gaps of the first and the last dropped page get the begin and the end of the event. */
static void tally_credit_drop(struct rodp_tally *tally, u64 page, const u64 *slots)
{
	struct rodp_tally_mark *first, *last;
	u64 until;

	lockdep_assert_held(&tally->lock);
	first = tally_gap_of(tally, page + tally_slots_next(slots, 0), &until);
	last = tally_gap_of(tally, page + tally_slots_last(slots), &until);
	tally_gap_credit(tally, first, RODP_TALLY_DROP_BEGINS, 1);
	tally_gap_credit(tally, last, RODP_TALLY_DROP_ENDS, 1);
}

void rodp_tally_add(struct rodp_tally *tally, u64 base, const u64 *slots, enum rodp_tally_kind kind)
{
	const u64 page = base >> PAGE_SHIFT;

	if (tally_slots_next(slots, 0) == RODP_LEAF_PAGES)
		return;
	spin_lock_bh(&tally->lock);
	tally_credit_pages(tally, page, slots, kind);
	if (kind == RODP_TALLY_DROPPED)
		tally_credit_drop(tally, page, slots);
	spin_unlock_bh(&tally->lock);
}
