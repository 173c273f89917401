// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Ranges and what is told of them, see book.h. */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>

#include "monitor/book.h"

static struct odp_monitor_header *book_header(const struct monitor_book *book)
{
	return book->shared;
}

static u32 book_slot_of(const struct monitor_book *book, const struct monitor_range *range)
{
	return range - book->range;
}

static struct odp_monitor_slot *book_slot(const struct monitor_book *book,
					  const struct monitor_range *range)
{
	return (struct odp_monitor_slot *)(book->shared + book->layout.slots) +
	       book_slot_of(book, range);
}

static struct monitor_range *book_range_of(struct interval_tree_node *node)
{
	return container_of(node, struct monitor_range, node);
}

/* After what it speaks of was noted, and before the page tables change. */
static void book_publish(struct monitor_book *book, struct monitor_range *range)
{
	const bool unknown = !range->used || !range->settled || range->busy;

	smp_store_release(&book_slot(book, range)->proof, range->lost << 1 | unknown);
}

void monitor_book_init(struct monitor_book *book, const struct monitor_layout *layout, void *shared,
		       struct monitor_range *range)
{
	struct odp_monitor_header *header = shared;
	u32 i;

	*book = (struct monitor_book){
		.layout = *layout,
		.shared = shared,
		.tree = RB_ROOT_CACHED,
		.range = range,
	};
	INIT_LIST_HEAD(&book->unsettled);
	INIT_LIST_HEAD(&book->free);
	for (i = 0; i < layout->ranges; i++) {
		list_add_tail(&range[i].list, &book->free);
		book_publish(book, &range[i]);
	}
	*header = (struct odp_monitor_header){
		.version = ODP_MONITOR_VERSION,
		.ranges = layout->ranges,
		.entries = layout->entries,
		.slots = layout->slots,
		.dirty = layout->dirty,
		.ring = layout->ring,
	};
}

static void book_settle(struct monitor_book *book, struct monitor_range *range)
{
	list_del_init(&range->list);
	range->settled = true;
	range->busy = 0;
	book_publish(book, range);
}

int monitor_book_add(struct monitor_book *book, u64 first, u64 last, u64 cookie, u32 kinds)
{
	struct monitor_range *range = list_first_entry_or_null(&book->free, struct monitor_range,
							       list);

	if (!range)
		return -ENOSPC;
	range->node.start = first;
	range->node.last = last;
	range->cookie = cookie;
	range->kinds = kinds;
	range->used = true;
	range->settled = false;
	range->was_told = false;
	list_move(&range->list, &book->unsettled);
	WRITE_ONCE(book_slot(book, range)->cookie, cookie);
	interval_tree_insert(&range->node, &book->tree);
	if (!book->active)
		book_settle(book, range);
	return book_slot_of(book, range);
}

int monitor_book_remove(struct monitor_book *book, u32 slot, u64 cookie)
{
	struct monitor_range *range;

	if (slot >= book->layout.ranges)
		return -ENOENT;
	range = &book->range[slot];
	if (!range->used || range->cookie != cookie)
		return -ENOENT;
	interval_tree_remove(&range->node, &book->tree);
	range->used = false;
	range->lost++;
	book_publish(book, range);
	/* To the end: a slot that somebody may still look at is given out late. */
	list_move_tail(&range->list, &book->free);
	return 0;
}

static void book_set_dirty(struct monitor_book *book, u32 slot)
{
	atomic_t *const words = book->shared + book->layout.dirty;

	/* No word of the kernel's depends on it. */
	atomic_or(1u << (slot & 31), &words[slot >> 5]);
}

/* How many entries the process has not read, by its own word; more than there are: it wrote nonsense. */
static u64 book_unread(const struct monitor_book *book)
{
	return book->head - READ_ONCE(book_header(book)->tail);
}

/* An entry that is not read yet says it already. */
static bool book_is_told(const struct monitor_book *book, const struct monitor_range *range,
			 u64 unread, u32 kind, u64 first, u64 last)
{
	if (!range->was_told || book->head - range->told_at > unread)
		return false;
	return range->told.many || (range->told.kinds == kind && range->told.first <= first &&
				    range->told.last >= last);
}

