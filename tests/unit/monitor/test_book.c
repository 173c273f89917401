// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The book of a monitor against a model: what a process may believe of its slots while changes of
 * page tables begin and end in any order, what it is told by the ring and by dirty bits, and a
 * process that writes nonsense into all of it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "monitor/book.h"

#define PAGES  64 /* of addresses */
#define RANGES 12
#define ROUNDS 40000

static u64 seed = 1;

static u32 below(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

static u64 va(u32 page)
{
	return (u64)page * PAGE_SIZE;
}

/* ---- a book and its process ---- */

struct side {
	struct monitor_layout layout;
	struct monitor_book book;
	void *shared;
	struct monitor_range *range;
	struct odp_monitor_header *header;
	struct odp_monitor_slot *slot;
	u32 *dirty;
	struct odp_monitor_entry *ring;
};

static void side_init(struct side *side, u32 ranges, u32 entries)
{
	assert_int_equal(monitor_layout_make(&side->layout, ranges, entries), 0);
	side->shared = aligned_alloc(PAGE_SIZE, side->layout.bytes);
	memset(side->shared, 0, side->layout.bytes);
	side->range = calloc(ranges, sizeof(*side->range));
	monitor_book_init(&side->book, &side->layout, side->shared, side->range);
	side->header = side->shared;
	side->slot = side->shared + side->header->slots;
	side->dirty = side->shared + side->header->dirty;
	side->ring = side->shared + side->header->ring;
}

static void side_exit(struct side *side)
{
	free(side->range);
	free(side->shared);
}

static u32 counts(const struct odp_monitor_slot *slot, u32 kinds)
{
	u32 sum = 0, i;

	for (i = 0; i < ODP_MONITOR_KINDS; i++)
		if (kinds >> i & 1)
			sum += READ_ONCE(slot->count[i]);
	return sum;
}

/* ---- layout ---- */

static void test_layout(void **state)
{
	struct monitor_layout layout;
	u32 ranges, entries;

	(void)state;
	assert_int_equal(monitor_layout_make(&layout, 0, 8), -EINVAL);
	assert_int_equal(monitor_layout_make(&layout, 1, 3), -EINVAL);
	assert_int_equal(monitor_layout_make(&layout, UINT32_MAX, 8), -ENOSPC);
	assert_int_equal(monitor_layout_make(&layout, 1, 1u << 31), -ENOSPC);
	for (ranges = 1; ranges <= MONITOR_RANGES_MAX; ranges = ranges * 3 + 1) {
		for (entries = 1; entries <= MONITOR_ENTRIES_MAX; entries *= 4) {
			assert_int_equal(monitor_layout_make(&layout, ranges, entries), 0);
			assert_true(layout.slots >= sizeof(struct odp_monitor_header));
			assert_true(layout.dirty >= layout.slots + (u64)ranges * 64);
			assert_true(layout.ring >= layout.dirty + (ranges + 7) / 8);
			assert_true(layout.bytes >= layout.ring + (u64)entries * 64);
			assert_true(layout.bytes - layout.ring - (u64)entries * 64 < PAGE_SIZE);
			assert_int_equal(layout.bytes % PAGE_SIZE, 0);
		}
	}
}

/* ---- the words that prove ---- */

struct change {
	bool on;
	u32 kind;
	u64 first, last;
};

struct watch {
	bool on;
	bool blind; /* a change went on when it was added, and the mm has not been quiet since */
	u64 first, last;
	u64 cookie;
	u64 even; /* the last even word that was seen of the slot */
	bool lost; /* pages, or the watch, since */
	u32 count[ODP_MONITOR_KINDS];
};

struct model {
	struct side side;
	struct change change[6];
	struct watch watch[RANGES]; /* by slot */
	u64 cookie;
};

static bool overlap(const struct watch *watch, const struct change *change)
{
	return watch->first <= change->last && watch->last >= change->first;
}

static bool quiet(const struct model *m)
{
	u32 i;

	for (i = 0; i < 6; i++)
		if (m->change[i].on)
			return false;
	return true;
}

/* Whether pages of the watch may be changing right now. */
static bool changing(const struct model *m, const struct watch *watch)
{
	u32 i;

	for (i = 0; i < 6; i++)
		if (m->change[i].on && (m->change[i].kind & ODP_MONITOR_LOSING) &&
		    overlap(watch, &m->change[i]))
			return true;
	return false;
}

static void check_slot(struct model *m, u32 i)
{
	struct watch *watch = &m->watch[i];
	const struct odp_monitor_slot *slot = &m->side.slot[i];
	u32 k;

	for (k = 0; k < ODP_MONITOR_KINDS; k++)
		assert_int_equal(slot->count[k], watch->count[k]);
	if (watch->on && !watch->blind)
		assert_int_equal(slot->proof & 1, changing(m, watch));
	else
		assert_int_equal(slot->proof & 1, 1);
	if (watch->lost)
		assert_true(slot->proof > watch->even);
	else
		assert_int_equal(slot->proof | 1, watch->even | 1);
	if (slot->proof & 1)
		return;
	watch->even = slot->proof;
	watch->lost = false;
}

static void model_add(struct model *m)
{
	const u32 first = below(PAGES), last = first + below(PAGES - first);
	const u64 cookie = ++m->cookie;
	const int slot = monitor_book_add(&m->side.book, va(first), va(last + 1) - 1, cookie, 0);
	u32 i, used = 0;

	for (i = 0; i < RANGES; i++)
		used += m->watch[i].on;
	if (used == RANGES) {
		assert_int_equal(slot, -ENOSPC);
		return;
	}
	assert_in_range(slot, 0, RANGES - 1);
	assert_false(m->watch[slot].on);
	assert_int_equal(m->side.slot[slot].cookie, cookie);
	m->watch[slot].on = true;
	m->watch[slot].blind = !quiet(m);
	m->watch[slot].first = va(first);
	m->watch[slot].last = va(last + 1) - 1;
	m->watch[slot].cookie = cookie;
}

static void model_remove(struct model *m)
{
	const u32 i = below(RANGES);
	struct watch *watch = &m->watch[i];

	assert_int_equal(monitor_book_remove(&m->side.book, i, watch->cookie + 1), -ENOENT);
	assert_int_equal(monitor_book_remove(&m->side.book, RANGES + i, watch->cookie), -ENOENT);
	assert_int_equal(monitor_book_remove(&m->side.book, i, watch->cookie),
			 watch->on ? 0 : -ENOENT);
	watch->lost |= watch->on;
	watch->on = false;
}

static void model_begin(struct model *m, struct change *change)
{
	const u32 first = below(PAGES), kind = below(ODP_MONITOR_KINDS);
	u32 i;

	*change = (struct change){ true, 1u << kind, va(first),
				   va(first + 1 + below(PAGES - first)) - 1 };
	assert_false(monitor_book_begin(&m->side.book, change->kind, change->first, change->last));
	for (i = 0; i < RANGES; i++) {
		struct watch *watch = &m->watch[i];

		if (!watch->on || !overlap(watch, change))
			continue;
		watch->count[kind]++;
		watch->lost |= !!(change->kind & ODP_MONITOR_LOSING);
	}
}

static void model_end(struct model *m, struct change *change)
{
	u32 i;

	monitor_book_end(&m->side.book, change->kind, change->first, change->last);
	change->on = false;
	for (i = 0; i < RANGES && quiet(m); i++)
		m->watch[i].blind = false;
}

static void model_step(struct model *m)
{
	struct change *change = &m->change[below(6)];

	switch (below(4)) {
	case 0:
		model_add(m);
		break;
	case 1:
		model_remove(m);
		break;
	default:
		if (change->on)
			model_end(m, change);
		else if (below(3))
			model_begin(m, change);
	}
}

static void test_proof(void **state)
{
	static struct model m;
	u32 round, i, evens = 0;

	(void)state;
	memset(&m, 0, sizeof(m));
	side_init(&m.side, RANGES, 0);
	for (round = 0; round < ROUNDS; round++) {
		model_step(&m);
		for (i = 0; i < RANGES; i++) {
			check_slot(&m, i);
			evens += m.watch[i].on && !(m.side.slot[i].proof & 1);
		}
	}
	/* With changes going on most of the time, words are even often enough to mean something. */
	assert_true(evens > ROUNDS / 4);
	assert_int_equal(m.side.header->head, 0);
	side_exit(&m.side);
}

/* A change that began before the watch, and whose end is all that the watch sees of it. */
static void test_blind(void **state)
{
	struct side side;
	int slot;

	(void)state;
	side_init(&side, 2, 0);
	monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(0), va(8) - 1);
	monitor_book_begin(&side.book, ODP_MONITOR_REPLACED, va(20), va(21) - 1);
	slot = monitor_book_add(&side.book, va(4), va(5) - 1, 7, 0);
	assert_true(side.slot[slot].proof & 1);
	monitor_book_end(&side.book, ODP_MONITOR_UNMAPPED, va(0), va(8) - 1);
	assert_true(side.slot[slot].proof & 1);
	monitor_book_end(&side.book, ODP_MONITOR_REPLACED, va(20), va(21) - 1);
	assert_false(side.slot[slot].proof & 1);
	monitor_book_die(&side.book);
	assert_true(side.slot[slot].proof & 1);
	assert_int_equal(side.header->dead, 1);
	assert_int_equal(side.slot[slot].count[0], 1);
	side_exit(&side);
}

