// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The tally of a mirror, see tally.h. */
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/rbtree_augmented.h>

#include "odp/entries.h"
#include "odp/tally.h"

static struct rodp_tally_mark *mark_of(struct rb_node *node)
{
	return rb_entry(node, struct rodp_tally_mark, node);
}

static void counts_add(struct rodp_tally_counts *to, const struct rodp_tally_counts *counts)
{
	unsigned int kind;

	for (kind = 0; kind < RODP_TALLY_KINDS; kind++)
		to->n[kind] += counts->n[kind];
}

/* Of the tree's callbacks. Returns false: whoever asks is to go on up to the root. */
static bool mark_sum_up(struct rodp_tally_mark *mark, bool exit)
{
	mark->sum = mark->own;
	if (mark->node.rb_left)
		counts_add(&mark->sum, &mark_of(mark->node.rb_left)->sum);
	if (mark->node.rb_right)
		counts_add(&mark->sum, &mark_of(mark->node.rb_right)->sum);
	return false;
}

RB_DECLARE_CALLBACKS(static, marks_sums, struct rodp_tally_mark, node, sum, mark_sum_up)

/* lock held. A mark that owns nothing yet; the gap that it cuts keeps what it has. */
static void mark_insert(struct rodp_tally *tally, struct rodp_tally_mark *mark, u64 page)
{
	struct rb_node **link = &tally->marks.rb_node, *parent = NULL;

	*mark = (struct rodp_tally_mark){ .page = page };
	while (*link) {
		parent = *link;
		link = page < mark_of(parent)->page ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&mark->node, parent, link);
	rb_insert_augmented(&mark->node, &tally->marks, &marks_sums);
}

/*
 * lock held. Who gets what a mark that leaves owns: one of the same page, since there are
 * views that begin or end here, else the one before, whose gap grows.
 */
static struct rodp_tally_mark *mark_heir(const struct rodp_tally_mark *mark)
{
	struct rb_node *next = rb_next(&mark->node);

	if (next && mark_of(next)->page == mark->page)
		return mark_of(next);
	return mark_of(rb_prev(&mark->node));
}

/* lock held. */
static void mark_remove(struct rodp_tally *tally, struct rodp_tally_mark *mark)
{
	struct rodp_tally_mark *heir = mark_heir(mark);

	counts_add(&heir->own, &mark->own);
	marks_sums_propagate(&heir->node, NULL);
	rb_erase_augmented(&mark->node, &tally->marks, &marks_sums);
}

/* lock held. Adds up everything that happened before page. */
static void sum_before(const struct rodp_tally *tally, u64 page, struct rodp_tally_counts *sum)
{
	struct rb_node *node = tally->marks.rb_node;

	*sum = (struct rodp_tally_counts){};
	while (node) {
		const struct rodp_tally_mark *mark = mark_of(node);

		if (mark->page >= page) {
			node = node->rb_left;
			continue;
		}
		counts_add(sum, &mark->own);
		if (node->rb_left)
			counts_add(sum, &mark_of(node->rb_left)->sum);
		node = node->rb_right;
	}
}

/* lock held. What happened between the view's bounds since the tally began. */
static struct rodp_tally_sums view_sums(const struct rodp_tally *tally,
					const struct rodp_tally_view *view)
{
	struct rodp_tally_counts low, high;

	sum_before(tally, view->first.page, &low);
	sum_before(tally, view->end.page, &high);
	return (struct rodp_tally_sums){
		.faulted = high.n[RODP_TALLY_FAULTED] - low.n[RODP_TALLY_FAULTED],
		.prefetched = high.n[RODP_TALLY_PREFETCHED] - low.n[RODP_TALLY_PREFETCHED],
		.dropped = high.n[RODP_TALLY_DROPPED] - low.n[RODP_TALLY_DROPPED],
		/* Those that began before the end, but for those that were over before the first. */
		.drops = high.n[RODP_TALLY_DROP_BEGINS] - low.n[RODP_TALLY_DROP_ENDS],
	};
}

