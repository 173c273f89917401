// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packets that no peer should send: forged ones arrive at b, from the address that its QPs' peer has.
 * Each kind is dropped and counted by its own counter and by no other, and no QP notices.
 */
#include <arpa/inet.h>
#include <unistd.h>

#include "forge.h"

enum {
	LEN = 5000,
	SEED = 3,
	TIMES = 5, /* packets of each kind */
	SOON = 5000 /* ms until they are counted */
};

/* All that a bad packet may be counted by. */
static const char *const reasons[] = {
	"rcvd_header_err", "rcvd_opcode_err",	 "rcvd_icrc_err",     "rcvd_qpn_err",
	"rcvd_peer_err",   "pkey_violations",	 "qkey_violations",   "rcvd_state_err",
	"rcvd_length_err", "out_of_buffer",	 "uc_request_err",    "stale_response",
	"mcast_unwanted",  "backlog_drops",	 "rp_cnp_handled",    "rp_cnp_ignored",
	"send_seq_err",	   "out_of_seq_request", "duplicate_request",
};

#define REASONS VT_ARRAY_SIZE(reasons)

struct setup {
	struct vt_device *devs[2];
	struct vt_conn rc, uc;
	struct vt_end ud_a, ud_b; /* UD, ready to receive; ud_b has no receive posted */
	struct vt_end ud_idle; /* in INIT */
	struct vt_buf abuf, bbuf;
	int fd;
};

static void count(const struct setup *s, int64_t *n)
{
	vt_counters(s->devs[1], reasons, REASONS, n);
}

/* The RC connection works, from a to b and back. */
static void still_works(struct setup *s)
{
	vt_rdma(&s->rc, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, LEN);
	vt_verify(s->bbuf.data, LEN, SEED, 0, "what was written");
	vt_rdma(&s->rc, IBV_WR_RDMA_READ, &s->abuf, LEN, &s->bbuf, 0, LEN);
	vt_verify(s->abuf.data + LEN, LEN, SEED, 0, "what was read");
	memset(s->bbuf.data, 0, LEN);
	memset(s->abuf.data + LEN, 0, LEN);
	vt_expect_state(&s->rc.a, IBV_QPS_RTS);
	vt_expect_state(&s->rc.b, IBV_QPS_RTS);
	vt_expect_state(&s->ud_b, IBV_QPS_RTS);
	vt_expect_none(&s->ud_b, 1);
}

static void await(const struct setup *s, const char *reason, int64_t wanted)
{
	uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;
	int64_t n;

	while ((n = vt_counter(s->devs[1], reason)) != wanted) {
		if (n < 0)
			vt_fail("%s has no counter %s", s->devs[1]->name, reason);
		if (vt_now_ns() > end_ns)
			vt_fail("%s is %lld instead of %lld", reason, (long long)n,
				(long long)wanted);
	}
}

/* TIMES of this packet are counted by `reason`, and by `also` (may be NULL) whatever it likes. */
static void expect_counted(struct setup *s, const struct vt_forged *forged, const char *reason,
			   const char *also)
{
	int64_t before[REASONS], after[REASONS];
	size_t i;

	count(s, before);
	for (i = 0; i < TIMES; i++)
		vt_forge(s->fd, s->devs[0], s->devs[1], forged);
	for (i = 0; i < REASONS && strcmp(reasons[i], reason); i++)
		;
	vt_check(i < REASONS);
	await(s, reason, before[i] + TIMES);
	count(s, after);
	for (i = 0; i < REASONS; i++) {
		if (!strcmp(reasons[i], reason) || (also && !strcmp(reasons[i], also)))
			continue;
		if (after[i] != before[i])
			vt_fail("%s went from %lld to %lld as well", reasons[i],
				(long long)before[i], (long long)after[i]);
	}
	still_works(s);
}

struct write_body {
	struct rodp_reth reth;
	uint8_t data[64];
} __attribute__((packed));

struct datagram_body {
	struct rodp_deth deth;
	uint8_t data[64];
} __attribute__((packed));

static struct write_body write_body(const struct setup *s)
{
	return (struct write_body){ .reth = { .va = htobe64(vt_addr(&s->bbuf, 0)),
					      .rkey = htobe32(s->bbuf.mr->rkey),
					      .length = htobe32(64) } };
}

