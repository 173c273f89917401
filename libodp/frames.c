// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

/* An entry of the file: see admin-guide/mm/pagemap.rst of the kernel. */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_FRAME   ((1ull << 55) - 1)

#define CHUNK	      512 /* entries, 4 KiB of stack */

static bool entry_known(uint64_t entry)
{
	return (entry & ENTRY_PRESENT) && (entry & ENTRY_FRAME);
}

static bool read_entries(int fd, uint64_t va, uint64_t *entry, size_t n)
{
	const off_t at = va / sysconf(_SC_PAGESIZE) * sizeof(*entry);
	size_t i;

	if (pread(fd, entry, n * sizeof(*entry), at) != (ssize_t)(n * sizeof(*entry)))
		return false;
	for (i = 0; i < n; i++) {
		if (!entry_known(entry[i]))
			return false;
		entry[i] &= ENTRY_FRAME;
	}
	return true;
}

int odp_frames_open(void)
{
	uint64_t mine = 0; /* on a page that is mapped: the stack */
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (odp_frames_read(fd, (uintptr_t)&mine & -sysconf(_SC_PAGESIZE), &mine, 1))
		return fd;
	close(fd);
	return -EPERM;
}

bool odp_frames_read(int fd, uint64_t va, uint64_t *frame, size_t n)
{
	size_t done, part;

	for (done = 0; done < n; done += part) {
		part = n - done < CHUNK ? n - done : CHUNK;
		if (!read_entries(fd, va + done * sysconf(_SC_PAGESIZE), frame + done, part))
			return false;
	}
	return true;
}

bool odp_frames_are(int fd, uint64_t va, const uint64_t *frame, size_t n)
{
	uint64_t now[CHUNK];
	size_t done, part;

	for (done = 0; done < n; done += part) {
		part = n - done < CHUNK ? n - done : CHUNK;
		if (!read_entries(fd, va + done * sysconf(_SC_PAGESIZE), now, part) ||
		    memcmp(now, frame + done, part * sizeof(*now)))
			return false;
	}
	return true;
}