static void book_write_entry(struct monitor_book *book, const struct monitor_range *range)
{
	struct odp_monitor_entry *const ring = book->shared + book->layout.ring;

	ring[book->head & (book->layout.entries - 1)] = (struct odp_monitor_entry){
		.seq = book->head,
		.cookie = range->cookie,
		.first = range->told.first,
		.last = range->told.last,
		.slot = book_slot_of(book, range),
		.kinds = range->told.kinds,
		.flags = range->told.many ? ODP_MONITOR_MANY : 0,
	};
}

/* A range that has an entry which waits already gets one that stands for all that may follow. */
static void book_put_entry(struct monitor_book *book, struct monitor_range *range, u64 unread,
			   u32 kind, u64 first, u64 last)
{
	const bool many = range->was_told && book->head - range->told_at <= unread;

	range->told.many = many;
	range->told.kinds = many ? range->kinds : kind;
	range->told.first = many ? range->node.start : first;
	range->told.last = many ? range->node.last : last;
	range->told_at = book->head;
	range->was_told = true;
	book_write_entry(book, range);
	smp_store_release(&book_header(book)->head, ++book->head);
}

/* Returns whether there is something new to read. */
static bool book_tell(struct monitor_book *book, struct monitor_range *range, u32 kind, u64 first,
		      u64 last)
{
	u64 unread;

	book_set_dirty(book, book_slot_of(book, range));
	/*
	 * The slot was written; now the tail is read. The process writes the tail, then reads the
	 * slot. One of the two sees what the other wrote.
	 */
	smp_mb__after_atomic();
	unread = book_unread(book);
	if (book_is_told(book, range, unread, kind, first, last))
		return false;
	if (unread < book->layout.entries)
		book_put_entry(book, range, unread, kind, first, last);
	else
		WRITE_ONCE(book_header(book)->overflows, ++book->overflows);
	return true;
}

static void book_count(struct monitor_book *book, struct monitor_range *range, u32 kind)
{
	const unsigned int i = __builtin_ctz(kind);

	WRITE_ONCE(book_slot(book, range)->count[i], ++range->count[i]);
}

static bool book_range_begin(struct monitor_book *book, struct monitor_range *range, u32 kind,
			     u64 first, u64 last)
{
	book_count(book, range, kind);
	if (kind & ODP_MONITOR_LOSING) {
		range->lost++;
		range->busy++;
		book_publish(book, range);
	}
	if (!(kind & range->kinds))
		return false;
	return book_tell(book, range, kind, max_t(u64, first, range->node.start),
			 min_t(u64, last, range->node.last));
}

bool monitor_book_begin(struct monitor_book *book, u32 kind, u64 first, u64 last)
{
	struct interval_tree_node *node;
	bool news = false;

	book->active++;
	for (node = interval_tree_iter_first(&book->tree, first, last); node;
	     node = interval_tree_iter_next(node, first, last))
		news |= book_range_begin(book, book_range_of(node), kind, first, last);
	return news;
}

static void book_range_end(struct monitor_book *book, struct monitor_range *range)
{
	if (!range->settled)
		return;
	if (WARN_ON_ONCE(!range->busy))
		return;
	if (!--range->busy)
		book_publish(book, range);
}

static void book_settle_all(struct monitor_book *book)
{
	struct monitor_range *range, *next;

	list_for_each_entry_safe(range, next, &book->unsettled, list)
		book_settle(book, range);
}

void monitor_book_end(struct monitor_book *book, u32 kind, u64 first, u64 last)
{
	struct interval_tree_node *node = NULL;

	if (kind & ODP_MONITOR_LOSING)
		node = interval_tree_iter_first(&book->tree, first, last);
	for (; node; node = interval_tree_iter_next(node, first, last))
		book_range_end(book, book_range_of(node));
	if (!WARN_ON_ONCE(!book->active) && !--book->active)
		book_settle_all(book);
}

void monitor_book_die(struct monitor_book *book)
{
	WRITE_ONCE(book_header(book)->dead, 1);
	/* No end: what is lost stays lost. */
	monitor_book_begin(book, ODP_MONITOR_UNMAPPED, 0, U64_MAX);
}

bool monitor_book_readable(const struct monitor_book *book)
{
	const struct odp_monitor_header *header = book_header(book);

	return READ_ONCE(header->tail) != book->head ||
	       READ_ONCE(header->overflows_seen) != book->overflows;
}