/* ---- the ring ---- */

/* What the process knows: of each slot the counts that it saw when it last looked. */
struct reader {
	u32 seen[RANGES];
	u64 entries, many, overflows;
};

static void reader_look(struct side *side, struct reader *reader, u32 slot)
{
	reader->seen[slot] = counts(&side->slot[slot], ODP_MONITOR_ANY);
}

static void reader_entry(struct side *side, struct reader *reader)
{
	const u64 tail = side->header->tail;
	const struct odp_monitor_entry entry = side->ring[tail & (side->layout.entries - 1)];

	assert_int_equal(entry.seq, tail);
	assert_in_range(entry.slot, 0, RANGES - 1);
	assert_int_equal(entry.cookie, 100 + entry.slot);
	assert_true(entry.first <= entry.last && entry.kinds);
	assert_int_equal(entry.flags & ~ODP_MONITOR_MANY, 0);
	assert_true(entry.flags || !(entry.kinds & (entry.kinds - 1)));
	assert_int_not_equal(counts(&side->slot[entry.slot], entry.kinds), 0);
	reader->entries++;
	reader->many += entry.flags;
	__atomic_store_n(&side->header->tail, tail + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	reader_look(side, reader, entry.slot);
}

static void reader_overflow(struct side *side, struct reader *reader)
{
	const u64 overflows = __atomic_load_n(&side->header->overflows, __ATOMIC_ACQUIRE);
	u32 i, bits;

	if (overflows == side->header->overflows_seen)
		return;
	reader->overflows += overflows - side->header->overflows_seen;
	__atomic_store_n(&side->header->overflows_seen, overflows, __ATOMIC_SEQ_CST);
	bits = __atomic_exchange_n(&side->dirty[0], 0, __ATOMIC_SEQ_CST);
	for (i = 0; i < RANGES; i++)
		if (bits >> i & 1)
			reader_look(side, reader, i);
}

static void reader_drain(struct side *side, struct reader *reader, u32 most)
{
	while (most-- &&
	       side->header->tail != __atomic_load_n(&side->header->head, __ATOMIC_ACQUIRE))
		reader_entry(side, reader);
	reader_overflow(side, reader);
}

static void add_all(struct side *side, u32 kinds)
{
	u32 i;

	for (i = 0; i < RANGES; i++)
		assert_int_equal(monitor_book_add(&side->book, va(i * 5), va(i * 5 + 8) - 1,
						  100 + i, kinds),
				 i);
}

static void happen(struct side *side)
{
	const u32 first = below(PAGES), kind = 1u << below(ODP_MONITOR_KINDS);
	const u64 last = va(first + 1 + below(PAGES - first)) - 1;

	monitor_book_begin(&side->book, kind, va(first), last);
	monitor_book_end(&side->book, kind, va(first), last);
}

static void all_known(struct side *side, const struct reader *reader)
{
	u32 i;

	for (i = 0; i < RANGES; i++)
		assert_int_equal(reader->seen[i], counts(&side->slot[i], ODP_MONITOR_ANY));
}

static void ring_of(u32 entries, bool overflows)
{
	struct reader reader = {};
	struct side side;
	u32 round;

	side_init(&side, RANGES, entries);
	add_all(&side, ODP_MONITOR_ANY);
	for (round = 0; round < ROUNDS; round++) {
		happen(&side);
		assert_true(side.header->head - side.header->tail <= entries);
		assert_true(overflows || side.header->head - side.header->tail <= 2 * RANGES);
		if (!below(4))
			reader_drain(&side, &reader, below(8));
		if (below(50))
			continue;
		while (monitor_book_readable(&side.book))
			reader_drain(&side, &reader, RANGES);
		all_known(&side, &reader);
	}
	assert_int_equal(reader.overflows > 0, overflows);
	assert_true(!entries || reader.entries > ROUNDS / 50);
	assert_true(entries < 2 * RANGES || reader.many > 0);
	side_exit(&side);
}

static void test_ring(void **state)
{
	(void)state;
	ring_of(32, false);
	ring_of(4, true);
	ring_of(1, true);
	ring_of(0, true);
}

/* Who asked for one kind is told of it alone; what is within what waits is not said twice. */
static void test_entries(void **state)
{
	struct side side;
	struct odp_monitor_entry *entry;
	int slot;

	(void)state;
	side_init(&side, 4, 8);
	entry = side.ring;
	slot = monitor_book_add(&side.book, va(10), va(20) - 1, 5, ODP_MONITOR_UNMAPPED);
	assert_false(monitor_book_begin(&side.book, ODP_MONITOR_FORKED, 0, U64_MAX));
	assert_true(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(5), va(15) - 1));
	assert_int_equal(side.header->head, 1);
	assert_true(entry->first == va(10) && entry->last == va(15) - 1 && entry->kinds == 1);
	assert_false(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(11), va(12) - 1));
	assert_true(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(15), va(16) - 1));
	assert_int_equal(entry[1].flags, ODP_MONITOR_MANY);
	assert_true(entry[1].first == va(10) && entry[1].last == va(20) - 1);
	assert_false(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(19), va(20) - 1));
	assert_false(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(20), va(21) - 1));
	side.header->tail = 2;
	assert_true(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(11), va(12) - 1));
	assert_int_equal(entry[2].flags, 0);
	assert_int_equal(side.slot[slot].count[0], 5);
	/* A slot's next watch is not told by the entries of the one before. */
	assert_int_equal(monitor_book_remove(&side.book, slot, 5), 0);
	while (monitor_book_add(&side.book, va(10), va(20) - 1, 6, 0) != slot)
		;
	assert_int_equal(monitor_book_remove(&side.book, slot, 6), 0);
	assert_int_equal(monitor_book_add(&side.book, va(10), va(20) - 1, 7, ODP_MONITOR_UNMAPPED),
			 slot);
	assert_true(monitor_book_begin(&side.book, ODP_MONITOR_UNMAPPED, va(11), va(12) - 1));
	assert_int_equal(entry[3].cookie, 7);
	side_exit(&side);
}

