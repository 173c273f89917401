// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Any sequence of watched ranges and of events in leaves, beside a model that looks at every event for
 * every range: the counts are those of the events that touched the range since it is watched.
 */
#include "standin.h"
#include "shared.h"

#include "odp/entries.h"
#include "odp/tally.h"

#define VIEWS  12
#define EVENTS 64
#define LEAVES 3

struct event {
	u64 page; /* of the leaf's first page */
	u64 slots[RODP_SLOT_WORDS];
	enum rodp_tally_kind kind;
};

static struct {
	struct rodp_tally_view view;
	bool watched;
	u64 first, end; /* pages */
	unsigned int since; /* number of the first event that counts */
} views[VIEWS];

static struct event events[EVENTS];
static unsigned int count;
static struct rodp_tally tally;

static bool event_has(const struct event *event, unsigned int slot)
{
	return event->slots[slot / 64] >> (slot % 64) & 1;
}

/* Adds one event up as the range [first, end) sees it. */
static void add_up(const struct event *event, u64 first, u64 end, struct rodp_tally_sums *sums)
{
	unsigned int low = RODP_LEAF_PAGES, high = 0, in = 0, i;

	for (i = 0; i < RODP_LEAF_PAGES; i++) {
		if (!event_has(event, i))
			continue;
		low = i < low ? i : low;
		high = i;
		in += event->page + i >= first && event->page + i < end;
	}
	if (event->kind == RODP_TALLY_FAULTED)
		sums->faulted += in;
	else if (event->kind == RODP_TALLY_PREFETCHED)
		sums->prefetched += in;
	else
		sums->dropped += in;
	if (event->kind == RODP_TALLY_DROPPED && low < RODP_LEAF_PAGES)
		sums->drops += first < end && event->page + low < end &&
			       event->page + high >= first;
}

static void check_view(unsigned int i)
{
	struct rodp_tally_sums sums, expected = { 0 };

	if (!views[i].watched)
		return;
	for (unsigned int n = views[i].since; n < count; n++)
		add_up(&events[n], views[i].first, views[i].end, &expected);
	rodp_tally_read(&tally, &views[i].view, &sums);
	fuzz_check(sums.faulted == expected.faulted && sums.prefetched == expected.prefetched &&
		   sums.dropped == expected.dropped);
	fuzz_check(views[i].first == views[i].end || sums.drops == expected.drops);
}

static void watch(unsigned int i, u64 va, u64 len)
{
	if (views[i].watched) {
		rodp_tally_unwatch(&tally, &views[i].view);
		views[i].watched = false;
		return;
	}
	rodp_tally_watch(&tally, &views[i].view, va, len);
	views[i].watched = true;
	views[i].first = va >> PAGE_SHIFT;
	views[i].end = len ? ((va + len - 1) >> PAGE_SHIFT) + 1 : views[i].first;
	views[i].since = count;
}

/* A stretch of pages, with or without a hole in its middle. */
static void happen(unsigned int leaf, unsigned int first, unsigned int n, u8 kind)
{
	struct event *event = &events[count];

	if (count == EVENTS)
		return;
	*event = (struct event){ .page = leaf * (u64)RODP_LEAF_PAGES, .kind = kind % 3 };
	for (unsigned int i = first; i < first + n && i < RODP_LEAF_PAGES; i++)
		if (!(kind & 0x80) || i != first + n / 2)
			event->slots[i / 64] |= 1ull << (i % 64);
	count++;
	rodp_tally_add(&tally, event->page << PAGE_SHIFT, event->slots, event->kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rodp_tally_init(&tally);
	memset(views, 0, sizeof(views));
	count = 0;
	while (size) {
		const u8 what = fuzz_take(&data, &size, 1);
		const u64 at = fuzz_take(&data, &size, 2), len = fuzz_take(&data, &size, 2);
		const unsigned int i = (what >> 1) % VIEWS;

		if (what & 1)
			watch(i, (at % (LEAVES * RODP_LEAF_PAGES)) * PAGE_SIZE + (what & 0x40),
			      len * 512);
		else
			happen((what >> 1) % LEAVES, at % RODP_LEAF_PAGES, len % 600, what);
		check_view(i);
	}
	for (unsigned int i = 0; i < VIEWS; i++) {
		check_view(i);
		if (views[i].watched)
			rodp_tally_unwatch(&tally, &views[i].view);
	}
	/* Nothing but the beginning is left. */
	fuzz_check(tally.marks.rb_node == &tally.zero.node && !tally.zero.node.rb_left &&
		   !tally.zero.node.rb_right);
	return 0;
}
