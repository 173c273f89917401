// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* madvise() with what it does to pages at once. */
#include <sys/mman.h>

#include "rows.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void advise(struct co_cell *cell, int advice)
{
	if (madvise(cell->region.at, cell->region.len, advice))
		vt_fail("madvise(%d): %m", advice);
}

static void drop(struct co_cell *cell)
{
	advise(cell, MADV_DONTNEED);
}

const struct co_row co_row_dontneed = {
	.name = "madv-dontneed",
	.rounds = 6,
	.map = co_map_anon,
	.event = drop,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

static void give_up(struct co_cell *cell)
{
	advise(cell, MADV_FREE);
}

/* Pages that nobody wrote since go now; a device's write is one. */
static void reclaim(struct co_cell *cell)
{
	advise(cell, MADV_PAGEOUT);
}

/* Without pages that went, the row would have shown nothing. */
static void check_gone(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	const uint64_t *word = (const uint64_t *)cell->region.at;

	if (word[len / 8 - 1] || word[(len - CO_PAGE) / 8])
		vt_skip("reclaim does not drop pages of MADV_FREE here");
}

const struct co_row co_row_free = {
	.name = "madv-free",
	.map = co_map_anon,
	.event = give_up,
	.later = reclaim,
	.check = check_gone,
	.fate = CO_EITHER,
	.counter = "odp_inval_clear",
};

static void cool(struct co_cell *cell)
{
	advise(cell, MADV_COLD);
}

/* COLD only moves pages between lists: nothing changes for a device, nothing is told. */
const struct co_row co_row_cold = {
	.name = "madv-cold",
	.map = co_map_anon,
	.event = cool,
	.counter = "none",
};

static void page_out(struct co_cell *cell)
{
	const size_t hot = co_hot(cell), rest = cell->region.len - hot;
	size_t out;

	advise(cell, MADV_PAGEOUT);
	out = vt_page_out(cell->region.at + hot, rest);
	if (out < rest / CO_PAGE / 2)
		vt_skip("only %zu of %zu pages could be swapped out", out, rest / CO_PAGE);
}

/* The third round swaps out what the device wrote to pages that were clean. */
const struct co_row co_row_pageout = {
	.name = "madv-pageout",
	.rounds = 3,
	.map = co_map_anon,
	.event = page_out,
	.counter = "odp_inval_clear",
};

static void remove_pages(struct co_cell *cell)
{
	advise(cell, MADV_REMOVE);
}

const struct co_row co_row_remove = {
	.name = "madv-remove",
	.rounds = 4,
	.map = co_map_memfd,
	.event = remove_pages,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

static bool collapse_done(struct co_cell *cell)
{
	int err = madvise(cell->region.at, cell->region.len, MADV_COLLAPSE);

	if (err && errno == EINVAL)
		vt_skip("madvise(MADV_COLLAPSE): %m");
	return !err;
}

static void collapse(struct co_cell *cell)
{
	if (!co_until(collapse_done, cell, 20000))
		vt_skip("madvise(MADV_COLLAPSE) finds no time between accesses: %m");
	if (!co_smaps(cell->region.at, "AnonHugePages"))
		vt_fail("MADV_COLLAPSE made no huge page");
}

/* Small pages again, for the next round. */
static void map_small(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	uint8_t *copy = malloc(len);

	vt_check(copy);
	memcpy(copy, cell->region.at, len);
	vt_check(vt_small_pages(cell->region.at, len));
	vt_check(!madvise(cell->region.at, len, MADV_DONTNEED));
	memcpy(cell->region.at, copy, len);
	free(copy);
}

static void map_for_collapse(struct co_cell *cell)
{
	co_map_anon_huge(cell);
	map_small(cell);
}

static void collapse_allowed(struct co_cell *cell)
{
	advise(cell, MADV_HUGEPAGE);
	collapse(cell);
}

const struct co_row co_row_collapse = {
	.name = "madv-collapse",
	.len = CO_HUGE,
	.map = map_for_collapse,
	.event = collapse_allowed,
	.check = map_small,
	.counter = "odp_inval_clear",
};