/* ---- threads: nothing is lost between the kernel's last look and the process's ---- */

struct race {
	struct side side;
	struct reader reader;
	bool done;
};

static void *race_read(void *arg)
{
	struct race *race = arg;

	while (!__atomic_load_n(&race->done, __ATOMIC_ACQUIRE))
		reader_drain(&race->side, &race->reader, 3);
	return NULL;
}

static void race_of(u32 entries)
{
	static struct race race;
	pthread_t thread;
	u32 round;

	memset(&race, 0, sizeof(race));
	side_init(&race.side, RANGES, entries);
	add_all(&race.side, ODP_MONITOR_ANY);
	assert_int_equal(pthread_create(&thread, NULL, race_read, &race), 0);
	for (round = 0; round < 2 * ROUNDS; round++)
		happen(&race.side);
	__atomic_store_n(&race.done, true, __ATOMIC_RELEASE);
	assert_int_equal(pthread_join(thread, NULL), 0);
	while (monitor_book_readable(&race.side.book))
		reader_drain(&race.side, &race.reader, RANGES);
	all_known(&race.side, &race.reader);
	side_exit(&race.side);
}

static void test_race(void **state)
{
	(void)state;
	race_of(32);
	race_of(2);
}

/* ---- a process that writes nonsense ---- */

