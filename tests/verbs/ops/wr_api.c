// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The ibv_wr_* way of posting: lists of different requests between start and complete, all
 * or nothing. Single requests of every kind: rc_ops, xrc_ops, flush_atomic_write.
 */
#include "vt.h"

#define LEN 8192

static struct ibv_qp_ex *start(struct vt_pair *s)
{
	ibv_wr_start(s->conn.a.qpx);
	s->conn.a.qpx->wr_flags = IBV_SEND_SIGNALED;
	return s->conn.a.qpx;
}

static struct ibv_qp_ex *next(struct vt_pair *s, uint64_t wr_id)
{
	s->conn.a.qpx->wr_id = wr_id;
	return s->conn.a.qpx;
}

static void set_sge(struct vt_pair *s, size_t at, uint32_t len)
{
	ibv_wr_set_sge(s->conn.a.qpx, s->a.mr->lkey, vt_addr(&s->a, at), len);
}

static void recv_at(struct vt_pair *s, uint64_t wr_id, size_t at, uint32_t len)
{
	struct ibv_sge sge = vt_sge(&s->b, at, len);

	vt_recv(&s->conn.b, wr_id, &sge, 1);
}

static uint64_t load(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Six requests of six kinds; the READ fetches what the WRITE before it brought. */
static void test_mixed(struct vt_pair *s)
{
	struct ibv_sge two[2] = { vt_sge(&s->a, 0, 100), vt_sge(&s->a, 300, 50) };
	struct ibv_data_buf bufs[2] = { { s->a.data + 7, 10 }, { s->a.data + 99, 20 } };
	uint64_t addr = vt_addr(&s->b, 0);
	uint32_t rkey = s->b.mr->rkey;

	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	recv_at(s, 100, 4096, 200);
	recv_at(s, 101, 4400, 200);
	start(s);
	ibv_wr_rdma_write(next(s, 1), rkey, addr + 8);
	ibv_wr_set_sge_list(s->conn.a.qpx, 2, two);
	ibv_wr_rdma_read(next(s, 2), rkey, addr + 8);
	set_sge(s, 4096, 150);
	ibv_wr_send(next(s, 3));
	ibv_wr_set_inline_data_list(s->conn.a.qpx, 2, bufs);
	ibv_wr_send_imm(next(s, 4), htobe32(77));
	set_sge(s, 500, 123);
	ibv_wr_atomic_fetch_add(next(s, 5), rkey, addr, 1);
	set_sge(s, 5000, 8);
	ibv_wr_rdma_write(next(s, 6), rkey, addr + 2000);
	ibv_wr_set_inline_data(s->conn.a.qpx, s->a.data + 40, 30);
	memset(s->a.data + 40, 0, 30);
	vt_check(!ibv_wr_complete(s->conn.a.qpx));

	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_RDMA_READ);
	vt_expect_ok(&s->conn.a, 3, IBV_WC_SEND);
	vt_expect_ok(&s->conn.a, 4, IBV_WC_SEND);
	vt_expect_ok(&s->conn.a, 5, IBV_WC_FETCH_ADD);
	vt_expect_ok(&s->conn.a, 6, IBV_WC_RDMA_WRITE);
	vt_check(vt_expect_ok(&s->conn.b, 100, IBV_WC_RECV).byte_len == 30);
	vt_check(be32toh(vt_expect_ok(&s->conn.b, 101, IBV_WC_RECV).imm_data) == 77);
	vt_verify(s->b.data + 8 + 100, 50, 1, 300, "WRITE's second piece");
	vt_verify(s->a.data + 4096 + 100, 50, 1, 300, "READ's data");
	vt_verify(s->b.data + 4096, 10, 1, 7, "the inline list's first piece");
	vt_verify(s->b.data + 4106, 20, 1, 99, "the inline list's second piece");
	vt_verify(s->b.data + 4400, 123, 1, 500, "SEND_IMM's data");
	vt_verify(s->b.data + 2000, 30, 1, 40, "the inline data");
	vt_check(load(s->b.data) == load(s->a.data + 5000) + 1);
}

