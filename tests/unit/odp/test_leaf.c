// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The entries of a leaf: what is installed, taken away, handed over and used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "entries.h"

#define LAST	 (RODP_LEAF_PAGES - 1)
#define VA	 0x7f0000000000ULL /* of slot 0 */
#define FRAME(n) ((u64)(n)*PAGE_SIZE)

/* What the mm was told. */
static struct {
	u64 phys[RODP_LEAF_PAGES];
	unsigned int count;
	u64 folio; /* bytes of every folio */
} told;

u64 rodp_env_mark_dirty(u64 phys)
{
	assert_true(told.count < RODP_LEAF_PAGES);
	told.phys[told.count++] = phys;
	return phys / told.folio * told.folio + told.folio;
}

struct leaf {
	struct rodp_entries entries;
	struct rodp_dirty_set dirty;
};

/* The slots are an allocation of their own, so that the sanitizer guards both ends. */
static int set_up(void **state)
{
	struct leaf *leaf = calloc(1, sizeof(*leaf));

	leaf->entries.slot = calloc(RODP_LEAF_PAGES, sizeof(u64));
	told.count = 0;
	told.folio = PAGE_SIZE;
	*state = leaf;
	return 0;
}

static int tear_down(void **state)
{
	struct leaf *leaf = *state;

	free(leaf->entries.slot);
	free(leaf);
	return 0;
}

/* Slots [first, first + count) get frames from frame on. */
static void install(struct leaf *leaf, unsigned int first, unsigned int count, u64 frame,
		    bool write)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		rodp_entries_install(&leaf->entries, first + i, FRAME(frame + i),
				     write ? RODP_ENTRY_WRITE : 0);
}

/* Uses up to max bytes from offset bytes into the leaf on, page by page. Returns how many could be. */
static size_t use(struct leaf *leaf, u64 offset, size_t max, bool write)
{
	const u64 end = offset + (max < RODP_LEAF_BYTES - offset ? max : RODP_LEAF_BYTES - offset);
	u64 at = offset;

	while (at < end && rodp_entries_use(&leaf->entries, VA + at, write))
		at = (at | (PAGE_SIZE - 1)) + 1;
	return (at < end ? at : end) - offset;
}

static u64 use_phys(struct leaf *leaf, u64 offset)
{
	const u64 entry = rodp_entries_use(&leaf->entries, VA + offset, false);

	assert_true(entry);
	return rodp_entry_phys(entry);
}

static void hand_over(struct leaf *leaf)
{
	rodp_entries_hand_over(&leaf->entries, &leaf->dirty);
}

static unsigned int drop(struct leaf *leaf, unsigned int first, unsigned int last)
{
	return rodp_entries_drop(&leaf->entries, first, last, &leaf->dirty);
}

static unsigned int protect(struct leaf *leaf, unsigned int first, unsigned int last)
{
	return rodp_entries_protect(&leaf->entries, first, last, &leaf->dirty);
}

static void slot_of_va_is_its_page_in_the_leaf(void **state)
{
	(void)state;
	assert_int_equal(rodp_entries_slot(VA), 0);
	assert_int_equal(rodp_entries_slot(VA + PAGE_SIZE - 1), 0);
	assert_int_equal(rodp_entries_slot(VA + PAGE_SIZE), 1);
	assert_int_equal(rodp_entries_slot(VA + RODP_LEAF_BYTES - 1), LAST);
	assert_int_equal(rodp_entries_slot(VA + RODP_LEAF_BYTES), 0);
	assert_int_equal(rodp_entries_slot(UINT64_MAX), LAST);
}

static void nothing_is_present_at_first(void **state)
{
	assert_int_equal(use(*state, 0, 1, false), 0);
	assert_int_equal(use(*state, RODP_LEAF_BYTES - 1, 1, false), 0);
}

