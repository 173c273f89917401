// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What a remote WRITE put into pages that are clean on the CPU's side must
 * survive their way to the swap disk and back.
 */
#include "vt.h"

#define PAGES 256
#define LEN   (PAGES * 4096)

/* Afterwards every page is in memory, and the same is on the disk: clean. */
static void make_clean(struct vt_buf *buf)
{
	size_t out;

	vt_fill(buf->data, LEN, 1, 0);
	out = vt_page_out(buf->data, LEN);
	if (out < PAGES / 2)
		vt_skip("only %zu of %d pages could be swapped out", out, PAGES);
	vt_verify(buf->data, LEN, 1, 0, "pages that were swapped in");
}

static void write_remotely(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct ibv_sge room = vt_sge(&s->b, 0, LEN);
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};

	vt_fill(s->a.data, LEN, 2, 0);
	if (opcode == IBV_WR_SEND)
		vt_recv(&s->conn.b, 2, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 1, IBV_WC_SUCCESS);
	if (opcode == IBV_WR_SEND)
		vt_expect(&s->conn.b, 2, IBV_WC_SUCCESS);
}

static void read_here(struct vt_pair *s)
{
	struct vt_conn back;

	vt_fill(s->a.data, LEN, 2, 0);
	vt_connect(&back, s->dev_b, s->dev_a, NULL);
	vt_rdma(&back, IBV_WR_RDMA_READ, &s->b, 0, &s->a, 0, LEN);
	vt_disconnect(&back);
}

static void check_survives(struct vt_pair *s, const char *what)
{
	size_t out = vt_page_out(s->b.data, LEN);

	if (out < PAGES / 2)
		vt_fail("only %zu of %d pages went to the disk after %s", out, PAGES, what);
	vt_verify(s->b.data, LEN, 2, 0, what);
	vt_verify_guards(&s->b, "the target");
	vt_note("%s: %zu of %d pages went out and came back right", what, out, PAGES);
}

int main(int argc, char **argv)
{
	struct vt_pair s = { .mem_b = VT_ODP };

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE);
	vt_swap_on();
	vt_pair_open(&s, LEN, VT_ACCESS_ALL, NULL);

	vt_case("remote WRITE, then swap-out");
	make_clean(&s.b);
	write_remotely(&s, IBV_WR_RDMA_WRITE);
	check_survives(&s, "a remote WRITE");

	vt_case("receive, then swap-out");
	make_clean(&s.b);
	write_remotely(&s, IBV_WR_SEND);
	check_survives(&s, "a receive");

	vt_case("READ of our own, then swap-out");
	make_clean(&s.b);
	read_here(&s);
	check_survives(&s, "a READ into it");

	vt_case("WRITE into pages that are on the disk");
	vt_fill(s.b.data, LEN, 1, 0);
	vt_page_out(s.b.data, LEN);
	write_remotely(&s, IBV_WR_RDMA_WRITE);
	check_survives(&s, "a WRITE that swapped in");

	/* The key goes, the dirty pages stay: teardown must pass the bit on as well. */
	vt_case("remote WRITE, deregistration, then swap-out");
	make_clean(&s.b);
	write_remotely(&s, IBV_WR_RDMA_WRITE);
	vt_check(!ibv_dereg_mr(s.b.mr));
	s.b.mr = NULL;
	check_survives(&s, "a WRITE before deregistration");

	vt_pair_close(&s);
	return vt_finish(s.dev_a, s.dev_b);
}
