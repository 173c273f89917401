// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Rights that are taken away, or were never there. */
#include <sys/mman.h>

#include "rows.h"

static void protect(struct co_cell *cell, int prot)
{
	if (mprotect(cell->region.at, cell->region.len, prot))
		vt_fail("mprotect: %m");
}

static void make_readonly(struct co_cell *cell)
{
	protect(cell, PROT_READ);
}

static void make_none(struct co_cell *cell)
{
	protect(cell, PROT_NONE);
}

static void make_writable(struct co_cell *cell)
{
	protect(cell, PROT_READ | PROT_WRITE);
}

const struct co_row co_row_mprotect_ro = {
	.name = "mprotect-ro",
	.rounds = 6,
	.map = co_map_memfd,
	.event = make_readonly,
	.restore = make_writable,
	.denies = CO_WRITE,
	.watch = true,
	.counter = "odp_inval_protect_vma",
};

const struct co_row co_row_mprotect_none = {
	.name = "mprotect-none",
	.rounds = 6,
	.map = co_map_memfd,
	.event = make_none,
	.restore = make_writable,
	.denies = CO_READ | CO_WRITE,
	.watch = true,
	.counter = "odp_inval_protect_vma",
};

/* Right from the start: the region's content is put there through the alias. */
static void run_without(struct co_cell *cell, int prot)
{
	co_map_memfd(cell);
	co_cell_fill(cell, 0, cell->region.len);
	protect(cell, prot);
	co_cell_open(cell);
	for (cell->round = 0; cell->round < 2; cell->round++) {
		protect(cell, prot);
		if (co_denied(cell))
			co_cell_refused(cell, "memory without the right to it");
		else
			co_cell_touch(cell);
		co_model_verify(cell, cell->region.alias, 0, cell->region.len, "afterwards");
		make_writable(cell);
		co_cell_sync(cell);
	}
	co_cell_close(cell);
}

static void run_readonly(struct co_cell *cell)
{
	run_without(cell, PROT_READ);
}

static void run_none(struct co_cell *cell)
{
	run_without(cell, PROT_NONE);
}

const struct co_row co_row_vma_ro = {
	.name = "vma-ro",
	.run = run_readonly,
	.denies = CO_WRITE,
};

const struct co_row co_row_vma_none = {
	.name = "vma-none",
	.run = run_none,
	.denies = CO_READ | CO_WRITE,
};