static void install_counts_a_page_once(void **state)
{
	struct leaf *leaf = *state;

	assert_true(rodp_entries_install(&leaf->entries, 3, FRAME(7), 0));
	assert_false(rodp_entries_install(&leaf->entries, 3, FRAME(7), 0));
	assert_int_equal(leaf->entries.present, 1);
}

static void install_keeps_high_addresses_whole(void **state)
{
	struct leaf *leaf = *state;
	const u64 top = (1ULL << 52) - PAGE_SIZE;

	rodp_entries_install(&leaf->entries, LAST, top, RODP_ENTRY_WRITE);
	assert_int_equal(use_phys(leaf, RODP_LEAF_BYTES - 1), top);
}

/* Whether the page of slot i is known to be mapped with MAP_SYNC. */
static bool is_sync(const struct leaf *leaf, unsigned int i)
{
	return leaf->entries.slot[i] & RODP_ENTRY_SYNC;
}

static void sync_goes_with_the_page_and_not_with_the_right_to_write(void **state)
{
	struct leaf *leaf = *state;

	rodp_entries_install(&leaf->entries, 1, FRAME(5), RODP_ENTRY_SYNC | RODP_ENTRY_WRITE);
	install(leaf, 2, 1, 6, true);
	assert_true(is_sync(leaf, 1) && !is_sync(leaf, 2));
	protect(leaf, 0, LAST);
	assert_true(is_sync(leaf, 1));
	drop(leaf, 0, LAST);
	install(leaf, 1, 1, 5, true);
	assert_false(is_sync(leaf, 1));
	rodp_entries_install(&leaf->entries, 2, FRAME(7), RODP_ENTRY_SYNC);
	install(leaf, 2, 1, 8, false);
	assert_false(is_sync(leaf, 2));
}

static void install_again_adds_the_right_to_write(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 1, 5, false);
	assert_int_equal(use(leaf, 0, 8, true), 0);
	install(leaf, 0, 1, 5, true);
	assert_int_equal(use(leaf, 0, 8, true), 8);
}

/* A read fault that collides with a device write must not forget the write. */
static void install_again_for_reading_keeps_write_and_dirty(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 1, 5, true);
	assert_int_equal(use(leaf, 0, 8, true), 8);
	install(leaf, 0, 1, 5, false);
	assert_int_equal(use(leaf, 0, 8, true), 8);
	drop(leaf, 0, 0);
	assert_int_equal(leaf->dirty.count, 1);
}

static void install_of_another_page_forgets_the_rights_of_the_old(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 1, 5, true);
	drop(leaf, 0, 0);
	install(leaf, 0, 1, 6, false);
	assert_int_equal(use(leaf, 0, 8, true), 0);
	assert_int_equal(use_phys(leaf, 0), FRAME(6));
}

/* The mm takes the old page away first; should it not, the new one still gets no right of it. */
static void install_over_another_page_forgets_the_rights_of_the_old(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 1, 5, true);
	install(leaf, 0, 1, 6, false);
	assert_int_equal(use(leaf, 0, 8, true), 0);
	assert_int_equal(leaf->entries.present, 1);
}

static void use_stops_where_a_right_is_missing(void **state)
{
	install(*state, 0, 2, 100, true);
	install(*state, 2, 1, 102, false);
	assert_int_equal(use(*state, 0, 1 << 20, true), 2 * PAGE_SIZE);
	assert_int_equal(use(*state, 0, 1 << 20, false), 3 * PAGE_SIZE);
}

static void use_stops_at_a_hole_that_keeps_its_old_address(void **state)
{
	install(*state, 0, 3, 100, true);
	drop(*state, 1, 1);
	assert_int_equal(use(*state, 0, 1 << 20, false), PAGE_SIZE);
}

static void use_stops_at_the_end_of_the_leaf(void **state)
{
	install(*state, LAST - 1, 2, 100, false);
	assert_int_equal(use(*state, RODP_LEAF_BYTES - PAGE_SIZE - 1, 1 << 20, false),
			 PAGE_SIZE + 1);
	assert_int_equal(use(*state, RODP_LEAF_BYTES - 1, 1 << 20, false), 1);
}

