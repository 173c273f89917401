// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory that the process may only read, under an MR that says one may
 * write. Reading works; writing fails on both sides, changes nothing and hurts no
 * other QP; once the process may write, the same key does.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN 8192

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_buf a, b;
	struct vt_conn other; /* a pair of QPs that nothing may happen to */
};

static void begin(struct setup *s, struct vt_conn *conn)
{
	vt_connect(conn, s->dev_a, s->dev_b, NULL);
	vt_fill(s->a.data, LEN, 1, 0);
}

static void check_other(struct setup *s)
{
	vt_rdma(&s->other, IBV_WR_RDMA_READ, &s->a, 0, &s->b, 0, 64);
}

static void test_read(struct setup *s)
{
	struct vt_conn conn;

	begin(s, &conn);
	vt_rdma(&conn, IBV_WR_RDMA_READ, &s->a, 1, &s->b, 2, 6000);
	vt_verify(s->a.data + 1, 6000, 2, 2, "READ's data");
	vt_disconnect(&conn);
}

/* The target cannot be written: the responder says so, or that it failed. */
static void test_refused(struct setup *s, struct vt_op *op)
{
	struct vt_conn conn;
	struct ibv_wc wc;

	begin(s, &conn);
	vt_recv(&conn.b, 9, NULL, 0);
	vt_post(&conn.a, op);
	wc = vt_wait(&conn.a);
	vt_check(wc.wr_id == op->wr_id);
	if (wc.status != IBV_WC_REM_ACCESS_ERR && wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" for a write to read-only memory", ibv_wc_status_str(wc.status));
	vt_expect(&conn.b, 9, IBV_WC_WR_FLUSH_ERR);
	vt_expect_state(&conn.a, IBV_QPS_ERR);
	vt_expect_state(&conn.b, IBV_QPS_ERR);
	vt_verify(s->b.data, LEN, 2, 0, "read-only memory");
	vt_disconnect(&conn);
	check_other(s);
}

static struct vt_op remote_op(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
		.compare_add = 1,
	};
}

/* Read-only memory as the place where a READ lands: the requester's own error. */
static void test_local(struct setup *s)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&s->b, 0, 64) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->a, 0),
		.rkey = s->a.mr->rkey,
	};
	struct vt_conn conn;

	vt_connect(&conn, s->dev_b, s->dev_a, NULL);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 1, IBV_WC_LOC_PROT_ERR);
	vt_verify(s->b.data, LEN, 2, 0, "read-only memory");
	vt_disconnect(&conn);
	check_other(s);
}

static void test_prefetch(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->b, 0, LEN);
	int err;

	err = ibv_advise_mr(s->dev_b->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH,
			    &sge, 1);
	if (err == EOPNOTSUPP) {
		vt_note("%s does not prefetch", s->dev_b->name);
		return;
	}
	if (err)
		vt_fail("prefetching read-only memory for reading: %s", strerror(err));
	if (!ibv_advise_mr(s->dev_b->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
			   IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1))
		vt_fail("prefetching read-only memory for writing succeeded");
}

static void test_writable_again(struct setup *s)
{
	struct vt_conn conn;

	vt_check(!mprotect(s->b.data, LEN, PROT_READ | PROT_WRITE));
	begin(s, &conn);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->b.data, LEN, 1, 0, "memory that is writable again");
	vt_disconnect(&conn);
	vt_fill(s->b.data, LEN, 2, 0);
	vt_check(!mprotect(s->b.data, LEN, PROT_READ));
}

static void run_all(struct setup *s, const char *what)
{
	struct vt_op op;

	vt_case("%s: READ", what);
	test_read(s);
	vt_case("%s: WRITE", what);
	op = remote_op(s, IBV_WR_RDMA_WRITE, 64);
	test_refused(s, &op);
	vt_case("%s: WRITE of two pages", what);
	op = remote_op(s, IBV_WR_RDMA_WRITE, LEN);
	test_refused(s, &op);
	vt_case("%s: FETCH_ADD", what);
	op = remote_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 8);
	test_refused(s, &op);
	vt_case("%s: landing place of a READ", what);
	test_local(s);
	vt_case("%s: prefetch", what);
	test_prefetch(s);
	vt_case("%s: writable again", what);
	test_writable_again(s);
	vt_case("%s: no longer writable", what);
	op = remote_op(s, IBV_WR_RDMA_WRITE, 64);
	test_refused(s, &op);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.dev_b, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_fill(s.b.data, LEN, 2, 0);
	vt_check(!mprotect(s.b.data, LEN, PROT_READ));
	vt_connect(&s.other, s.dev_a, s.dev_b, NULL);
	run_all(&s, "after registration");
	vt_disconnect(&s.other);
	vt_buf_free(&s.b);

	/* The other order: read-only before there is an MR. */
	vt_buf_make(&s.b, NULL, LEN, VT_ODP, 0);
	vt_fill(s.b.data, LEN, 2, 0);
	vt_check(!mprotect(s.b.data, LEN, PROT_READ));
	s.b.mr = vt_reg(s.dev_b, s.b.data, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&s.other, s.dev_a, s.dev_b, NULL);
	run_all(&s, "before registration");
	vt_disconnect(&s.other);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.dev_a, s.dev_b);
}
