// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Swapping to a disk because memory is short. Three rounds: what the device wrote
 * in one is read by the CPU, so that the page is clean, and written by the device
 * again; the next must not lose that.
 */
#include <sys/mman.h>

#include "rows.h"

/* Much more than the few pages that each CPU keeps off the LRU lists. */
#define LEN	   (256 * CO_PAGE)
#define LIMIT_MS   30000
#define COLD_BYTES (12ul << 20)
#define MAX_BYTES  (6ul << 20)

static size_t still_out(struct co_cell *cell)
{
	const size_t hot = co_hot(cell);

	return vt_pages_out(cell->region.at + hot, cell->region.len - hot);
}

static bool half_is_out(struct co_cell *cell)
{
	return still_out(cell) >= (cell->region.len - co_hot(cell)) / CO_PAGE / 2;
}

static void map_in_cgroup(struct co_cell *cell)
{
	co_cgroup();
	co_map_anon(cell);
}

static char *cgroup_file(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", co_cgroup(), name);
	return path;
}

static bool reclaim_some(struct co_cell *cell)
{
	/* It says EAGAIN when it found less than that. */
	co_try(cgroup_file("memory.reclaim"), "8M");
	return half_is_out(cell);
}

static void event_reclaim(struct co_cell *cell)
{
	if (!co_until(reclaim_some, cell, LIMIT_MS))
		vt_skip("reclaim leaves the region alone: %zu pages out", still_out(cell));
}

const struct co_row co_row_swap = {
	.name = "swap",
	.len = LEN,
	.rounds = 3,
	.map = map_in_cgroup,
	.event = event_reclaim,
	.counter = "odp_pages_invalidated", /* or the shrinker had the leaf before */
};

static void map_in_limited_cgroup(struct co_cell *cell)
{
	co_set(cgroup_file("memory.max"), "%lu", MAX_BYTES);
	co_map_anon(cell);
	cell->data = mmap(NULL, COLD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	if (cell->data == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", COLD_BYTES);
}

/* A stream over more memory than the limit allows. */
static bool stream_some(struct co_cell *cell)
{
	volatile uint8_t *cold = cell->data;
	size_t offset;

	for (offset = 0; offset < COLD_BYTES && !half_is_out(cell); offset += 64 * CO_PAGE) {
		size_t page;

		for (page = 0; page < 64; page++)
			cold[offset + page * CO_PAGE]++;
	}
	return half_is_out(cell);
}

static void event_stream(struct co_cell *cell)
{
	if (!co_until(stream_some, cell, LIMIT_MS))
		vt_skip("the limit leaves the region alone: %zu pages out", still_out(cell));
}

const struct co_row co_row_memcg_limit = {
	.name = "memcg-limit",
	.len = LEN,
	.rounds = 3,
	.map = map_in_limited_cgroup,
	.event = event_stream,
	.counter = "odp_pages_invalidated", /* or the shrinker had the leaf before */
};
