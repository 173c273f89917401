// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Datagrams arrive whole behind a GRH that names their sender, with every kind of memory on both
 * sides, through both posting interfaces; and what is not wanted does no harm.
 */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "vt.h"

#define LEN (3 * 4096)
#define AT  100
#define IMM 0x01020304u

enum {
	SEED_A = 1,
	SEED_B = 2
};

struct setup {
	struct vt_end a, b;
	struct vt_buf abuf, bbuf;
	struct vt_to to; /* b */
	uint32_t mtu;
	bool cold;
};

static void prepare(struct setup *s)
{
	vt_fill(s->abuf.data, LEN, SEED_A, 0);
	vt_fill(s->bbuf.data, LEN, SEED_B, 0);
	if (s->cold) {
		vt_buf_cool(&s->bbuf);
	}
}

static struct vt_op datagram(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->abuf, AT, len) },
		.num_sge = 1,
		.imm = IMM,
		.to = s->to,
	};
}

static void recv_at(struct setup *s, uint64_t wr_id, uint32_t room)
{
	struct ibv_sge sge = vt_sge(&s->bbuf, AT + 1, room);

	vt_recv(&s->b, wr_id, &sge, 1);
}

static uint16_t sum16(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_grh4(const struct setup *s, const uint8_t *grh)
{
	const uint8_t *ip = grh + VT_GRH - sizeof(struct iphdr);

	vt_check(ip[0] == 0x45);
	vt_check(ip[9] == IPPROTO_UDP);
	vt_check(sum16(ip, sizeof(struct iphdr)) == 0xffff);
	vt_check(!memcmp(ip + 12, s->a.dev->gid.raw + 12, 4));
	vt_check(!memcmp(ip + 16, s->b.dev->gid.raw + 12, 4));
}

/* Exactly one GRH and len bytes of the source arrived, and nothing around them changed. */
static void check_arrived(struct setup *s, struct ibv_wc wc, enum ibv_wr_opcode opcode,
			  uint32_t len)
{
	const size_t at = AT + 1;

	vt_check(wc.byte_len == VT_GRH + len);
	vt_check(wc.wc_flags & IBV_WC_GRH);
	vt_check(wc.src_qp == s->a.qp->qp_num);
	vt_check(!!(wc.wc_flags & IBV_WC_WITH_IMM) == (opcode == IBV_WR_SEND_WITH_IMM));
	if (opcode == IBV_WR_SEND_WITH_IMM)
		vt_check(be32toh(wc.imm_data) == IMM);
	vt_verify(s->bbuf.data + at + VT_GRH, len, SEED_A, AT, "the data");
	vt_verify_around(&s->bbuf, at, VT_GRH + len, s->cold, SEED_B);
	vt_verify_guards(&s->abuf, "a");
}

static void test_send(struct setup *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	struct vt_op op = datagram(s, opcode, len);

	prepare(s);
	recv_at(s, 8, VT_GRH + len);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, 8, IBV_WC_RECV), opcode, len);
	check_grh4(s, s->bbuf.data + AT + 1);
}

/* The data is taken when it is posted. */
static void test_inline(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, s->a.max_inline);

	op.flags = IBV_SEND_INLINE;
	op.sge[0].lkey = 0xdead;
	prepare(s);
	recv_at(s, 8, LEN - AT - 1);
	vt_post(&s->a, &op);
	memset(s->abuf.data + AT, 0xee, s->a.max_inline);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, 8, IBV_WC_RECV), IBV_WR_SEND, s->a.max_inline);
}

/* Out of several pieces into several pieces, the first of which cuts the GRH. */
static void test_lists(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 500);
	struct ibv_sge room[3] = {
		vt_sge(&s->bbuf, AT + 1, 17),
		vt_sge(&s->bbuf, AT + 18, 61),
		vt_sge(&s->bbuf, AT + 79, 2000),
	};

	op.sge[1] = vt_sge(&s->abuf, AT + 500, 3);
	op.sge[2] = vt_sge(&s->abuf, AT + 503, 497);
	op.num_sge = 3;
	prepare(s);
	vt_recv(&s->b, 8, room, 3);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, 8, IBV_WC_RECV), IBV_WR_SEND, 1000);
}

/* A datagram after something that was dropped, to show that it took nothing with it. */
static void still_works(struct setup *s, uint64_t recv_id, uint32_t len)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, len);

	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, recv_id, IBV_WC_RECV), IBV_WR_SEND, len);
}

