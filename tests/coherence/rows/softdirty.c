// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Soft-dirty bits: what the device writes counts as written, what it reads does not. */
#include "rows.h"

static bool soft_dirty(const struct co_cell *cell, size_t offset)
{
	return co_pagemap(cell->region.at + offset) & CO_SOFT_DIRTY;
}

static void event_clear_refs(struct co_cell *cell)
{
	co_set("/proc/self/clear_refs", "4");
	co_traffic_lap(cell);
	if (co_writes(cell) && !soft_dirty(cell, 0))
		vt_fail("round %u: the device's write left a page soft-clean", cell->round);
	if (!co_writes(cell) && soft_dirty(cell, 0))
		vt_fail("round %u: the device's read made a page soft-dirty", cell->round);
	if (soft_dirty(cell, cell->region.len - CO_PAGE))
		vt_fail("round %u: a page that nobody wrote is soft-dirty", cell->round);
}

const struct co_row co_row_clear_refs = {
	.name = "clear-refs",
	.rounds = 4,
	.map = co_map_anon,
	.event = event_clear_refs,
	.counter = "odp_inval_soft_dirty",
};
