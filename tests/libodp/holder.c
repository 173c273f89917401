// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * No test: what odpctl.sh looks at. An area of 128 pages: 40 written by a peer, then 16 that
 * nobody touches, then 8 that a peer read; all in the implicit region, the last 8 also in an
 * explicit one. Prints where, and waits; at SIGUSR1 it loses a page and has it back.
 */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lt.h"

#define PAGES 128

static void touch(struct vt_conn *conn, enum ibv_wr_opcode opcode, struct vt_buf *wire, uint8_t *at,
		  size_t pages, uint32_t rkey)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(wire, 0, pages * LT_PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = rkey,
	};

	vt_post(&conn->a, &op);
	vt_expect_ok(&conn->a, 1,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}

int main(int argc, char **argv)
{
	struct vt_device *dev;
	struct ibv_mr *all, *part;
	struct vt_conn conn;
	struct vt_buf wire;
	sigset_t signals;
	uint8_t *at;
	int signal;

	vt_init(argc, argv);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	dev = vt_open_a();
	at = lt_map_alone(PAGES * LT_PAGE);
	all = ibv_reg_mr(dev->pd, NULL, SIZE_MAX, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	vt_check(all);
	part = vt_reg(dev, at + 56 * LT_PAGE, 8 * LT_PAGE, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&wire, dev, 64 * LT_PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&conn, dev, dev, NULL);
	touch(&conn, IBV_WR_RDMA_WRITE, &wire, at, 40, all->rkey);
	touch(&conn, IBV_WR_RDMA_READ, &wire, at + 56 * LT_PAGE, 8, part->rkey);
	printf("ready %012lx\n", (unsigned long)(uintptr_t)at);
	fflush(stdout);
	while (!sigwait(&signals, &signal)) {
		vt_check(!madvise(at, LT_PAGE, MADV_DONTNEED));
		touch(&conn, IBV_WR_RDMA_WRITE, &wire, at, 1, all->rkey);
	}
	return 1;
}
