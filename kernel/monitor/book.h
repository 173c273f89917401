/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * book: the ranges that one process watches, and what is written about them into the memory that
 * it shares with the kernel (uapi/odp_monitor.h): slots, dirty bits, the ring. Numbers only: it
 * allocates nothing, sleeps nowhere, and fails nowhere once a range is in it. The owner has a lock.
 *
 * Two changes of page tables may go on at once, and the mm does not say which one it is that ends.
 * So of each range it is counted how many are going on, and of the mm too, from the moment when its
 * notifier was registered (which waits until none is going on). What a range's count cannot know
 * is what was going on already when it was added: such a range is unsettled until the mm's count
 * has been 0. Until then its word `proof` is odd, as it is while its own count is not 0.
 *
 * Of the shared memory the kernel reads one word, the ring's tail, once an event, and that says only
 * whether the process's own ring has room, and whether an entry was read.
 */
#ifndef RODP_MONITOR_BOOK_H
#define RODP_MONITOR_BOOK_H

#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/types.h>

#include "monitor/layout.h"
#include "uapi/odp_monitor.h"

/**
 * struct monitor_range - a slot, and the watch that has it
 * @node: in the book's tree, while there is a watch; its addresses, both inclusive.
 * @list: in the book's list of unsettled ranges, or of free slots.
 * @cookie: the watch's.
 * @lost: how many times pages were lost, or a watch ended; never less.
 * @told_at: where in the ring its newest entry is.
 * @told: that entry, which may have been read since.
 * @count: by kind.
 * @kinds: that the process wants to be told of.
 * @busy: changes that lose pages and go on; of a settled range.
 * @used: there is a watch.
 * @settled: @busy is all of them.
 * @was_told: there is an entry of this watch.
 */
struct monitor_range {
	struct interval_tree_node node;
	struct list_head list;
	u64 cookie;
	u64 lost;
	u64 told_at;
	struct {
		u64 first, last;
		u32 kinds;
		bool many;
	} told;
	u32 count[ODP_MONITOR_KINDS];
	u32 kinds;
	u32 busy;
	bool used, settled, was_told;
};

/**
 * struct monitor_book - see above
 * @layout: of @shared.
 * @shared: memory that the process can write at any time.
 * @tree: the watches.
 * @unsettled: those that are.
 * @free: slots without a watch.
 * @range: @layout.ranges of them.
 * @head: where the next entry of the ring will be.
 * @overflows: events that found no place.
 * @active: changes of page tables of the mm that go on, of any addresses.
 */
struct monitor_book {
	struct monitor_layout layout;
	void *shared;
	struct rb_root_cached tree;
	struct list_head unsettled, free;
	struct monitor_range *range;
	u64 head, overflows;
	unsigned int active;
};

/**
 * monitor_book_init() - a book without watches
 * @book: is filled in
 * @layout: of @shared
 * @shared: @layout->bytes of zeros
 * @range: @layout->ranges of zeros; like @shared the caller's, for as long as the book is used
 */
void monitor_book_init(struct monitor_book *book, const struct monitor_layout *layout, void *shared,
		       struct monitor_range *range);

/**
 * monitor_book_add() - watch a range
 * @book: the book
 * @first: the first address, of a page
 * @last: the last address, of a page
 * @cookie: anything
 * @kinds: mask of what makes entries
 *
 * Return: the slot, or -ENOSPC: there is none.
 */
int monitor_book_add(struct monitor_book *book, u64 first, u64 last, u64 cookie, u32 kinds);

/**
 * monitor_book_remove() - end a watch
 * @book: the book
 * @slot: any number
 * @cookie: must be the watch's
 *
 * Return: 0, or -ENOENT: that slot has no such watch.
 */
int monitor_book_remove(struct monitor_book *book, u32 slot, u64 cookie);

/**
 * monitor_book_begin() - page tables are about to change
 * @book: the book
 * @kind: one bit: how
 * @first: of the addresses
 * @last: of the addresses
 *
 * Return: whether the process has something new to read, in the ring or by overflow.
 */
bool monitor_book_begin(struct monitor_book *book, u32 kind, u64 first, u64 last);

/**
 * monitor_book_end() - they have been changed
 * @book: the book
 * @kind: as at the beginning, like the rest
 * @first: of the addresses
 * @last: of the addresses
 */
void monitor_book_end(struct monitor_book *book, u32 kind, u64 first, u64 last);

/**
 * monitor_book_die() - the address space ends, and nothing follows
 * @book: the book
 */
void monitor_book_die(struct monitor_book *book);

/**
 * monitor_book_readable() - is there something for the process to read?
 * @book: the book
 *
 * What the process wrote decides, so that it may be wrong for one who wrote nonsense.
 */
bool monitor_book_readable(const struct monitor_book *book);

#endif
