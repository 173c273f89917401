// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Any text as a line of /proc/PID/maps, and real ones: an area lies within the line's and what is asked for. */
#include <inttypes.h>

#include "fuzz.h"

#include "map.h"

#define PAGE 4096ull

static void check(const char *line, uint64_t first, uint64_t last)
{
	struct area area;

	memset(&area, 0xee, sizeof(area));
	if (!maps_read_line(line, first, last, &area))
		return;
	fuzz_check(area.first <= area.last);
	fuzz_check(area.first >= (first & ~(PAGE - 1)) && area.last <= (last | (PAGE - 1)));
	fuzz_check(memchr(area.name, 0, sizeof(area.name)) && !strchr(area.name, '\n'));
}

/* A line as the kernel writes it. */
static void check_real(uint64_t start, uint64_t pages, const char *name, uint64_t first,
		       uint64_t last)
{
	const uint64_t end = start + pages * PAGE;
	struct area area;
	char line[512];
	bool got;

	snprintf(line, sizeof(line), "%" PRIx64 "-%" PRIx64 " rw-p 00000000 00:00 7   %s\n", start,
		 end, name);
	check(line, first, last);
	got = maps_read_line(line, first, last, &area);
	if (first > last || !pages)
		return;
	fuzz_check(got == (start <= (last | (PAGE - 1)) && end - 1 >= (first & ~(PAGE - 1))));
	if (!got)
		return;
	fuzz_check(area.first % PAGE == 0 && area.last % PAGE == PAGE - 1);
	fuzz_check(!strncmp(area.name, "rw-p ", 5));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t start = fuzz_take(&data, &size, 4) * PAGE;
	const uint64_t pages = fuzz_take(&data, &size, 2);
	const uint64_t first = start + fuzz_take(&data, &size, 4) - 0x80000000u;
	const uint64_t last = first + fuzz_take(&data, &size, 4);
	char *text = malloc(size + 1);

	fuzz_check(text);
	memcpy(text, data, size);
	text[size] = 0;
	check(text, first, last);
	text[strcspn(text, "\n")] = 0;
	check_real(start, pages, text, first, last);
	check_real(start, pages, text, 0, UINT64_MAX);
	free(text);
	return 0;
}
