// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What /proc/self says of pages. */
#include <fcntl.h>
#include <unistd.h>

#include "co.h"

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN	((1ull << 55) - 1)

uint64_t co_pagemap(const void *at)
{
	uint64_t entry;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)at / CO_PAGE * 8) != 8)
		vt_fail("/proc/self/pagemap: %m");
	close(fd);
	return entry;
}

uint64_t co_pfn(const void *at)
{
	const uint64_t entry = co_pagemap(at);

	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

uint64_t *co_pfns(const void *at, size_t len)
{
	const size_t pages = len / CO_PAGE;
	uint64_t *pfns = calloc(pages, sizeof(*pfns));
	size_t i;

	vt_check(pfns);
	for (i = 0; i < pages; i++)
		pfns[i] = co_pfn((const uint8_t *)at + i * CO_PAGE);
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
