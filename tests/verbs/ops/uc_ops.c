// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * UC: every operation with every kind of memory on both sides; and a message that is refused or
 * broken off is lost, without a word to its sender and without harm to the next.
 */
#include "vt.h"

#define LEN   (5 * 4096)
#define AT    100
#define BYTES 9000 /* three packets at the largest MTU */
#define IMM   0x01020304u

enum {
	SEED_A = 1,
	SEED_B = 2
};

struct setup {
	struct vt_conn conn;
	struct vt_buf a, b;
	bool cold;
};

static void prepare(struct setup *s)
{
	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	if (s->cold)
		vt_buf_cool(&s->b);
}

/* len bytes from AT on of a are at AT + 1 of b, and nothing else changed. */
static void check_moved(struct setup *s, size_t len)
{
	vt_verify(s->b.data + AT + 1, len, SEED_A, AT, "the data");
	vt_verify_around(&s->b, AT + 1, len, s->cold, SEED_B);
	vt_verify_guards(&s->a, "a");
}

static struct vt_op request(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->a, AT, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, AT + 1),
		.rkey = s->b.mr->rkey,
		.imm = IMM,
	};
}

static void recv_at(struct setup *s, uint32_t room)
{
	struct ibv_sge sge = vt_sge(&s->b, AT + 1, room);

	vt_recv(&s->conn.b, 8, &sge, 1);
}

/* A completed WRITE says nothing about the far side: one with immediate data behind it does. */
static void test_write(struct setup *s, uint32_t len)
{
	struct vt_op op = request(s, IBV_WR_RDMA_WRITE, len), end = op;

	prepare(s);
	vt_recv(&s->conn.b, 8, NULL, 0);
	end.opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
	end.num_sge = 0;
	vt_post(&s->conn.a, &op);
	vt_post(&s->conn.a, &end);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	vt_check(vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV_RDMA_WITH_IMM).byte_len == 0);
	check_moved(s, len);
}

static void test_write_imm(struct setup *s, uint32_t len)
{
	struct vt_op op = request(s, IBV_WR_RDMA_WRITE_WITH_IMM, len);
	struct ibv_wc wc;

	prepare(s);
	vt_recv(&s->conn.b, 8, NULL, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	wc = vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV_RDMA_WITH_IMM);
	vt_check(be32toh(wc.imm_data) == IMM && wc.byte_len == len);
	check_moved(s, len);
}

static void send_arrives(struct setup *s, struct vt_op *op, uint32_t len)
{
	struct ibv_wc wc;

	vt_post(&s->conn.a, op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_SEND);
	wc = vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV);
	vt_check(wc.byte_len == len);
	if (!vt_is_rxe(s->conn.b.dev)) /* names another */
		vt_check(wc.src_qp == s->conn.a.qp->qp_num);
	vt_check(!!(wc.wc_flags & IBV_WC_WITH_IMM) == (op->opcode == IBV_WR_SEND_WITH_IMM));
	check_moved(s, len);
}

static void test_send(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	struct vt_op op = request(s, opcode, len);

	prepare(s);
	recv_at(s, LEN - AT - 1);
	send_arrives(s, &op, len);
}

static void test_inline(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_SEND, s->conn.a.max_inline);

	op.flags = IBV_SEND_INLINE;
	op.sge[0].lkey = 0xdead;
	prepare(s);
	recv_at(s, LEN - AT - 1);
	send_arrives(s, &op, s->conn.a.max_inline);
}

static void test_pieces(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_SEND, 4097);

	op.sge[1] = vt_sge(&s->a, AT + 4097, 3);
	op.sge[2] = vt_sge(&s->a, AT + 4100, 4900);
	op.num_sge = 3;
	prepare(s);
	recv_at(s, LEN - AT - 1);
	send_arrives(s, &op, 9000);
}

/* op is sent and lost: its receive, if it took one, serves the next message. */
static void expect_lost(struct setup *s, struct vt_op *op, enum ibv_wc_opcode opcode)
{
	struct vt_op next = request(s, IBV_WR_SEND, 200);

	vt_post(&s->conn.a, op);
	vt_expect_ok(&s->conn.a, 7, opcode);
	vt_expect_none(&s->conn.b, 20);
	send_arrives(s, &next, 200);
}

