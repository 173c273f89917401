// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A shadow stack is readable memory, and nobody's stores reach it: a peer READs it, and a WRITE into it
 * through an explicit or an implicit region is a remote access error, whether or not its pages are
 * present. Skipped where the CPU has none.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vt.h"

#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453
#endif
#define SHADOW_STACK_SET_TOKEN 1

#define PAGE		       4096
#define LEN		       (4 * PAGE)

struct setup {
	struct vt_device *a, *b;
	struct vt_buf local;
};

/* One with a token at its end, so that its last page is present. */
static uint8_t *map_shadow_stack(void)
{
	long at = syscall(__NR_map_shadow_stack, 0ul, (unsigned long)LEN, SHADOW_STACK_SET_TOKEN);

	if (at == -1)
		vt_skip("no shadow stacks here: %m");
	return (uint8_t *)at;
}

/* A connection of its own for each case: an error is the end of it. */
static void one(struct setup *s, enum ibv_wr_opcode opcode, const struct vt_buf *remote,
		size_t offset, const char *what)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, 8) },
		.num_sge = 1,
		.remote_addr = vt_addr(remote, offset),
		.rkey = remote->mr->rkey,
	};
	struct vt_conn conn;

	vt_case("%s at %zu", what, offset);
	vt_connect(&conn, s->a, s->b, NULL);
	vt_post(&conn.a, &op);
	if (opcode == IBV_WR_RDMA_READ)
		vt_expect_ok(&conn.a, 1, IBV_WC_RDMA_READ);
	else
		vt_expect(&conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	vt_disconnect(&conn);
}

static void test_region(struct setup *s, struct vt_buf *remote)
{
	size_t offset;

	for (offset = 0; offset < LEN; offset += PAGE) {
		one(s, IBV_WR_RDMA_WRITE, remote, offset, "WRITE");
		one(s, IBV_WR_RDMA_READ, remote, offset, "READ");
		one(s, IBV_WR_RDMA_WRITE, remote, offset, "WRITE after READ");
	}
}

int main(int argc, char **argv)
{
	const int access = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND;
	struct setup s = {};
	struct vt_buf remote = { .len = LEN };

	vt_start(argc, argv, &s.a, &s.b);
	vt_need_odp(s.b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	remote.data = map_shadow_stack();
	vt_buf_make(&s.local, s.a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.local.data, LEN, 1, 0);
	remote.mr = ibv_reg_mr(s.b->pd, remote.data, LEN, access);
	vt_check(remote.mr);
	test_region(&s, &remote);
	vt_check(!ibv_dereg_mr(remote.mr));
	remote.mr = ibv_reg_mr(s.b->pd, NULL, SIZE_MAX, access);
	vt_check(remote.mr);
	test_region(&s, &remote);
	vt_check(!ibv_dereg_mr(remote.mr));
	vt_buf_free(&s.local);
	munmap(remote.data, LEN);
	return vt_finish(s.a, s.b);
}
