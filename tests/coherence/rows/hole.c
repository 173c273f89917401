// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Files that lose pages: in shared memory, on a disk, in persistent memory. */
#include <fcntl.h>
#include <unistd.h>

#include "rows.h"

static void punch(struct co_cell *cell)
{
	if (fallocate(cell->region.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      cell->region.len))
		vt_skip("punching a hole: %m");
}

static void truncate_all(struct co_cell *cell)
{
	if (ftruncate(cell->region.fd, 0))
		vt_fail("truncating: %m");
}

static void extend(struct co_cell *cell)
{
	if (ftruncate(cell->region.fd, cell->region.len))
		vt_fail("extending: %m");
}

const struct co_row co_row_shmem_punch = {
	.name = "shmem-punch",
	.rounds = 4,
	.map = co_map_memfd,
	.event = punch,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_shmem_truncate = {
	.name = "shmem-truncate",
	.rounds = 4,
	.map = co_map_memfd,
	.event = truncate_all,
	.restore = extend,
	.fate = CO_REBORN,
	.denies = CO_READ | CO_WRITE,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_file_punch = {
	.name = "file-punch",
	.map = co_map_disk,
	.event = punch,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_file_truncate = {
	.name = "file-truncate",
	.map = co_map_disk,
	.event = truncate_all,
	.restore = extend,
	.fate = CO_REBORN,
	.denies = CO_READ | CO_WRITE,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_dax_punch = {
	.name = "dax-punch",
	.map = co_map_dax,
	.event = punch,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_dax_truncate = {
	.name = "dax-truncate",
	.map = co_map_dax,
	.event = truncate_all,
	.restore = extend,
	.fate = CO_REBORN,
	.denies = CO_READ | CO_WRITE,
	.counter = "odp_inval_clear",
};
