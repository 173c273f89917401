// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Every RC operation does what the verbs say, with every kind of memory on both
 * sides, through both posting interfaces, warm and cold.
 */
#include "vt.h"

#define LEN   (3 * 4096)
#define AT    100 /* where the data goes: neither a page's begin nor a word's */
#define BYTES 5000
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

/* Known contents on both sides; a cold target holds zeros nobody has touched. */
static void prepare(struct setup *s, struct vt_buf *target)
{
	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	if (s->cold)
		vt_buf_cool(target);
}

/* Exactly [at, at + len) of the target came from [from, from + len) of the source. */
static void check_moved(struct setup *s, struct vt_buf *target, size_t at, size_t len,
			uint64_t source_seed, size_t from)
{
	uint64_t old = target == &s->a ? SEED_A : SEED_B;

	vt_verify(target->data + at, len, source_seed, from, "the data");
	vt_verify_around(target, at, len, s->cold, old);
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
}

static struct vt_op one_sided(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
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

static void test_write(struct setup *s, uint32_t len)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, len);

	prepare(s, &s->b);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	check_moved(s, &s->b, AT + 1, len, SEED_A, AT);
}

static void test_write_imm(struct setup *s, uint32_t len)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE_WITH_IMM, len);
	struct ibv_wc wc;

	prepare(s, &s->b);
	vt_recv(&s->conn.b, 8, NULL, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	wc = vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV_RDMA_WITH_IMM);
	vt_check(wc.wc_flags & IBV_WC_WITH_IMM);
	vt_check(be32toh(wc.imm_data) == IMM);
	vt_check(wc.byte_len == len);
	check_moved(s, &s->b, AT + 1, len, SEED_A, AT);
}

static void test_read(struct setup *s, uint32_t len)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_READ, len);

	prepare(s, &s->a);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	check_moved(s, &s->a, AT, len, SEED_B, AT + 1);
}

static void test_send(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	struct ibv_sge room = vt_sge(&s->b, AT + 1, LEN - AT - 1);
	struct vt_op op = one_sided(s, opcode, len);
	struct ibv_wc wc;

	prepare(s, &s->b);
	vt_recv(&s->conn.b, 8, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_SEND);
	wc = vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV);
	vt_check(wc.byte_len == len);
	vt_check(!!(wc.wc_flags & IBV_WC_WITH_IMM) == (opcode == IBV_WR_SEND_WITH_IMM));
	if (opcode == IBV_WR_SEND_WITH_IMM)
		vt_check(be32toh(wc.imm_data) == IMM);
	check_moved(s, &s->b, AT + 1, len, SEED_A, AT);
}

/* Inline data is taken when it is posted: what the buffer holds later is not sent. */
static void test_inline(struct setup *s, enum ibv_wr_opcode opcode)
{
	uint32_t len = s->conn.a.max_inline;
	struct vt_op op = one_sided(s, opcode, len);
	struct ibv_sge room = vt_sge(&s->b, AT + 1, len);

	op.flags = IBV_SEND_INLINE;
	op.sge[0].lkey = 0xdead;
	prepare(s, &s->b);
	if (opcode == IBV_WR_SEND)
		vt_recv(&s->conn.b, 8, &room, 1);
	vt_post(&s->conn.a, &op);
	memset(s->a.data + AT, 0xee, len);
	vt_expect_ok(&s->conn.a, 7, opcode == IBV_WR_SEND ? IBV_WC_SEND : IBV_WC_RDMA_WRITE);
	if (opcode == IBV_WR_SEND)
		vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV);
	check_moved(s, &s->b, AT + 1, len, SEED_A, AT);
}

/* More inline data than the QP has room for is refused, also when its sum wraps. */
static void test_inline_too_long(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, s->conn.a.max_inline + 4096);

	op.flags = IBV_SEND_INLINE;
	vt_check(vt_try_post(&s->conn.a, &op));
	if (vt_is_rxe(s->conn.a.dev))
		return; /* rxe sums up in 32 bits */
	op.sge[0].length = 0xfffffff0u;
	op.sge[1] = vt_sge(&s->a, 0, 0x20);
	op.num_sge = 2;
	vt_check(vt_try_post(&s->conn.a, &op));
	vt_expect_none(&s->conn.a, 10);
}

