// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The text of /proc/PID/maps. */
#include <string.h>
#include <unistd.h>

#include "map.h"

bool maps_read_line(const char *line, uint64_t first, uint64_t last, struct area *area)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	unsigned long start, end;
	char rights[8];
	int path = 0;

	if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &start, &end, rights, &path) < 3)
		return false;
	area->first = start > first ? start : first & ~(page - 1);
	area->last = end - 1 < last ? end - 1 : last | (page - 1);
	snprintf(area->name, sizeof(area->name), "%s %.*s", rights, (int)strcspn(line + path, "\n"),
		 line + path);
	return area->first <= area->last;
}