static void use_is_never_longer_than_asked_for(void **state)
{
	install(*state, 0, RODP_LEAF_PAGES, 100, false);
	assert_int_equal(use(*state, 0, 1, false), 1);
	assert_int_equal(use(*state, 0, PAGE_SIZE, false), PAGE_SIZE);
	assert_int_equal(use(*state, 0, PAGE_SIZE + 1, false), PAGE_SIZE + 1);
	assert_int_equal(use(*state, 5, PAGE_SIZE, false), PAGE_SIZE);
	assert_int_equal(use(*state, 0, SIZE_MAX, false), RODP_LEAF_BYTES);
}

static void write_dirties_the_pages_it_touches_and_no_other(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, RODP_LEAF_PAGES, 100, true);
	assert_int_equal(use(leaf, 2 * PAGE_SIZE - 1, PAGE_SIZE + 2, true), PAGE_SIZE + 2);
	drop(leaf, 0, LAST);
	hand_over(leaf);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.phys[0], FRAME(101));
	assert_int_equal(told.phys[1], FRAME(102));
	assert_int_equal(told.phys[2], FRAME(103));
}

/* A use that ends exactly at a page's end must not dirty the next one. */
static void write_up_to_a_page_end_leaves_the_next_page_clean(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 4, 100, true);
	use(leaf, 0, 2 * PAGE_SIZE, true);
	drop(leaf, 0, LAST);
	assert_int_equal(leaf->dirty.count, 2);
}

static void read_dirties_nothing(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 4, 100, true);
	use(leaf, 0, 4 * PAGE_SIZE, false);
	drop(leaf, 0, LAST);
	hand_over(leaf);
	assert_int_equal(told.count, 0);
}

static void refused_write_dirties_nothing(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 1, 100, false);
	assert_int_equal(use(leaf, 0, 8, true), 0);
	drop(leaf, 0, LAST);
	assert_int_equal(leaf->dirty.count, 0);
}

static void drop_takes_exactly_its_range(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, RODP_LEAF_PAGES, 100, true);
	assert_int_equal(drop(leaf, 63, 64), 2);
	assert_int_equal(leaf->entries.present, RODP_LEAF_PAGES - 2);
	assert_int_equal(use(leaf, 62 * PAGE_SIZE, 1, false), 1);
	assert_int_equal(use(leaf, 63 * PAGE_SIZE, 1, false), 0);
	assert_int_equal(use(leaf, 64 * PAGE_SIZE, 1, false), 0);
	assert_int_equal(use(leaf, 65 * PAGE_SIZE, 1, false), 1);
	assert_int_equal(drop(leaf, 0, LAST), RODP_LEAF_PAGES - 2);
	assert_int_equal(leaf->entries.present, 0);
}

static void drop_says_which_slots_it_took(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 62, 4, 100, true);
	install(leaf, LAST, 1, 300, false);
	drop(leaf, 63, LAST);
	assert_int_equal(leaf->dirty.dropped[0], 1ULL << 63);
	assert_int_equal(leaf->dirty.dropped[1], 3);
	assert_int_equal(leaf->dirty.dropped[LAST / 64], 1ULL << (LAST % 64));
	assert_int_equal(leaf->dirty.count, 0);
}

static void protect_drops_nothing(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 4, 100, true);
	assert_int_equal(protect(leaf, 0, LAST), 4);
	assert_int_equal(leaf->dirty.dropped[0], 0);
}

static void drop_counts_only_what_was_present(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 1, 1, 100, false);
	assert_int_equal(drop(leaf, 0, LAST), 1);
	assert_int_equal(drop(leaf, 0, LAST), 0);
	assert_int_equal(leaf->entries.present, 0);
}