static void test_wrong_qkey(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 64);

	prepare(s);
	recv_at(s, 8, LEN - AT - 1);
	op.to.qkey = VT_QKEY + 1;
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	vt_expect_none(&s->b, 20);
	still_works(s, 8, 200);
}

/* The highest bit of a Q_Key asks for the QP's own. */
static void test_own_qkey(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 64);

	prepare(s);
	recv_at(s, 8, LEN - AT - 1);
	op.to.qkey = 0x80000000u;
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, 8, IBV_WC_RECV), IBV_WR_SEND, 64);
}

static void test_no_receive(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 64);

	prepare(s);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	vt_expect_none(&s->b, 20);
	recv_at(s, 8, LEN - AT - 1);
	still_works(s, 8, 65);
}

/* What does not fit a receive leaves it for what does. */
static void test_receive_too_short(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 101);

	prepare(s);
	recv_at(s, 8, VT_GRH + 100);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	vt_expect_none(&s->b, 20);
	still_works(s, 8, 100);
}

/* Stops the send queue, and nothing else, until it is told to go on. */
static void expect_stopped(struct setup *s, struct vt_op *op, enum ibv_wc_status status)
{
	struct vt_op next = datagram(s, IBV_WR_SEND, 64);

	next.wr_id = 9;
	vt_post(&s->a, op);
	vt_expect(&s->a, 7, status);
	vt_expect_state(&s->a, IBV_QPS_SQE);
	vt_post(&s->a, &next);
	vt_expect(&s->a, 9, IBV_WC_WR_FLUSH_ERR);
	vt_ud_recover(&s->a);
	still_works(s, 8, 64);
}

static void test_too_long(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, s->mtu + 1);

	prepare(s);
	recv_at(s, 8, LEN - AT - 1);
	expect_stopped(s, &op, IBV_WC_LOC_LEN_ERR);
}

static void test_bad_lkey(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND, 64);

	prepare(s);
	recv_at(s, 8, LEN - AT - 1);
	op.sge[0].lkey = 0xdead;
	expect_stopped(s, &op, IBV_WC_LOC_PROT_ERR);
}

/* What a UD QP has no operation for is refused when it is posted. */
static void test_no_such_operation(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->abuf, 0, 8);
	struct ibv_send_wr *bad;
	struct ibv_send_wr wr = { .sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_RDMA_WRITE };

	vt_check(ibv_post_send(s->a.qp, &wr, &bad));
	vt_expect_none(&s->a, 10);
}

/* The GRH tells enough to answer. */
static void test_answer(struct setup *s)
{
	struct ibv_sge room = vt_sge(&s->abuf, 2000, VT_GRH + 64);
	struct vt_op op = datagram(s, IBV_WR_SEND, 64), answer = op;
	struct ibv_wc wc;

	prepare(s);
	s->cold = false;
	recv_at(s, 8, VT_GRH + 64);
	vt_recv(&s->a, 10, &room, 1);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	wc = vt_expect_ok(&s->b, 8, IBV_WC_RECV);
	answer.sge[0] = vt_sge(&s->bbuf, AT + 1 + VT_GRH, 64);
	answer.to = (struct vt_to){ .qpn = wc.src_qp, .qkey = VT_QKEY };
	answer.to.ah = ibv_create_ah_from_wc(s->b.dev->pd, &wc,
					     (struct ibv_grh *)(s->bbuf.data + AT + 1), 1);
	if (!answer.to.ah)
		vt_fail("ibv_create_ah_from_wc: %m");
	vt_post(&s->b, &answer);
	vt_expect_ok(&s->b, 7, IBV_WC_SEND);
	vt_expect_ok(&s->a, 10, IBV_WC_RECV);
	vt_verify(s->abuf.data + 2000 + VT_GRH, 64, SEED_A, AT, "the answer");
	vt_check(!ibv_destroy_ah(answer.to.ah));
}

/* The first IPv6 address that is not a link's own; false: there is none. */
static bool find_ipv6(struct vt_device *dev, struct ibv_gid_entry *entry)
{
	struct ibv_gid_entry all[256];
	ssize_t i, n = ibv_query_gid_table(dev->ctx, all, VT_ARRAY_SIZE(all), 0);

	for (i = 0; i < n; i++) {
		const uint8_t *raw = all[i].gid.raw;

		if (all[i].gid_type == IBV_GID_TYPE_ROCE_V2 && raw[0] == 0xfd) {
			*entry = all[i];
			return true;
		}
	}
	return false;
}

