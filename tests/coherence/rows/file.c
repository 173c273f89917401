// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Files that are written back, on a disk and in persistent memory. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rows.h"

static void sync_mapping(struct co_cell *cell)
{
	if (msync(cell->region.at, cell->region.len, MS_SYNC))
		vt_fail("msync: %m");
}

static void sync_file(struct co_cell *cell)
{
	if (fsync(cell->region.fd))
		vt_fail("fsync: %m");
}

/*
 * Clean pages that are mapped stay; those that are dirty are written first, which
 * is what the device hears of.
 */
static void drop_caches(struct co_cell *cell)
{
	sync_file(cell);
	co_set("/proc/sys/vm/drop_caches", "3");
}

/* What is on the disk, past all caches, is what the model says. */
static void check_disk(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	char path[64];
	void *copy;
	int fd;

	sync_file(cell);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", cell->region.fd);
	fd = open(path, O_RDONLY | O_DIRECT);
	if (fd < 0)
		vt_fail("opening the file for direct reading: %m");
	copy = aligned_alloc(CO_PAGE, len);
	vt_check(copy && pread(fd, copy, len, 0) == (ssize_t)len);
	co_model_verify(cell, copy, 0, len, "on the disk");
	free(copy);
	close(fd);
}

/* Reads find clean pages, for which nothing is told: only what is dirty loses rights. */
static void expect_protected(struct co_cell *cell, int64_t before)
{
	if (co_writes(cell))
		co_expect_moved(cell->owner, "odp_inval_protect_page", before);
}

static void sync_and_look(struct co_cell *cell, void (*event)(struct co_cell *cell))
{
	int64_t before = co_counter(cell->owner, "odp_inval_protect_page");

	event(cell);
	expect_protected(cell, before);
}

static void event_msync(struct co_cell *cell)
{
	sync_and_look(cell, sync_mapping);
}

static void event_writeback(struct co_cell *cell)
{
	sync_and_look(cell, sync_file);
}

static void event_drop_caches(struct co_cell *cell)
{
	sync_and_look(cell, drop_caches);
}

const struct co_row co_row_msync = {
	.name = "file-msync",
	.rounds = 3,
	.map = co_map_disk,
	.event = event_msync,
	.check = check_disk,
};

const struct co_row co_row_writeback = {
	.name = "file-writeback",
	.rounds = 3,
	.map = co_map_disk,
	.event = event_writeback,
	.check = check_disk,
};

const struct co_row co_row_drop_caches = {
	.name = "file-drop-caches",
	.rounds = 3,
	.map = co_map_disk,
	.event = event_drop_caches,
	.check = check_disk,
};

/* A direct write takes the pages behind the still part out of the cache. */
static void write_directly(struct co_cell *cell)
{
	const size_t hot = co_hot(cell), rest = cell->region.len - hot;
	char path[64];
	void *data;
	int fd;

	cell->model.reborn = ++cell->model.stamp;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", cell->region.fd);
	fd = open(path, O_WRONLY | O_DIRECT);
	if (fd < 0)
		vt_fail("opening the file for direct writing: %m");
	data = aligned_alloc(CO_PAGE, rest);
	vt_check(data);
	co_stamp_fill(data, cell->model.reborn, hot, cell->region.len);
	if (pwrite(fd, data, rest, hot) != (ssize_t)rest)
		vt_fail("writing directly: %m");
	free(data);
	close(fd);
}

const struct co_row co_row_direct_write = {
	.name = "file-direct-write",
	.map = co_map_disk,
	.event = write_directly,
	.check = check_disk,
	.fate = CO_REBORN_STILL,
	.counter = "odp_inval_clear",
};

const struct co_row co_row_dax_msync = {
	.name = "dax-msync",
	.rounds = 3,
	.map = co_map_dax,
	.event = event_msync,
};
