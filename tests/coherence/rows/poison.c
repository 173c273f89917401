// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Bad memory: pages that fail, and pages that are about to. */
#include <signal.h>
#include <sys/mman.h>

#include "rows.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static volatile sig_atomic_t bus_errors;

static void on_bus_error(int signal)
{
	(void)signal;
	bus_errors++;
}

/* Each page of the region, one after the other. */
static void poison(struct co_cell *cell, int advice, const char *what)
{
	size_t offset;
	int tries;

	for (offset = 0; offset < cell->region.len; offset += CO_PAGE) {
		/* A page that the device is just faulting is busy. */
		for (tries = 0; madvise(cell->region.at + offset, CO_PAGE, advice); tries++) {
			if (errno != EBUSY || tries == 200)
				vt_skip("%s at offset 0x%zx: %m", what, offset);
			vt_sleep_ms(5);
		}
	}
}

static void fail_pages(struct co_cell *cell)
{
	signal(SIGBUS, on_bus_error);
	poison(cell, MADV_HWPOISON, "MADV_HWPOISON");
}

static void replace_pages(struct co_cell *cell)
{
	if (munmap(cell->region.at, cell->region.len))
		vt_fail("munmap: %m");
	co_map_anon(cell);
}

const struct co_row co_row_hwpoison = {
	.name = "madv-hwpoison",
	.len = 2 * CO_BLOCK,
	.rounds = 1,
	.map = co_map_anon,
	.event = fail_pages,
	.restore = replace_pages,
	.fate = CO_REBORN,
	.denies = CO_READ | CO_WRITE,
	.counter = "odp_inval_clear",
};

static void retire_pages(struct co_cell *cell)
{
	uint64_t *pfns = co_pfns(cell->region.at, cell->region.len);

	poison(cell, MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE");
	if (!co_moved(cell->region.at, cell->region.len, pfns))
		vt_fail("no page moved");
	free(pfns);
}

const struct co_row co_row_soft_offline = {
	.name = "madv-soft-offline",
	.len = 2 * CO_BLOCK,
	.rounds = 1,
	.map = co_map_anon,
	.event = retire_pages,
	.counter = "odp_inval_clear",
};
