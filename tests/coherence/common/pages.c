// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What /proc/self says of pages. */
#include <fcntl.h>
#include <unistd.h>

#include "co.h"

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN	((1ull << 55) - 1)

static void read_entries(const void *at, size_t pages, uint64_t *entries)
{
	const ssize_t bytes = pages * sizeof(*entries);
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0 || pread(fd, entries, bytes, (uintptr_t)at / CO_PAGE * 8) != bytes)
		vt_fail("/proc/self/pagemap: %m");
	close(fd);
}

static uint64_t pfn_of(uint64_t entry)
{
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

uint64_t co_pagemap(const void *at)
{
	uint64_t entry;

	read_entries(at, 1, &entry);
	return entry;
}

uint64_t co_pfn(const void *at)
{
	return pfn_of(co_pagemap(at));
}

uint64_t *co_pfns(const void *at, size_t len)
{
	const size_t pages = len / CO_PAGE;
	uint64_t *pfns = calloc(pages, sizeof(*pfns));
	size_t i;

	vt_check(pfns);
	read_entries(at, pages, pfns);
	for (i = 0; i < pages; i++)
		pfns[i] = pfn_of(pfns[i]);
	return pfns;
}

size_t co_moved(const void *at, size_t len, const uint64_t *pfns)
{
	uint64_t *now = co_pfns(at, len);
	size_t i, moved = 0;

	for (i = 0; i < len / CO_PAGE; i++)
		moved += now[i] && now[i] != pfns[i];
	free(now);
	return moved;
}

uint64_t co_smaps(const void *at, const char *field)
{
	unsigned long start, end, value, found = 0;
	char line[512], name[64];
	bool inside = false;
	FILE *file;

	file = fopen("/proc/self/smaps", "r");
	if (!file)
		vt_fail("/proc/self/smaps: %m");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (uintptr_t)at >= start && (uintptr_t)at < end;
		else if (inside && sscanf(line, "%63[^:]: %lu kB", name, &value) == 2 &&
			 !strcmp(name, field))
			found = value;
	}
	fclose(file);
	return found;
}