static void scribble(struct side *side)
{
	u64 *const word = side->shared;
	const u32 words = side->layout.bytes / sizeof(u64);

	if (below(2))
		side->header->tail = side->book.head + below(64) - 32;
	else
		word[below(words)] = seed;
}

static void test_hostile(void **state)
{
	struct side side, clean;
	u32 round, i;

	(void)state;
	side_init(&side, RANGES, 8);
	side_init(&clean, RANGES, 8);
	add_all(&side, ODP_MONITOR_ANY);
	add_all(&clean, ODP_MONITOR_ANY);
	for (round = 0; round < ROUNDS; round++) {
		const u64 was = seed;

		happen(&clean);
		seed = was;
		happen(&side);
		scribble(&side);
		monitor_book_readable(&side.book);
		for (i = 0; i < RANGES; i++) {
			assert_int_equal(side.range[i].lost, clean.range[i].lost);
			assert_int_equal(side.range[i].busy, 0);
			assert_memory_equal(side.range[i].count, clean.range[i].count,
					    sizeof(clean.range[i].count));
		}
	}
	side_exit(&side);
	side_exit(&clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),	cmocka_unit_test(test_proof),
		cmocka_unit_test(test_blind),	cmocka_unit_test(test_ring),
		cmocka_unit_test(test_entries), cmocka_unit_test(test_race),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