static void test_bad_rkey(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_RDMA_WRITE_WITH_IMM, BYTES);

	op.rkey ^= 0x5500;
	prepare(s);
	recv_at(s, LEN - AT - 1);
	expect_lost(s, &op, IBV_WC_RDMA_WRITE);
}

static void test_no_receive(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_SEND, BYTES);

	prepare(s);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_SEND);
	vt_expect_none(&s->conn.b, 20);
	test_send(s, IBV_WR_SEND, 200);
}

static void test_receive_too_short(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_SEND, 201);

	prepare(s);
	recv_at(s, 200);
	expect_lost(s, &op, IBV_WC_SEND);
}

/* The requester's memory ends in the midst of a message: a gap, and what follows it arrives. */
static void test_broken_off(struct setup *s)
{
	struct vt_op op = request(s, IBV_WR_SEND, BYTES), next = request(s, IBV_WR_SEND, BYTES);

	op.sge[1] = vt_sge(&s->a, 0, 100);
	op.sge[1].lkey = 0xdead;
	op.num_sge = 2;
	prepare(s);
	recv_at(s, LEN - AT - 1);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 7, IBV_WC_LOC_PROT_ERR);
	vt_expect_state(&s->conn.a, IBV_QPS_SQE);
	vt_expect_none(&s->conn.b, 20);
	vt_to_state(&s->conn.a, IBV_QPS_RTS);
	send_arrives(s, &next, BYTES);
}

static void test_no_read(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->a, 0, 8);
	struct ibv_send_wr *bad;
	struct ibv_send_wr wr = { .sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_RDMA_READ };

	vt_check(ibv_post_send(s->conn.a.qp, &wr, &bad));
	vt_expect_none(&s->conn.a, 10);
}

static void run_all(struct setup *s, const char *what)
{
	static const uint32_t lens[] = { 1, 255, 4096, BYTES };
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(lens); i++) {
		vt_case("%s: WRITE of %u bytes", what, lens[i]);
		test_write(s, lens[i]);
		vt_case("%s: WRITE_IMM of %u bytes", what, lens[i]);
		test_write_imm(s, lens[i]);
		vt_case("%s: SEND of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND, lens[i]);
		vt_case("%s: SEND_IMM of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND_WITH_IMM, lens[i]);
	}
	vt_case("%s: inline", what);
	test_inline(s);
	if (!vt_is_rxe(s->conn.a.dev) || !s->conn.a.qpx) { /* librxe's lists, see rc_ops.c */
		vt_case("%s: several pieces", what);
		test_pieces(s);
	}
	vt_case("%s: bad rkey", what);
	test_bad_rkey(s);
	vt_case("%s: no receive", what);
	test_no_receive(s);
	if (!vt_is_rxe(s->conn.b.dev)) { /* fails the receive instead */
		vt_case("%s: receive too short", what);
		test_receive_too_short(s);
	}
	/* rxe has other errors as a sender, and as a receiver loses the next message, too. */
	if (!vt_is_rxe(s->conn.a.dev) && !vt_is_rxe(s->conn.b.dev)) {
		vt_case("%s: broken off", what);
		test_broken_off(s);
	}
	if (!s->conn.a.qpx && !vt_is_rxe(s->conn.a.dev)) {
		vt_case("%s: READ", what);
		test_no_read(s);
	}
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct vt_device **devs = arg;
	struct setup s;
	char what[96];
	int api, cold;

	for (api = 0; api < 2; api++) {
		struct vt_conn_attr attr = {
			.qp_type = IBV_QPT_UC,
			.wr_api = api,
			.access = IBV_ACCESS_REMOTE_WRITE,
		};

		vt_connect(&s.conn, devs[0], devs[1], &attr);
		vt_buf_make(&s.a, devs[0], LEN, a, VT_ACCESS_ALL);
		vt_buf_make(&s.b, devs[1], LEN, b, VT_ACCESS_ALL);
		for (cold = 0; cold < (b == VT_ODP ? 2 : 1); cold++) {
			s.cold = cold;
			snprintf(what, sizeof(what), "%s/%s, %s, %s", vt_memory_name(a),
				 vt_memory_name(b), api ? "ibv_wr" : "ibv_post_send",
				 cold ? "cold" : "warm");
			run_all(&s, what);
		}
		vt_disconnect(&s.conn);
		vt_buf_free(&s.a);
		vt_buf_free(&s.b);
	}
}

int main(int argc, char **argv)
{
	return vt_main_each_memory(argc, argv, run);
}