/* A WRITE as the RC peer could send it, but with a PSN that was executed long ago. */
static struct vt_forged stale_write(const struct setup *s, const struct write_body *body)
{
	return (struct vt_forged){
		.opcode = RODP_TP_RC | RODP_OP_WRITE_ONLY,
		.dqpn = s->rc.b.qp->qp_num,
		.psn = (s->rc.a.psn - 1000) & 0xffffff,
		.body = body,
		.body_len = sizeof(*body),
	};
}

static void test_headers(struct setup *s)
{
	struct write_body body = write_body(s);
	struct vt_forged good = stale_write(s, &body), bad;

	vt_case("an old request, else right");
	expect_counted(s, &good, "duplicate_request", NULL);
	vt_case("transport version 1");
	bad = good;
	bad.flags = 1;
	expect_counted(s, &bad, "rcvd_header_err", NULL);
	vt_case("half a BTH");
	bad = (struct vt_forged){ .opcode = good.opcode, .dqpn = good.dqpn, .cut = 10 };
	expect_counted(s, &bad, "rcvd_header_err", NULL);
	vt_case("half a RETH");
	bad = good;
	bad.body_len = 8;
	expect_counted(s, &bad, "rcvd_header_err", NULL);
	vt_case("no ICRC");
	bad = good;
	bad.body_len = sizeof(struct rodp_reth);
	bad.cut = RODP_ICRC_BYTES;
	expect_counted(s, &bad, "rcvd_header_err", NULL);
	vt_case("cut short");
	bad = good;
	bad.cut = 20;
	expect_counted(s, &bad, "rcvd_icrc_err", NULL);
	vt_case("IP options");
	bad = good;
	bad.options = true;
	expect_counted(s, &bad, "rcvd_header_err", NULL);
	vt_case("a wrong ICRC");
	bad = good;
	bad.bad_icrc = true;
	expect_counted(s, &bad, "rcvd_icrc_err", NULL);
	vt_case("a wrong ICRC and a wrong P_Key");
	bad.pkey = 0x1234;
	expect_counted(s, &bad, "rcvd_icrc_err", NULL);
}

static void test_opcodes(struct setup *s)
{
	static const uint8_t opcodes[] = { 0x15, 0x1f, 0x40, 0x60, 0x80, 0x82, 0xe0, 0xff };
	struct write_body body = write_body(s);
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(opcodes); i++) {
		struct vt_forged bad = stale_write(s, &body);

		vt_case("opcode 0x%02x", opcodes[i]);
		bad.opcode = opcodes[i];
		expect_counted(s, &bad, "rcvd_opcode_err", NULL);
	}
}

static void test_targets(struct setup *s)
{
	struct write_body body = write_body(s);
	struct vt_forged good = stale_write(s, &body), bad;
	struct in_addr stranger;

	vt_case("a QP that is not there");
	bad = good;
	bad.dqpn = 0xabcdef;
	expect_counted(s, &bad, "rcvd_qpn_err", NULL);
	vt_case("QP 0");
	bad.dqpn = 0;
	expect_counted(s, &bad, "rcvd_qpn_err", NULL);
	vt_case("a UC request for an RC QP");
	bad = good;
	bad.opcode = RODP_TP_UC | RODP_OP_WRITE_ONLY;
	expect_counted(s, &bad, "rcvd_qpn_err", NULL);
	vt_case("an RC request for the multicast QP");
	bad = good;
	bad.dqpn = 0xffffff;
	expect_counted(s, &bad, "rcvd_qpn_err", NULL);
	vt_case("from a stranger");
	bad = good;
	vt_check(inet_pton(AF_INET, "10.77.0.77", &stranger) == 1);
	bad.from = &stranger;
	expect_counted(s, &bad, "rcvd_peer_err", NULL);
	vt_case("an answer to nothing");
	bad = good;
	bad.opcode = RODP_TP_RC | RODP_OP_ACK;
	bad.body_len = sizeof(struct rodp_aeth);
	expect_counted(s, &bad, "stale_response", NULL);
	vt_case("ahead of its time");
	bad = good;
	bad.psn = (good.psn + 100000) & 0xffffff;
	expect_counted(s, &bad, "out_of_seq_request", "send_seq_err");
}

