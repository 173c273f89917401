// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory that goes from its address: munmap, mremap, MAP_FIXED over it. */
#include <sys/mman.h>

#include "rows.h"

static void unmap(struct co_cell *cell)
{
	if (munmap(cell->region.at, cell->region.len))
		vt_fail("munmap: %m");
}

const struct co_row co_row_munmap = {
	.name = "munmap",
	.rounds = 6,
	.map = co_map_memfd,
	.event = unmap,
	.restore = co_map_again,
	.denies = CO_READ | CO_WRITE,
	.watch = true,
	.counter = "odp_inval_unmap",
};

/* Part of a mapping, in the middle of a leaf: the mm splits it, and tells that too. */
static void unmap_hot(struct co_cell *cell)
{
	if (munmap(cell->region.at, co_hot(cell)))
		vt_fail("munmap: %m");
}

const struct co_row co_row_munmap_part = {
	.name = "munmap-part",
	.map = co_map_memfd,
	.event = unmap_hot,
	.restore = co_map_again,
	.denies = CO_READ | CO_WRITE,
	.watch = true,
	.counter = "odp_inval_unmap",
};

static void move_away(struct co_cell *cell)
{
	const size_t len = cell->region.len;

	if (!cell->data) /* where to */
		cell->data = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mremap(cell->region.at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, cell->data) !=
	    cell->data)
		vt_fail("mremap: %m");
}

static void move_back(struct co_cell *cell)
{
	const size_t len = cell->region.len;

	if (mremap(cell->data, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, cell->region.at) !=
	    cell->region.at)
		vt_fail("mremap: %m");
	cell->data = NULL;
}

const struct co_row co_row_mremap = {
	.name = "mremap",
	.rounds = 6,
	.map = co_map_memfd,
	.event = move_away,
	.restore = move_back,
	.denies = CO_READ | CO_WRITE,
	.watch = true,
	.counter = "odp_inval_unmap",
};

const struct co_row co_row_mremap_anon = {
	.name = "mremap-anon",
	.map = co_map_anon,
	.event = move_away,
	.restore = move_back,
	.denies = CO_READ | CO_WRITE,
	.counter = "odp_inval_unmap",
};

/* Other memory in its place; the old stays visible through the alias. */
static void map_over(struct co_cell *cell)
{
	const struct co_region *region = &cell->region;
	void *at;

	at = mmap(region->at, region->len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (at != region->at)
		vt_fail("mmap(MAP_FIXED): %m");
}

/* The next round begins with the file again. */
static void map_file_again(struct co_cell *cell)
{
	co_map_again(cell);
	memcpy(cell->model.word, cell->region.alias, cell->region.len);
}

const struct co_row co_row_map_fixed = {
	.name = "map-fixed",
	.rounds = 6,
	.map = co_map_memfd,
	.event = map_over,
	.check = map_file_again,
	.fate = CO_REBORN,
	.watch = true,
	.counter = "odp_inval_unmap",
};
