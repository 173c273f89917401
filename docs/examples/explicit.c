// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * An explicit on-demand region: 1 TiB of address space, registered before there is any memory in
 * it, of which a peer then uses some bytes. Nothing but a flag distinguishes it from an ordinary
 * region.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "loop.h"

#define LENGTH (1ul << 40)

int main(void)
{
	static char message[] = "written where there was no memory";
	struct ibv_mr *mr, *local;
	struct loop loop;
	char *space;

	loop_open(&loop);
	space = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		die("mmap");
	mr = ibv_reg_mr(loop.pd, space, LENGTH,
			IBV_ACCESS_ON_DEMAND | IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	if (!mr)
		die("registering 1 TiB on demand");
	local = ibv_reg_mr(loop.pd, message, sizeof(message), 0);
	if (!local)
		die("registering the message");

	loop_move(&loop, IBV_WR_RDMA_WRITE, message, local->lkey, space + LENGTH / 2, mr->rkey,
		  sizeof(message));
	printf("in the middle of 1 TiB: %s\n", space + LENGTH / 2);

	ibv_dereg_mr(local);
	ibv_dereg_mr(mr);
	munmap(space, LENGTH);
	loop_close(&loop);
	return 0;
}