static void test_ipv6(struct setup *s)
{
	struct vt_op op = datagram(s, IBV_WR_SEND_WITH_IMM, 700);
	const uint8_t *grh = s->bbuf.data + AT + 1;
	struct ibv_gid_entry from, to;

	if (!find_ipv6(s->a.dev, &from) || !find_ipv6(s->b.dev, &to))
		vt_fail("no IPv6 GID on %s or %s", s->a.dev->name, s->b.dev->name);
	prepare(s);
	op.to.ah = vt_ah(&s->a, &to.gid, from.gid_index);
	recv_at(s, 8, VT_GRH + 700);
	vt_post(&s->a, &op);
	vt_expect_ok(&s->a, 7, IBV_WC_SEND);
	check_arrived(s, vt_expect_ok(&s->b, 8, IBV_WC_RECV), IBV_WR_SEND_WITH_IMM, 700);
	vt_check(grh[0] >> 4 == 6);
	vt_check(!memcmp(grh + 8, from.gid.raw, 16));
	vt_check(!memcmp(grh + 24, to.gid.raw, 16));
	vt_check(!ibv_destroy_ah(op.to.ah));
}

static void run_all(struct setup *s, const char *what)
{
	const uint32_t lens[] = { 1, 255, 1024, s->mtu };
	bool from_rxe = vt_is_rxe(s->a.dev), to_rxe = vt_is_rxe(s->b.dev);
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(lens); i++) {
		vt_case("%s: SEND of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND, lens[i]);
		vt_case("%s: SEND_IMM of %u bytes", what, lens[i]);
		test_send(s, IBV_WR_SEND_WITH_IMM, lens[i]);
	}
	vt_case("%s: inline", what);
	test_inline(s);
	if (!from_rxe || !s->a.qpx) { /* librxe's lists, see rc_ops.c */
		vt_case("%s: several pieces", what);
		test_lists(s);
	}
	vt_case("%s: IPv6", what);
	test_ipv6(s);
	vt_case("%s: wrong Q_Key", what);
	test_wrong_qkey(s);
	if (!from_rxe) { /* sends the number as it is */
		vt_case("%s: own Q_Key", what);
		test_own_qkey(s);
	}
	vt_case("%s: no receive", what);
	test_no_receive(s);
	if (!to_rxe) {
		vt_case("%s: receive too short", what);
		test_receive_too_short(s);
	}
	if (!from_rxe) {
		vt_case("%s: longer than a packet", what);
		test_too_long(s);
		vt_case("%s: bad lkey", what);
		test_bad_lkey(s);
		if (!s->a.qpx) {
			vt_case("%s: WRITE", what);
			test_no_such_operation(s);
		}
	}
	vt_case("%s: answer", what);
	test_answer(s);
}

static uint32_t path_mtu(const struct setup *s)
{
	uint32_t a = vt_mtu_bytes(s->a.dev->port.active_mtu);
	uint32_t b = vt_mtu_bytes(s->b.dev->port.active_mtu);

	return a < b ? a : b;
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct vt_device **devs = arg;
	struct setup s = {};
	char what[96];
	int api, cold;

	for (api = 0; api < 2; api++) {
		vt_ud_open(&s.a, devs[0], api);
		vt_ud_open(&s.b, devs[1], api);
		s.mtu = path_mtu(&s);
		s.to = (struct vt_to){
			.ah = vt_ah(&s.a, &devs[1]->gid, devs[0]->gid_index),
			.qpn = s.b.qp->qp_num,
			.qkey = VT_QKEY,
		};
		vt_buf_make(&s.abuf, devs[0], LEN, a, IBV_ACCESS_LOCAL_WRITE);
		vt_buf_make(&s.bbuf, devs[1], LEN, b, IBV_ACCESS_LOCAL_WRITE);
		for (cold = 0; cold < (b == VT_ODP ? 2 : 1); cold++) {
			s.cold = cold;
			snprintf(what, sizeof(what), "%s/%s, %s, %s", vt_memory_name(a),
				 vt_memory_name(b), api ? "ibv_wr" : "ibv_post_send",
				 cold ? "cold" : "warm");
			run_all(&s, what);
		}
		vt_check(!ibv_destroy_ah(s.to.ah));
		vt_end_close(&s.a);
		vt_end_close(&s.b);
		vt_buf_free(&s.abuf);
		vt_buf_free(&s.bbuf);
	}
}

int main(int argc, char **argv)
{
	return vt_main_each_memory(argc, argv, run);
}