static void protect_takes_write_and_leaves_the_page(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 3, 100, true);
	assert_int_equal(protect(leaf, 1, 1), 1);
	assert_int_equal(leaf->entries.present, 3);
	assert_int_equal(use(leaf, PAGE_SIZE, 1, false), 1);
	assert_int_equal(use(leaf, PAGE_SIZE, 1, true), 0);
	assert_int_equal(use(leaf, 0, 1, true), 1);
	assert_int_equal(use(leaf, 2 * PAGE_SIZE, 1, true), 1);
}

static void protect_skips_pages_without_write(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 2, 100, false);
	assert_int_equal(protect(leaf, 0, LAST), 0);
}

/* Fork: the write before it is told once, the write after it again. */
static void protect_hands_a_write_over_once(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 4, 1, 100, true);
	use(leaf, 4 * PAGE_SIZE, 8, true);
	protect(leaf, 0, LAST);
	hand_over(leaf);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.phys[0], FRAME(100));

	memset(&leaf->dirty, 0, sizeof(leaf->dirty));
	drop(leaf, 0, LAST);
	assert_int_equal(leaf->dirty.count, 0);

	install(leaf, 4, 1, 100, true);
	use(leaf, 4 * PAGE_SIZE, 8, true);
	drop(leaf, 0, LAST);
	assert_int_equal(leaf->dirty.count, 1);
}

static void hand_over_reaches_both_ends_of_every_word(void **state)
{
	static const unsigned int slots[] = { 0, 63, 64, 127, 448, LAST };
	struct leaf *leaf = *state;
	size_t i;

	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		install(leaf, slots[i], 1, 1000 + slots[i], true);
		use(leaf, slots[i] * PAGE_SIZE, 1, true);
	}
	drop(leaf, 0, LAST);
	hand_over(leaf);
	assert_int_equal(told.count, i);
	for (i = 0; i < told.count; i++)
		assert_int_equal(told.phys[i], FRAME(1000 + slots[i]));
}

static void hand_over_tells_of_a_large_folio_once(void **state)
{
	struct leaf *leaf = *state;

	told.folio = 16 * PAGE_SIZE;
	install(leaf, 0, 32, 1024, true);
	install(leaf, 40, 1, 1024 + 4, true); /* the first folio again, later */
	use(leaf, PAGE_SIZE, 20 * PAGE_SIZE, true);
	use(leaf, 40 * PAGE_SIZE, 1, true);
	drop(leaf, 0, LAST);
	assert_int_equal(leaf->dirty.count, 21);
	hand_over(leaf);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.phys[0], FRAME(1025));
	assert_int_equal(told.phys[1], FRAME(1040));
	assert_int_equal(told.phys[2], FRAME(1028));
}

static bool accessed(struct leaf *leaf, unsigned int first, unsigned int last, bool forget)
{
	return rodp_entries_accessed(&leaf->entries, first, last, forget);
}

static void access_is_remembered_until_asked_for(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 8, 100, false);
	assert_false(accessed(leaf, 0, LAST, true));
	use(leaf, 2 * PAGE_SIZE, PAGE_SIZE + 1, false);
	assert_false(accessed(leaf, 0, 1, false));
	assert_true(accessed(leaf, 2, 2, false));
	assert_true(accessed(leaf, 3, 3, false));
	assert_false(accessed(leaf, 4, LAST, false));
	assert_true(accessed(leaf, 0, LAST, true));
	assert_false(accessed(leaf, 0, LAST, true));
	use(leaf, 2 * PAGE_SIZE, 1, false);
	assert_true(accessed(leaf, 0, LAST, false));
}

static void access_ends_with_the_page(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 0, 2, 100, true);
	use(leaf, 0, 2 * PAGE_SIZE, true);
	protect(leaf, 0, LAST);
	assert_true(accessed(leaf, 0, 0, false));
	drop(leaf, 0, 0);
	assert_false(accessed(leaf, 0, 0, false));
	assert_true(accessed(leaf, 1, 1, false));
	assert_int_equal(use(leaf, PAGE_SIZE, 1, true), 0);
}

