// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * KSM: the still part has a twin with the same content, and the two become one
 * page each. The twin is the observer: no write to the region may show in it.
 */
#include <sys/mman.h>

#include "rows.h"

#define KSM	 "/sys/kernel/mm/ksm/"
#define LIMIT_MS 60000

struct twin {
	uint8_t *at;
	size_t len;
	uint8_t *before; /* its content */
};

static void start_ksm(void)
{
	co_set(KSM "pages_to_scan", "2000");
	co_set(KSM "sleep_millisecs", "5");
	co_try(KSM "smart_scan", "0");
	co_try(KSM "use_zero_pages", "0");
	co_set(KSM "run", "1");
}

static void make_twin(struct co_cell *cell)
{
	struct twin *twin = calloc(1, sizeof(*twin));

	vt_check(twin);
	twin->len = cell->region.len - co_hot(cell);
	twin->at = mmap(NULL, twin->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	twin->before = malloc(twin->len);
	vt_check(twin->at != MAP_FAILED && twin->before);
	cell->data = twin;
}

static void map_with_twin(struct co_cell *cell)
{
	start_ksm();
	co_map_anon(cell);
	make_twin(cell);
}

/* Both mappings of each pair. */
static bool merged(struct co_cell *cell)
{
	const struct twin *twin = cell->data;
	uint64_t mine = co_pfn(cell->region.at + co_hot(cell));

	return mine && mine == co_pfn(twin->at) &&
	       co_pfn(cell->region.at + cell->region.len - CO_PAGE) ==
		       co_pfn(twin->at + twin->len - CO_PAGE);
}

static void advise(struct co_cell *cell, int advice)
{
	const struct twin *twin = cell->data;

	if (madvise(cell->region.at + co_hot(cell), twin->len, advice) ||
	    madvise(twin->at, twin->len, advice))
		vt_skip("madvise(%d): %m", advice);
}

static void event_merge(struct co_cell *cell)
{
	struct twin *twin = cell->data;

	memcpy(twin->at, cell->region.at + co_hot(cell), twin->len);
	memcpy(twin->before, twin->at, twin->len);
	advise(cell, MADV_MERGEABLE);
	if (!co_until(merged, cell, LIMIT_MS))
		vt_fail("KSM merges nothing");
}

/* The device writes to pages that are merged, and only its region changes. */
static void check_twin(struct co_cell *cell)
{
	const struct twin *twin = cell->data;

	co_cell_sync(cell);
	if (memcmp(twin->at, twin->before, twin->len))
		vt_fail("round %u: a write to the region shows in the page it was merged with",
			cell->round);
}

const struct co_row co_row_ksm_merge = {
	.name = "ksm-merge",
	.map = map_with_twin,
	.event = event_merge,
	.check = check_twin,
	.counter = "odp_inval_clear",
};

/* Merging is over before the counters are looked at. */
static void event_unmerge(struct co_cell *cell)
{
	int64_t before;

	event_merge(cell);
	co_traffic_lap(cell);
	if (!co_writes(cell))
		vt_sleep_ms(20);
	before = co_counter(cell->owner, "odp_inval_clear");
	advise(cell, MADV_UNMERGEABLE);
	if (merged(cell))
		vt_fail("MADV_UNMERGEABLE left pages merged");
	co_expect_moved(cell->owner, "odp_inval_clear", before);
}

const struct co_row co_row_ksm_unmerge = {
	.name = "ksm-unmerge",
	.map = map_with_twin,
	.event = event_unmerge,
	.check = check_twin,
};

/* Pages full of zeros become the zero page. */
static bool all_zero_page(struct co_cell *cell)
{
	const size_t hot = co_hot(cell);

	return co_pfn(cell->region.at + hot) &&
	       co_pfn(cell->region.at + hot) ==
		       co_pfn(cell->region.at + cell->region.len - CO_PAGE);
}

static void event_zero(struct co_cell *cell)
{
	const size_t hot = co_hot(cell);

	start_ksm();
	co_set(KSM "use_zero_pages", "1");
	memset(cell->region.at + hot, 0, cell->region.len - hot);
	if (madvise(cell->region.at + hot, cell->region.len - hot, MADV_MERGEABLE))
		vt_skip("madvise(MADV_MERGEABLE): %m");
	if (!co_until(all_zero_page, cell, LIMIT_MS))
		vt_fail("KSM makes no zero pages");
}

const struct co_row co_row_ksm_zero = {
	.name = "ksm-zero",
	.map = co_map_anon,
	.event = event_zero,
	.fate = CO_REBORN_STILL,
	.counter = "odp_inval_clear",
};