/* A list of pieces in odd sizes; together the bytes from AT on. */
static int cut(const struct vt_buf *buf, struct ibv_sge *sge, int max, size_t at, size_t len)
{
	static const uint32_t sizes[] = { 1, 4097, 0, 63, 2, 700 };
	uint32_t piece;
	int n = 0;

	while (len && n < max) {
		piece = n == max - 1 ? len : sizes[n % VT_ARRAY_SIZE(sizes)];
		if (piece > len)
			piece = len;
		sge[n++] = vt_sge(buf, at, piece);
		at += piece;
		len -= piece;
	}
	return n;
}

static void test_gather_write(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, BYTES);

	op.num_sge = cut(&s->a, op.sge, s->conn.a.max_sge, AT, BYTES);
	prepare(s, &s->b);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	check_moved(s, &s->b, AT + 1, BYTES, SEED_A, AT);
}

static void test_scatter_read(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_READ, BYTES);

	op.num_sge = cut(&s->a, op.sge, s->conn.a.max_sge, AT, BYTES);
	prepare(s, &s->a);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	check_moved(s, &s->a, AT, BYTES, SEED_B, AT + 1);
}

static void test_gather_scatter_send(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_SEND, BYTES);
	struct ibv_sge room[VT_MAX_SGE];
	int n;

	op.num_sge = cut(&s->a, op.sge, s->conn.a.max_sge, AT, BYTES);
	n = cut(&s->b, room, s->conn.b.max_sge, AT + 1, BYTES + 17);
	prepare(s, &s->b);
	vt_recv(&s->conn.b, 8, room, n);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_SEND);
	vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV);
	check_moved(s, &s->b, AT + 1, BYTES, SEED_A, AT);
}

/* An operation without data needs no buffer and no key. */
static void test_zero_length(struct setup *s, enum ibv_wr_opcode opcode, enum ibv_wc_opcode wc)
{
	struct vt_op op = { .opcode = opcode, .wr_id = 7, .rkey = s->b.mr->rkey };
	struct ibv_wc recv;

	op.remote_addr = vt_addr(&s->b, 0);
	prepare(s, &s->b);
	if (opcode == IBV_WR_SEND)
		vt_recv(&s->conn.b, 8, NULL, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, wc);
	if (opcode == IBV_WR_SEND) {
		recv = vt_expect_ok(&s->conn.b, 8, IBV_WC_RECV);
		vt_check(recv.byte_len == 0);
	}
	check_moved(s, &s->b, 0, 0, SEED_A, 0);
}

static uint64_t load(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Returns what the operation fetched; checks that nothing around both words changed. */
static uint64_t atomic(struct setup *s, enum ibv_wr_opcode opcode, uint64_t compare_add,
		       uint64_t swap, enum ibv_wc_opcode wc)
{
	const size_t word = 4096 - 8;
	struct vt_op op = one_sided(s, opcode, 8);

	op.sge[0] = vt_sge(&s->a, word + 4, 8); /* crosses a page on our side */
	op.remote_addr = vt_addr(&s->b, word);
	op.compare_add = compare_add;
	op.swap = swap;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, wc);
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_verify(s->b.data + 4096, LEN - 4096, SEED_B, 4096, "behind the word");
	vt_verify(s->a.data, word + 4, SEED_A, 0, "before the result");
	vt_verify(s->a.data + word + 12, LEN - word - 12, SEED_A, word + 12, "behind the result");
	return load(s->a.data + word + 4);
}

static void test_fetch_add(struct setup *s)
{
	uint64_t old, add = 0x0123456789abcdefull;

	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	old = load(s->b.data + 4088);
	vt_check(atomic(s, IBV_WR_ATOMIC_FETCH_AND_ADD, add, 0, IBV_WC_FETCH_ADD) == old);
	vt_check(load(s->b.data + 4088) == old + add);
}

