// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The implicit region: one key for everything that this process has or will have, wherever it is:
 * a constant, the stack, the heap, a file that is mapped long after the key was made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loop.h"

static char *map_file(size_t length)
{
	int fd = memfd_create("example", 0);
	char *at;

	if (fd < 0 || ftruncate(fd, length))
		die("a file");
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("mapping the file");
	close(fd);
	return at;
}

int main(void)
{
	static const char constant[] = "from a constant";
	char stack[32] = "from the stack", *heap, *file;
	struct ibv_mr *all;
	struct loop loop;

	loop_open(&loop);
	all = ibv_reg_mr(loop.pd, NULL, SIZE_MAX,
			 IBV_ACCESS_ON_DEMAND | IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	if (!all)
		die("the implicit region (does odp_can_implicit() say so?)");

	heap = calloc(1, 32);
	file = map_file(4096);
	loop_move(&loop, IBV_WR_RDMA_WRITE, (void *)constant, all->lkey, heap, all->rkey,
		  sizeof(constant));
	printf("on the heap: %s\n", heap);
	loop_move(&loop, IBV_WR_RDMA_WRITE, stack, all->lkey, file, all->rkey, sizeof(stack));
	printf("in the file: %s\n", file);

	munmap(file, 4096);
	free(heap);
	ibv_dereg_mr(all);
	loop_close(&loop);
	return 0;
}