/* What was begun and given up never happens, and takes no room. */
static void test_abort(struct vt_pair *s)
{
	int round;

	vt_fill(s->b.data, LEN, 2, 0);
	for (round = 0; round < 200; round++) {
		start(s);
		ibv_wr_rdma_write(next(s, 1), s->b.mr->rkey, vt_addr(&s->b, 0));
		set_sge(s, 0, 64);
		ibv_wr_abort(s->conn.a.qpx);
	}
	vt_expect_none(&s->conn.a, 10);
	vt_verify(s->b.data, LEN, 2, 0, "untouched memory");
}

/* One request that cannot be loses its list, and nothing else. */
static void test_bad_inline(struct vt_pair *s)
{
	vt_fill(s->b.data, LEN, 2, 0);
	start(s);
	ibv_wr_rdma_write(next(s, 1), s->b.mr->rkey, vt_addr(&s->b, 0));
	set_sge(s, 0, 64);
	ibv_wr_rdma_write(next(s, 2), s->b.mr->rkey, vt_addr(&s->b, 0));
	ibv_wr_set_inline_data(s->conn.a.qpx, s->a.data, LEN);
	ibv_wr_rdma_write(next(s, 3), s->b.mr->rkey, vt_addr(&s->b, 0));
	set_sge(s, 0, 64);
	vt_check(ibv_wr_complete(s->conn.a.qpx) == EINVAL);
	vt_expect_none(&s->conn.a, 10);
	vt_verify(s->b.data, LEN, 2, 0, "untouched memory");
}

/* Through the whole ring and once more than it holds. */
static void test_full(struct vt_pair *s)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	uint32_t n, room;

	vt_check(!ibv_query_qp(s->conn.a.qp, &attr, IBV_QP_CAP, &init));
	room = attr.cap.max_send_wr;
	start(s);
	for (n = 0; n <= room; n++) {
		ibv_wr_rdma_write(next(s, n), s->b.mr->rkey, vt_addr(&s->b, 0));
		set_sge(s, 0, 64);
	}
	vt_check(ibv_wr_complete(s->conn.a.qpx) == ENOMEM);
	start(s);
	for (n = 0; n < room; n++) {
		ibv_wr_rdma_write(next(s, n), s->b.mr->rkey, vt_addr(&s->b, 0));
		set_sge(s, 0, 64);
	}
	vt_check(!ibv_wr_complete(s->conn.a.qpx));
	for (n = 0; n < room; n++)
		vt_expect_ok(&s->conn.a, n, IBV_WC_RDMA_WRITE);
}

/* Operations that the device has not, and states in which there is nothing to post. */
static void test_refused(struct vt_pair *s)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = s->conn.a.cq,
		.recv_cq = s->conn.a.cq,
		.cap = { 4, 4, 1, 1, 0 },
		.qp_type = IBV_QPT_RC,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = s->dev_a->pd,
		.send_ops_flags = IBV_QP_EX_WITH_TSO,
	};
	struct ibv_qp *qp;

	vt_check(!ibv_create_qp_ex(s->dev_a->ctx, &init) && errno == EOPNOTSUPP);
	init.send_ops_flags = IBV_QP_EX_WITH_SEND;
	qp = ibv_create_qp_ex(s->dev_a->ctx, &init);
	vt_check(qp && ibv_qp_to_qp_ex(qp));
	ibv_wr_start(ibv_qp_to_qp_ex(qp));
	ibv_wr_send(ibv_qp_to_qp_ex(qp));
	vt_check(ibv_wr_complete(ibv_qp_to_qp_ex(qp)) == EINVAL);
	vt_check(!ibv_destroy_qp(qp));
}

static void run(struct vt_pair *s)
{
	const struct vt_conn_attr attr = { .wr_api = true };
	const char *name_a = vt_memory_name(s->mem_a), *name_b = vt_memory_name(s->mem_b);

	vt_pair_open(s, LEN, VT_ACCESS_ALL, &attr);
	vt_case("%s/%s: a list of six kinds", name_a, name_b);
	test_mixed(s);
	vt_case("%s/%s: aborted lists", name_a, name_b);
	test_abort(s);
	vt_case("%s/%s: too much inline data in a list", name_a, name_b);
	test_bad_inline(s);
	vt_case("%s/%s: a list longer than the queue", name_a, name_b);
	test_full(s);
	vt_case("%s/%s: the list works once more", name_a, name_b);
	test_mixed(s);
	vt_case("%s/%s: what is refused", name_a, name_b);
	test_refused(s);
	vt_pair_close(s);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
