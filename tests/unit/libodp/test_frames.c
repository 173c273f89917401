// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Frames of real memory of this process, for those who may see them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"

#define PAGES 1500 /* more than one read */

static unsigned char *map(void)
{
	unsigned char *at = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	memset(at, 1, PAGES * 4096);
	return at;
}

static void test_frames(void **state)
{
	static uint64_t frame[PAGES];
	unsigned char *at = map();
	const uint64_t va = (uintptr_t)at;
	int fd = odp_frames_open();

	(void)state;
	if (fd == -EPERM) {
		print_message("no CAP_SYS_ADMIN: frames are hidden\n");
		skip();
	}
	assert_true(fd >= 0);
	assert_true(odp_frames_read(fd, va, frame, PAGES));
	assert_true(odp_frames_are(fd, va, frame, PAGES));
	at[0] = 2;
	assert_true(odp_frames_are(fd, va, frame, PAGES));
	assert_int_equal(madvise(at + (PAGES - 1) * 4096, 4096, MADV_DONTNEED), 0);
	assert_false(odp_frames_are(fd, va, frame, PAGES));
	assert_false(odp_frames_read(fd, va, frame, PAGES));
	assert_true(odp_frames_are(fd, va, frame, PAGES - 1));
	frame[600]++;
	assert_false(odp_frames_are(fd, va, frame, PAGES - 1));
	assert_true(odp_frames_are(fd, va, frame, 600));
	assert_int_equal(munmap(at, PAGES * 4096), 0);
	assert_false(odp_frames_are(fd, va, frame, 1));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_frames) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