/* IBTA vol. 1, 10.9.1.1: the lower 15 bits must match, and the device is a full member. */
static void test_pkeys(struct setup *s)
{
	static const uint32_t wrong[] = { 0x1234, 0x9234, 0xfffe, 0x7ffe, 0x8000, VT_PKEY_NONE };
	struct write_body body = write_body(s);
	struct vt_forged packet = stale_write(s, &body);
	struct ibv_port_attr before, after;
	size_t i;

	vt_check(!ibv_query_port(s->devs[1]->ctx, 1, &before));
	for (i = 0; i < VT_ARRAY_SIZE(wrong); i++) {
		vt_case("P_Key 0x%04x", wrong[i] & 0xffff);
		packet.pkey = wrong[i];
		expect_counted(s, &packet, "pkey_violations", NULL);
	}
	vt_check(!ibv_query_port(s->devs[1]->ctx, 1, &after));
	vt_check(after.bad_pkey_cntr == before.bad_pkey_cntr + TIMES * VT_ARRAY_SIZE(wrong));
	vt_case("P_Key 0x7fff: a limited member of the default partition");
	packet.pkey = 0x7fff;
	expect_counted(s, &packet, "duplicate_request", NULL);
}

static struct datagram_body datagram_body(const struct setup *s)
{
	return (struct datagram_body){ .deth = { .qkey = htobe32(VT_QKEY),
						 .sqpn = htobe32(s->ud_a.qp->qp_num) } };
}

static void test_datagrams(struct setup *s)
{
	struct ibv_sge room = vt_sge(&s->bbuf, LEN, VT_GRH + 63);
	struct datagram_body body = datagram_body(s), other = body;
	struct vt_forged packet = {
		.opcode = RODP_TP_UD | RODP_OP_SEND_ONLY,
		.dqpn = s->ud_b.qp->qp_num,
		.body = &body,
		.body_len = sizeof(body),
	};
	struct ibv_port_attr before, after;

	vt_check(!ibv_query_port(s->devs[1]->ctx, 1, &before));
	vt_case("no receive for a datagram");
	expect_counted(s, &packet, "out_of_buffer", NULL);
	vt_case("a wrong Q_Key");
	other.deth.qkey = htobe32(VT_QKEY + 1);
	packet.body = &other;
	expect_counted(s, &packet, "qkey_violations", NULL);
	vt_check(!ibv_query_port(s->devs[1]->ctx, 1, &after));
	vt_check(after.qkey_viol_cntr == before.qkey_viol_cntr + TIMES);
	vt_case("a UD QP in INIT");
	packet.body = &body;
	packet.dqpn = s->ud_idle.qp->qp_num;
	expect_counted(s, &packet, "rcvd_state_err", NULL);
	vt_case("to a group that nobody is in");
	packet.dqpn = 0xffffff;
	expect_counted(s, &packet, "mcast_unwanted", NULL);
	vt_case("longer than the receive");
	packet.dqpn = s->ud_b.qp->qp_num;
	vt_recv(&s->ud_b, 9, &room, 1);
	expect_counted(s, &packet, "rcvd_length_err", NULL);
	vt_case("the receive is still there");
	packet.body_len--;
	vt_forge(s->fd, s->devs[0], s->devs[1], &packet);
	vt_expect_ok(&s->ud_b, 9, IBV_WC_RECV);
}

/* Longer than the longest path MTU: for no QP, in no state. */
static void test_too_long(struct setup *s)
{
	static const uint8_t body[4100];
	struct vt_forged packet = {
		.opcode = RODP_TP_RC | RODP_OP_SEND_ONLY,
		.dqpn = s->rc.b.qp->qp_num,
		.psn = s->rc.a.psn,
		.body = body,
		.body_len = sizeof(body),
	};

	vt_case("RC: a packet longer than any path MTU");
	expect_counted(s, &packet, "rcvd_length_err", NULL);
	vt_case("UC: a packet longer than any path MTU");
	packet.opcode = RODP_TP_UC | RODP_OP_SEND_ONLY;
	packet.dqpn = s->uc.b.qp->qp_num;
	expect_counted(s, &packet, "rcvd_length_err", NULL);
}

