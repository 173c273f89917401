// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "home.h"

int odp_home_init(struct odp_home *home)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *mark = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	int err;

	if (mark == MAP_FAILED)
		return -ENOMEM;
	if (madvise(mark, page, MADV_WIPEONFORK)) {
		err = -errno;
		munmap(mark, page);
		return err;
	}
	*mark = 1;
	home->mark = mark;
	return 0;
}

void odp_home_exit(struct odp_home *home)
{
	munmap((void *)(uintptr_t)home->mark, sysconf(_SC_PAGESIZE));
}
