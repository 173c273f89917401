// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Regions: memory under test, alone in its leaf. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "co.h"

#define BAIT (64ul << 20)

/*
 * Address space with nothing in it, a leaf on either side of the region. Above it
 * remains a gap that is larger: the kernel looks for room from above, and so finds
 * the gap, and not the hole where a row unmapped the region.
 */
static uint8_t *reserve(size_t len)
{
	const size_t room = len + 3 * CO_HUGE + BAIT;
	uint8_t *at;

	at = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		vt_fail("reserving %zu bytes: %m", room);
	if (munmap(at + room - BAIT, BAIT))
		vt_fail("munmap: %m");
	return (uint8_t *)(((uintptr_t)at + 2 * CO_HUGE - 1) & ~(CO_HUGE - 1));
}

static void map_at_region(struct co_cell *cell, int flags, int fd)
{
	struct co_region *region = &cell->region;
	void *at;

	if (!region->at)
		region->at = reserve(region->len);
	at = mmap(region->at, region->len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (at != region->at)
		vt_fail("mapping the region: %m");
}

void co_map_anon(struct co_cell *cell)
{
	map_at_region(cell, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

void co_map_anon_huge(struct co_cell *cell)
{
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	co_map_anon(cell);
	if (madvise(cell->region.at, cell->region.len, MADV_HUGEPAGE))
		vt_skip("madvise(MADV_HUGEPAGE): %m");
}

void co_map_fd(struct co_cell *cell, int fd)
{
	struct co_region *region = &cell->region;

	if (ftruncate(fd, region->len))
		vt_fail("setting the file's length: %m");
	region->fd = fd;
	map_at_region(cell, MAP_SHARED, fd);
	region->alias = mmap(NULL, region->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (region->alias == MAP_FAILED)
		vt_fail("mapping the region's alias: %m");
}

void co_map_again(struct co_cell *cell)
{
	map_at_region(cell, MAP_SHARED, cell->region.fd);
}

void co_map_memfd(struct co_cell *cell)
{
	int fd = memfd_create("co", 0);

	if (fd < 0)
		vt_fail("memfd_create: %m");
	co_map_fd(cell, fd);
}

/* A new file in a directory that the environment names. */
static void map_in(struct co_cell *cell, const char *variable, const char *what)
{
	const char *dir = getenv(variable);
	char path[256];
	int fd;

	if (!dir || !*dir)
		vt_skip("no %s (%s is not set)", what, variable);
	snprintf(path, sizeof(path), "%s/co-XXXXXX", dir);
	fd = mkstemp(path);
	if (fd < 0)
		vt_fail("a file in %s: %m", dir);
	unlink(path);
	co_map_fd(cell, fd);
}

void co_map_disk(struct co_cell *cell)
{
	map_in(cell, "CO_DISK", "file system on a disk");
}

void co_map_dax(struct co_cell *cell)
{
	map_in(cell, "CO_DAX", "file system on persistent memory");
}