void rodp_tally_init(struct rodp_tally *tally)
{
	spin_lock_init(&tally->lock);
	tally->marks = RB_ROOT;
	mark_insert(tally, &tally->zero, 0);
}

void rodp_tally_watch(struct rodp_tally *tally, struct rodp_tally_view *view, u64 va, u64 len)
{
	const u64 first = va >> PAGE_SHIFT;

	spin_lock_bh(&tally->lock);
	mark_insert(tally, &view->first, first);
	mark_insert(tally, &view->end, len ? ((va + len - 1) >> PAGE_SHIFT) + 1 : first);
	view->before = view_sums(tally, view);
	spin_unlock_bh(&tally->lock);
}

void rodp_tally_unwatch(struct rodp_tally *tally, struct rodp_tally_view *view)
{
	spin_lock_bh(&tally->lock);
	mark_remove(tally, &view->first);
	mark_remove(tally, &view->end);
	spin_unlock_bh(&tally->lock);
}

void rodp_tally_read(struct rodp_tally *tally, const struct rodp_tally_view *view,
		     struct rodp_tally_sums *sums)
{
	spin_lock_bh(&tally->lock);
	*sums = view_sums(tally, view);
	spin_unlock_bh(&tally->lock);
	sums->faulted -= view->before.faulted;
	sums->prefetched -= view->before.prefetched;
	sums->dropped -= view->before.dropped;
	sums->drops -= view->before.drops;
}

/* lock held. The mark in whose gap page is; *until becomes the page of the next mark. */
static struct rodp_tally_mark *gap_of(const struct rodp_tally *tally, u64 page, u64 *until)
{
	struct rb_node *node = tally->marks.rb_node;
	struct rodp_tally_mark *owner = NULL;

	*until = U64_MAX;
	while (node) {
		struct rodp_tally_mark *mark = mark_of(node);

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

/* lock held. */
static void gap_credit(struct rodp_tally_mark *owner, enum rodp_tally_kind kind, u64 n)
{
	struct rb_node *node;

	owner->own.n[kind] += n;
	for (node = &owner->node; node; node = rb_parent(node))
		mark_of(node)->sum.n[kind] += n;
}

/* The bits that are set in [first, end). */
static unsigned int slots_between(const u64 *slots, unsigned int first, unsigned int end)
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
static unsigned int slots_next(const u64 *slots, unsigned int from)
{
	return find_next_bit((const unsigned long *)slots, RODP_LEAF_PAGES, from);
}

static unsigned int slots_last(const u64 *slots)
{
	return find_last_bit((const unsigned long *)slots, RODP_LEAF_PAGES);
}

/* lock held. Each gap gets the pages that are in it. */
static void credit_pages(struct rodp_tally *tally, u64 page, const u64 *slots,
			 enum rodp_tally_kind kind)
{
	unsigned int i, end;
	u64 until;

	for (i = slots_next(slots, 0); i < RODP_LEAF_PAGES; i = slots_next(slots, end)) {
		struct rodp_tally_mark *owner = gap_of(tally, page + i, &until);

		end = min_t(u64, until - page, RODP_LEAF_PAGES);
		gap_credit(owner, kind, slots_between(slots, i, end));
	}
}

/* lock held. */
static void credit_drop(struct rodp_tally *tally, u64 page, const u64 *slots)
{
	u64 until;

	gap_credit(gap_of(tally, page + slots_next(slots, 0), &until), RODP_TALLY_DROP_BEGINS, 1);
	gap_credit(gap_of(tally, page + slots_last(slots), &until), RODP_TALLY_DROP_ENDS, 1);
}

void rodp_tally_add(struct rodp_tally *tally, u64 base, const u64 *slots, enum rodp_tally_kind kind)
{
	const u64 page = base >> PAGE_SHIFT;

	if (slots_next(slots, 0) == RODP_LEAF_PAGES)
		return;
	spin_lock_bh(&tally->lock);
	credit_pages(tally, page, slots, kind);
	if (kind == RODP_TALLY_DROPPED)
		credit_drop(tally, page, slots);
	spin_unlock_bh(&tally->lock);
}
