// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Any contents of a page map: frames are known only if each page is mapped and its number is shown. */
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "fuzz.h"

#include "frames.h"

#define FD    7
#define PAGE  4096ull
#define ROOM  530 /* entries, more than are read in one go */
#define FIRST 0x1000 /* of the first page, in pages */

static uint64_t entries[ROOM];
static size_t there; /* entries: a read ends here */
static bool no_file, no_frames;
static int open_files;

int fuzz_open(const char *path, int flags, ...)
{
	(void)flags;
	fuzz_check(!strcmp(path, "/proc/self/pagemap"));
	if (no_file) {
		errno = ENOENT;
		return -1;
	}
	open_files++;
	return FD;
}

int fuzz_close(int fd)
{
	fuzz_check(fd == FD && open_files-- > 0);
	return 0;
}

ssize_t fuzz_pread(int fd, void *buf, size_t n, off_t at)
{
	const size_t first = at / 8 - FIRST;

	fuzz_check(fd == FD && at % 8 == 0 && n % 8 == 0);
	/* Of the stack, which odp_frames_open() asks for. */
	if (first >= ROOM) {
		fuzz_check(n == 8);
		*(uint64_t *)buf = no_frames ? 1ull << 63 : 1ull << 63 | 5;
		return n;
	}
	if (first + n / 8 > there)
		n = first < there ? (there - first) * 8 : 0;
	memcpy(buf, entries + first, n);
	return n;
}

static bool are_known(size_t n)
{
	if (n > there)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(entries[i] >> 63) || !(entries[i] & ((1ull << 55) - 1)))
			return false;
	return true;
}

static void check_open(void)
{
	const int fd = odp_frames_open();

	fuzz_check(fd == (no_file ? -ENOENT : no_frames ? -EPERM : FD));
	if (fd >= 0)
		fuzz_close(fd);
	fuzz_check(!open_files);
}

/* Frames are those that were read until one of them is another. */
static void check_same(size_t n, size_t i, uint64_t *frame)
{
	fuzz_check(odp_frames_are(FD, FIRST * PAGE, frame, n));
	if (!n)
		return;
	frame[i % n] ^= 1;
	fuzz_check(!odp_frames_are(FD, FIRST * PAGE, frame, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t kind = fuzz_take(&data, &size, 1);
	const size_t n = fuzz_take(&data, &size, 2) % (ROOM + 1), i = fuzz_take(&data, &size, 2);
	uint64_t *frame = calloc(n + 1, sizeof(*frame));
	const uint64_t odd = fuzz_take(&data, &size, 8);

	no_file = (kind & 3) == 3;
	no_frames = (kind & 12) == 12;
	there = kind & 16 ? n : ROOM;
	for (size_t at = 0; at < ROOM; at++)
		entries[at] = 1ull << 63 | (at + 1);
	if (kind & 32)
		entries[i % ROOM] = odd;
	check_open();
	fuzz_check(odp_frames_read(FD, FIRST * PAGE, frame, n) == are_known(n));
	for (size_t at = 0; are_known(n) && at < n; at++)
		fuzz_check(frame[at] == (entries[at] & ((1ull << 55) - 1)));
	if (are_known(n))
		check_same(n, i, frame);
	free(frame);
	return 0;
}
