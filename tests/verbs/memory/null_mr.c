// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A null MR (ibv_alloc_null_mr): what is read from it is zeros, what is written to it
 * vanishes, at any address, alone and among other pieces; peers cannot use it.
 */
#include "vt.h"

#define LEN 20000

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a, b;
	struct ibv_mr *null;
};

static void begin(struct setup *s, enum vt_memory mem_a, enum vt_memory mem_b)
{
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_buf_make(&s->a, s->dev_a, LEN, mem_a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, mem_b, VT_ACCESS_ALL);
	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	s->null = ibv_alloc_null_mr(s->dev_a->pd);
	if (!s->null && (errno == EOPNOTSUPP || errno == ENOSYS))
		vt_skip("%s has no null MRs", s->dev_a->name);
	if (!s->null)
		vt_fail("ibv_alloc_null_mr: %m");
}

static void end(struct setup *s)
{
	vt_check(!ibv_dereg_mr(s->null));
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

/* The middle of three pieces is nothing. */
static struct vt_op three_pieces(struct setup *s, enum ibv_wr_opcode opcode, uint64_t null_addr)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->a, 0, 5000),
			 { .addr = null_addr, .length = 9001, .lkey = s->null->lkey },
			 vt_sge(&s->a, 5000, 999) },
		.num_sge = 3,
		.remote_addr = vt_addr(&s->b, 3),
		.rkey = s->b.mr->rkey,
	};
}

static void test_write(struct setup *s, uint64_t null_addr)
{
	struct vt_op op = three_pieces(s, IBV_WR_RDMA_WRITE, null_addr);

	vt_fill(s->b.data, LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data, 3, 2, 0, "before the data");
	vt_verify(s->b.data + 3, 5000, 1, 0, "the first piece");
	vt_verify_zero(s->b.data + 5003, 9001, "the null piece");
	vt_verify(s->b.data + 14004, 999, 1, 5000, "the last piece");
	vt_verify(s->b.data + 15003, LEN - 15003, 2, 15003, "behind the data");
}

static void test_read(struct setup *s, uint64_t null_addr)
{
	struct vt_op op = three_pieces(s, IBV_WR_RDMA_READ, null_addr);

	vt_fill(s->b.data, LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	vt_verify(s->a.data, 5000, 2, 3, "the first piece");
	vt_verify(s->a.data + 5000, 999, 2, 14004, "the last piece");
	vt_verify(s->a.data + 5999, LEN - 5999, 1, 5999, "behind the data");
	vt_fill(s->a.data, LEN, 1, 0);
	test_write(s, null_addr); /* still zeros */
}

/* A receive whose middle is thrown away. */
static void test_receive(struct setup *s)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 8,
		.sge = { vt_sge(&s->b, 0, 15000) },
		.num_sge = 1,
	};
	struct vt_op pieces = three_pieces(s, IBV_WR_RDMA_READ, 0);

	vt_fill(s->b.data, LEN, 2, 0);
	vt_recv(&s->conn.a, 9, pieces.sge, 3);
	vt_post(&s->conn.b, &op);
	vt_expect_ok(&s->conn.b, 8, IBV_WC_SEND);
	vt_expect_ok(&s->conn.a, 9, IBV_WC_RECV);
	vt_verify(s->a.data, 5000, 2, 0, "the first piece");
	vt_verify(s->a.data + 5000, 999, 2, 14001, "the last piece");
	vt_verify(s->a.data + 5999, LEN - 5999, 1, 5999, "behind the data");
	vt_fill(s->a.data, LEN, 1, 0);
}

static void test_atomic(struct setup *s)
{
	struct vt_op op = three_pieces(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 4092);
	uint64_t before, after;

	if (s->dev_b->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		return;
	op.sge[0] = op.sge[1];
	op.sge[0].length = 8;
	op.num_sge = 1;
	op.remote_addr = vt_addr(&s->b, 8);
	op.compare_add = 3;
	memcpy(&before, s->b.data + 8, 8);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_FETCH_ADD);
	memcpy(&after, s->b.data + 8, 8);
	vt_check(after == before + 3);
}

/* The last: the connection ends. */
static void test_peer(struct setup *s)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 7,
		.sge = { vt_sge(&s->b, 0, 8) },
		.num_sge = 1,
		.rkey = s->null->rkey,
	};

	vt_post(&s->conn.b, &op);
	vt_expect(&s->conn.b, 7, IBV_WC_REM_ACCESS_ERR);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	static const uint64_t addrs[] = { 0, 4095, 1ull << 40, -9002ull };
	struct setup *s = arg;
	size_t i;

	begin(s, a, b);
	for (i = 0; i < VT_ARRAY_SIZE(addrs); i++) {
		vt_case("%s/%s: WRITE from null, address 0x%lx", vt_memory_name(a),
			vt_memory_name(b), (unsigned long)addrs[i]);
		test_write(s, addrs[i]);
		vt_case("%s/%s: READ to null, address 0x%lx", vt_memory_name(a), vt_memory_name(b),
			(unsigned long)addrs[i]);
		test_read(s, addrs[i]);
	}
	vt_case("%s/%s: receive to null", vt_memory_name(a), vt_memory_name(b));
	test_receive(s);
	vt_case("%s/%s: FETCH_ADD to null", vt_memory_name(a), vt_memory_name(b));
	test_atomic(s);
	vt_case("%s/%s: a peer's READ of null", vt_memory_name(a), vt_memory_name(b));
	test_peer(s);
	end(s);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	return vt_finish(s.dev_a, s.dev_b);
}