static void test_cmp_swp(struct setup *s)
{
	uint64_t old, new = 0xfedcba9876543210ull;

	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	old = load(s->b.data + 4088);
	vt_check(atomic(s, IBV_WR_ATOMIC_CMP_AND_SWP, old + 1, new, IBV_WC_COMP_SWAP) == old);
	vt_check(load(s->b.data + 4088) == old);
	vt_check(atomic(s, IBV_WR_ATOMIC_CMP_AND_SWP, old, new, IBV_WC_COMP_SWAP) == old);
	vt_check(load(s->b.data + 4088) == new);
}

/* librxe's ibv_wr_set_sge_list() adds up the first piece's length only. */
static bool has_lists(const struct setup *s)
{
	return !s->conn.a.qpx || !vt_is_rxe(s->conn.a.dev);
}

static bool has_atomics(const struct setup *s)
{
	return s->conn.a.dev->attr.orig_attr.atomic_cap != IBV_ATOMIC_NONE &&
	       s->conn.b.dev->attr.orig_attr.atomic_cap != IBV_ATOMIC_NONE;
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
		vt_case("%s: READ of %u bytes", what, lens[i]);
		test_read(s, lens[i]);
		vt_case("%s: SEND of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND, lens[i]);
		vt_case("%s: SEND_IMM of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND_WITH_IMM, lens[i]);
	}
	vt_case("%s: inline SEND", what);
	test_inline(s, IBV_WR_SEND);
	vt_case("%s: inline WRITE", what);
	test_inline(s, IBV_WR_RDMA_WRITE);
	if (has_lists(s)) {
		vt_case("%s: WRITE of several pieces", what);
		test_gather_write(s);
		vt_case("%s: READ into several pieces", what);
		test_scatter_read(s);
		vt_case("%s: SEND of several pieces into several pieces", what);
		test_gather_scatter_send(s);
	}
	vt_case("%s: SEND of nothing", what);
	test_zero_length(s, IBV_WR_SEND, IBV_WC_SEND);
	vt_case("%s: WRITE of nothing", what);
	test_zero_length(s, IBV_WR_RDMA_WRITE, IBV_WC_RDMA_WRITE);
	vt_case("%s: READ of nothing", what);
	test_zero_length(s, IBV_WR_RDMA_READ, IBV_WC_RDMA_READ);
	if (!has_atomics(s))
		return;
	vt_case("%s: FETCH_ADD", what);
	test_fetch_add(s);
	vt_case("%s: CMP_SWP", what);
	test_cmp_swp(s);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct vt_device **devs = arg;
	struct setup s;
	char what[96];
	int api, cold;

	for (api = 0; api < 2; api++) {
		struct vt_conn_attr attr = { .wr_api = api, .max_inline = 60 };

		vt_connect(&s.conn, devs[0], devs[1], &attr);
		vt_buf_make(&s.a, devs[0], LEN, a, VT_ACCESS_ALL);
		vt_buf_make(&s.b, devs[1], LEN, b, VT_ACCESS_ALL);
		for (cold = 0; cold < 2; cold++) {
			/* Giving back pinned pages parts the process from the device. */
			s.cold = cold;
			if (cold && (a == VT_PINNED || b == VT_PINNED))
				break;
			snprintf(what, sizeof(what), "%s/%s, %s, %s", vt_memory_name(a),
				 vt_memory_name(b), api ? "ibv_wr" : "ibv_post_send",
				 cold ? "cold" : "warm");
			run_all(&s, what);
		}
		vt_case("%s/%s: too much inline data", vt_memory_name(a), vt_memory_name(b));
		test_inline_too_long(&s);
		vt_disconnect(&s.conn);
		vt_buf_free(&s.a);
		vt_buf_free(&s.b);
	}
}

int main(int argc, char **argv)
{
	return vt_main_each_memory(argc, argv, run);
}
