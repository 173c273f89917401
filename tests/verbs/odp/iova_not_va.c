// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * An MR whose addresses (iova) are not those of the process
 * (ibv_reg_mr_iova). Every request names iova, and only iova.
 */
#include "vt.h"

#define LEN (4 * 4096)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a, b; /* not registered as a whole: mr_a and mr_b are */
	struct ibv_mr *mr_a, *mr_b;
	uint64_t iova_a, iova_b;
};

static struct ibv_mr *reg_iova(struct vt_device *dev, struct vt_buf *buf, uint64_t iova,
			       enum vt_memory memory)
{
	int access = VT_ACCESS_ALL | (memory == VT_ODP ? IBV_ACCESS_ON_DEMAND : 0);

	return ibv_reg_mr_iova(dev->pd, buf->data, LEN, iova, access);
}

static struct vt_op make_op(struct setup *s, enum ibv_wr_opcode opcode, uint32_t at, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 1,
		.sge = { { .addr = s->iova_a + at, .length = len, .lkey = s->mr_a->lkey } },
		.num_sge = 1,
		.remote_addr = s->iova_b + at + 3,
		.rkey = s->mr_b->rkey,
		.compare_add = 5,
	};
}

static void test_traffic(struct setup *s)
{
	struct vt_op op = make_op(s, IBV_WR_RDMA_WRITE, 4000, 9000);
	struct ibv_sge room;
	uint64_t word, old;

	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data + 4003, 9000, 1, 4000, "WRITE's data");
	vt_verify(s->b.data, 4003, 2, 0, "before WRITE's data");

	op = make_op(s, IBV_WR_RDMA_READ, 0, 3000);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_READ);
	vt_verify(s->a.data, 3000, 2, 3, "READ's data");

	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	op = make_op(s, IBV_WR_SEND, 100, 5000);
	room = (struct ibv_sge){ .addr = s->iova_b + 4095, .length = 6000, .lkey = s->mr_b->lkey };
	vt_recv(&s->conn.b, 2, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_SEND);
	vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
	vt_verify(s->b.data + 4095, 5000, 1, 100, "SEND's data");

	if (s->dev_b->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		return;
	op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 64, 8);
	op.remote_addr = s->iova_b + LEN - 8;
	memcpy(&old, s->b.data + LEN - 8, 8);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
	memcpy(&word, s->b.data + LEN - 8, 8);
	vt_check(word == old + 5);
	memcpy(&word, s->a.data + 64, 8);
	vt_check(word == old);
}

/* The process's own address means nothing to such an MR. */
static void test_va_is_refused(struct setup *s)
{
	struct vt_op op = make_op(s, IBV_WR_RDMA_WRITE, 0, 64);

	op.remote_addr = vt_addr(&s->b, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->b.data, LEN, 2, 0, "the target");
}

static void run_iova(struct setup *s, enum vt_memory a, enum vt_memory b, uint64_t iova)
{
	vt_buf_make(&s->a, NULL, LEN, a, 0);
	vt_buf_make(&s->b, NULL, LEN, b, 0);
	s->iova_a = iova + (1ull << 30);
	s->iova_b = iova;
	vt_case("%s/%s, iova 0x%lx", vt_memory_name(a), vt_memory_name(b), (unsigned long)iova);
	s->mr_a = reg_iova(s->dev_a, &s->a, s->iova_a, a);
	s->mr_b = reg_iova(s->dev_b, &s->b, s->iova_b, b);
	if ((iova & 4095) && (!s->mr_a || !s->mr_b)) {
		vt_note("an iova at another offset in its page than the memory is refused: %m");
		goto out;
	}
	if (!s->mr_a || !s->mr_b)
		vt_fail("ibv_reg_mr_iova: %m");

	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	test_traffic(s);
	test_va_is_refused(s);
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_disconnect(&s->conn);
out:
	vt_check(!s->mr_a || !ibv_dereg_mr(s->mr_a));
	vt_check(!s->mr_b || !ibv_dereg_mr(s->mr_b));
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	static const uint64_t iovas[] = { 0, 0x1000, 1ull << 62, 0xffff800000000000ull, 0x7654321 };
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(iovas); i++)
		run_iova(arg, a, b, iovas[i]);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	return vt_finish(s.dev_a, s.dev_b);
}