static void test_unreliable(struct setup *s)
{
	struct write_body body = write_body(s);
	struct vt_forged packet = stale_write(s, &body);

	packet.opcode = RODP_TP_UC | RODP_OP_WRITE_ONLY;
	packet.dqpn = s->uc.b.qp->qp_num;
	packet.psn = s->uc.a.psn;
	body.reth.rkey ^= htobe32(0x100);
	vt_case("UC: a wrong rkey");
	expect_counted(s, &packet, "uc_request_err", "out_of_seq_request");
	vt_case("UC: the middle of nothing");
	packet.opcode = RODP_TP_UC | RODP_OP_WRITE_MIDDLE;
	expect_counted(s, &packet, "uc_request_err", "out_of_seq_request");
	vt_case("UC: no receive");
	packet.opcode = RODP_TP_UC | RODP_OP_SEND_ONLY;
	expect_counted(s, &packet, "out_of_buffer", "out_of_seq_request");
}

static void test_congestion(struct setup *s)
{
	static const uint8_t reserved[RODP_CNP_BYTES];
	struct vt_forged packet = {
		.opcode = RODP_TP_CNP | RODP_OP_NOTIFY,
		.dqpn = s->rc.b.qp->qp_num,
		.body = reserved,
		.body_len = sizeof(reserved),
	};

	vt_case("CNP for an RC QP");
	expect_counted(s, &packet, "rp_cnp_handled", NULL);
	vt_case("CNP for a UC QP, which has no pace");
	packet.dqpn = s->uc.b.qp->qp_num;
	expect_counted(s, &packet, "rp_cnp_ignored", NULL);
	vt_case("CNP, too short");
	packet.body_len = 8;
	expect_counted(s, &packet, "rp_cnp_ignored", NULL);
	vt_case("CNP for nobody");
	packet.body_len = sizeof(reserved);
	packet.dqpn = 0xabcdef;
	expect_counted(s, &packet, "rcvd_qpn_err", NULL);
	vt_case("CNP with a wrong P_Key");
	packet.dqpn = s->rc.b.qp->qp_num;
	packet.pkey = 0x1234;
	expect_counted(s, &packet, "pkey_violations", NULL);
}

/* A UD QP that does not receive yet. */
static void open_idle(struct setup *s)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RESET };

	vt_ud_open(&s->ud_idle, s->devs[1], false);
	vt_check(!ibv_modify_qp(s->ud_idle.qp, &attr, IBV_QP_STATE));
	attr = (struct ibv_qp_attr){ .qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = VT_QKEY };
	vt_check(!ibv_modify_qp(s->ud_idle.qp, &attr,
				IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY));
}

static void open_all(struct setup *s)
{
	if (vt_is_rxe(s->devs[1]))
		vt_skip("is about what rodp counts");
	vt_connect(&s->rc, s->devs[0], s->devs[1], NULL);
	vt_connect(&s->uc, s->devs[0], s->devs[1], &(struct vt_conn_attr){ .qp_type = IBV_QPT_UC });
	vt_ud_open(&s->ud_a, s->devs[0], false);
	vt_ud_open(&s->ud_b, s->devs[1], false);
	open_idle(s);
	vt_buf_make(&s->abuf, s->devs[0], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->bbuf, s->devs[1], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s->abuf.data, LEN, SEED, 0);
	s->fd = vt_forge_open();
}

static void close_all(struct setup *s)
{
	close(s->fd);
	vt_disconnect(&s->rc);
	vt_disconnect(&s->uc);
	vt_end_close(&s->ud_a);
	vt_end_close(&s->ud_b);
	vt_end_close(&s->ud_idle);
	vt_buf_free(&s->abuf);
	vt_buf_free(&s->bbuf);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts(); /* to forge what one sends to the other */
	open_all(&s);
	vt_case("before all that");
	still_works(&s);
	test_headers(&s);
	test_opcodes(&s);
	test_targets(&s);
	test_pkeys(&s);
	test_datagrams(&s);
	test_too_long(&s);
	test_unreliable(&s);
	test_congestion(&s);
	close_all(&s);
	return vt_finish(s.devs[0], s.devs[1]);
}