static void ready_stops_at_the_first_page_that_is_not(void **state)
{
	struct leaf *leaf = *state;

	install(leaf, 4, 3, 100, true);
	install(leaf, 7, 1, 900, false);
	assert_int_equal(rodp_entries_ready(&leaf->entries, 4, 10, true), 3);
	assert_int_equal(rodp_entries_ready(&leaf->entries, 4, 10, false), 4);
	assert_int_equal(rodp_entries_ready(&leaf->entries, 4, 2, false), 2);
	assert_int_equal(rodp_entries_ready(&leaf->entries, 3, 2, false), 0);
}

/* Whatever happens in whatever order: the count is right and no write is forgotten. */
static void random_histories_keep_count_and_forget_no_write(void **state)
{
	struct leaf *leaf = *state;
	bool written[RODP_LEAF_PAGES] = {}, present[RODP_LEAF_PAGES] = {};
	unsigned int round, i, owed = 0, expected;

	srand(1);
	for (round = 0; round < 20000; round++) {
		const unsigned int a = rand() % RODP_LEAF_PAGES, b = rand() % RODP_LEAF_PAGES;
		const unsigned int first = a < b ? a : b, last = a < b ? b : a;

		switch (rand() % 8) {
		case 0:
			drop(leaf, first, last);
			for (i = first; i <= last; i++) {
				owed += written[i];
				written[i] = present[i] = false;
			}
			break;
		case 1:
			protect(leaf, first, last);
			for (i = first; i <= last; i++) {
				owed += written[i];
				written[i] = false;
			}
			break;
		case 2 ... 4:
			install(leaf, a, 1, 5000 + a, rand() % 2);
			present[a] = true;
			break;
		default:
			if (use(leaf, a * PAGE_SIZE, 1, true))
				written[a] = true;
		}
		assert_int_equal(leaf->dirty.count, owed);
		for (i = 0, expected = 0; i < RODP_LEAF_PAGES; i++)
			expected += present[i];
		assert_int_equal(leaf->entries.present, expected);
		memset(&leaf->dirty, 0, sizeof(leaf->dirty));
		owed = 0;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slot_of_va_is_its_page_in_the_leaf),
		TEST(nothing_is_present_at_first),
		TEST(install_counts_a_page_once),
		TEST(install_keeps_high_addresses_whole),
		TEST(sync_goes_with_the_page_and_not_with_the_right_to_write),
		TEST(install_again_adds_the_right_to_write),
		TEST(install_again_for_reading_keeps_write_and_dirty),
		TEST(install_of_another_page_forgets_the_rights_of_the_old),
		TEST(install_over_another_page_forgets_the_rights_of_the_old),
		TEST(use_stops_where_a_right_is_missing),
		TEST(use_stops_at_a_hole_that_keeps_its_old_address),
		TEST(use_stops_at_the_end_of_the_leaf),
		TEST(use_is_never_longer_than_asked_for),
		TEST(write_dirties_the_pages_it_touches_and_no_other),
		TEST(write_up_to_a_page_end_leaves_the_next_page_clean),
		TEST(read_dirties_nothing),
		TEST(refused_write_dirties_nothing),
		TEST(drop_takes_exactly_its_range),
		TEST(drop_says_which_slots_it_took),
		TEST(protect_drops_nothing),
		TEST(drop_counts_only_what_was_present),
		TEST(protect_takes_write_and_leaves_the_page),
		TEST(protect_skips_pages_without_write),
		TEST(protect_hands_a_write_over_once),
		TEST(hand_over_reaches_both_ends_of_every_word),
		TEST(hand_over_tells_of_a_large_folio_once),
		TEST(access_is_remembered_until_asked_for),
		TEST(access_ends_with_the_page),
		TEST(ready_stops_at_the_first_page_that_is_not),
		TEST(random_histories_keep_count_and_forget_no_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
