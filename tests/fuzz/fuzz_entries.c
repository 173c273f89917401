// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Any sequence of installs, uses and losses on the entries of a leaf, beside a model that keeps a
 * struct a page: the same accesses are allowed, no write is forgotten by the mm, none is told of
 * that was not made.
 */
#include "fuzz.h"

#include "odp/entries.h"

#define PAGES 16 /* of the leaf's, so that they meet */
#define VA    0x7f0000000000ULL

struct page {
	bool present, write, dirty, accessed;
	u64 phys;
};

static struct page model[PAGES];
/* Frames that the mm was told of since this was last cleared. */
static u64 told[PAGES];
static unsigned int told_count;

u64 rodp_env_mark_dirty(u64 phys)
{
	fuzz_check(told_count < PAGES);
	told[told_count++] = phys;
	return phys + PAGE_SIZE;
}

static bool was_told(u64 phys)
{
	for (unsigned int i = 0; i < told_count; i++) {
		if (told[i] == phys)
			return true;
	}
	return false;
}

static void install(struct rodp_entries *entries, unsigned int i, u64 frame, bool write)
{
	struct page *page = &model[i];
	bool fresh;

	/* The mm gives another page only after it took the old one away. */
	if (page->present)
		frame = page->phys >> PAGE_SHIFT;
	else
		*page = (struct page){ .phys = frame << PAGE_SHIFT };
	fresh = rodp_entries_install(entries, i, frame << PAGE_SHIFT, write ? RODP_ENTRY_WRITE : 0);
	fuzz_check(fresh == !page->present);
	page->present = true;
	page->write |= write;
}

static void use(struct rodp_entries *entries, unsigned int i, bool write)
{
	struct page *page = &model[i];
	const u64 entry = rodp_entries_use(entries, VA + i * PAGE_SIZE + 7, write);
	const bool allowed = page->present && (page->write || !write);

	fuzz_check(!entry == !allowed);
	if (!allowed)
		return;
	fuzz_check(rodp_entry_phys(entry) == page->phys);
	page->accessed = true;
	page->dirty |= write;
}

/* The mm hears of exactly those pages of first to last that were written. */
static void check_told(unsigned int first, unsigned int last, const struct page *before)
{
	unsigned int expected = 0;

	for (unsigned int i = first; i <= last; i++) {
		if (!before[i].dirty)
			continue;
		expected++;
		fuzz_check(was_told(before[i].phys));
	}
	fuzz_check(told_count <= expected);
}

static void lose(struct rodp_entries *entries, unsigned int first, unsigned int last, bool all)
{
	struct rodp_dirty_set dirty = { 0 };
	struct page before[PAGES];
	unsigned int n = 0, got;

	memcpy(before, model, sizeof(before));
	told_count = 0;
	got = all ? rodp_entries_drop(entries, first, last, &dirty)
		  : rodp_entries_protect(entries, first, last, &dirty);
	rodp_entries_hand_over(entries, &dirty);
	for (unsigned int i = first; i <= last; i++) {
		n += all ? model[i].present : model[i].write;
		model[i].dirty = false;
		model[i].write = false;
		model[i].present &= !all;
		model[i].accessed &= !all;
	}
	fuzz_check(got == n);
	check_told(first, last, before);
}

static void ask(struct rodp_entries *entries, unsigned int first, unsigned int last, bool forget)
{
	bool accessed = false;

	for (unsigned int i = first; i <= last; i++) {
		accessed |= model[i].present && model[i].accessed;
		model[i].accessed &= !forget;
	}
	fuzz_check(rodp_entries_accessed(entries, first, last, forget) == accessed);
}

static void count(const struct rodp_entries *entries, unsigned int first, bool write)
{
	unsigned int ready = 0, present = 0, i;

	for (i = first; i < PAGES && model[i].present && (model[i].write || !write); i++)
		ready++;
	fuzz_check(rodp_entries_ready(entries, first, PAGES - first, write) == ready);
	for (i = 0; i < PAGES; i++)
		present += model[i].present;
	fuzz_check(entries->present == present);
}

static void step(struct rodp_entries *entries, unsigned int what, unsigned int first,
		 unsigned int last, bool flag)
{
	switch (what) {
	case 0:
		/* Frames of their own for every page, so that one can be told from another. */
		install(entries, first, 0x1000u * (first + 1) + last, flag);
		break;
	case 1:
		use(entries, first, flag);
		break;
	case 2:
		lose(entries, first, last, flag);
		break;
	case 3:
		ask(entries, first, last, flag);
		break;
	default:
		count(entries, first, flag);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rodp_entries entries = { .slot = calloc(RODP_LEAF_PAGES, sizeof(u64)) };

	fuzz_check(entries.slot);
	memset(model, 0, sizeof(model));
	while (size) {
		const unsigned int what = fuzz_take(&data, &size, 1);
		const unsigned int range = fuzz_take(&data, &size, 1);
		const unsigned int a = range & 15, b = range >> 4;

		step(&entries, what % 5, a < b ? a : b, a < b ? b : a, what & 0x80);
	}
	free(entries.slot);
	return 0;
}
