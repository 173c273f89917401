// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * One packet at each edge, from a peer's exact addresses and with all else right: PSNs around the one that is
 * expected, lengths and addresses around the ends of a region, answers around what was asked for. The packet
 * in the middle of the window is executed, which proves the others; they are not, nothing is
 * written that nobody may write, and a connection fails only where the specification has it fail.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "forge.h"
#include "ground.h"
#include "show.h"

enum {
	MTU = 1024,
	MARK = 0xee,
	LEN = 64, /* of a forged WRITE */
	AT = 4096, /* where it goes, in the open part of the ground */
	END = VT_GROUND_PART,
	SEED = 11,
	SOON = 5000 /* ms until a packet is counted */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_ground ground; /* b's */
	struct vt_buf buf; /* a's */
	uint8_t *vast; /* b's: VAST bytes of addresses, of which few have memory */
	struct ibv_mr *vast_mr; /* of them, on demand */
	struct vt_ends ends;
	int to_a, to_b; /* sockets */
};

/* ---- packets ---- */

static uint8_t opcode_of(const struct setup *s, enum rodp_op op)
{
	static const uint8_t transports[] = { RODP_TP_RC, RODP_TP_UC, RODP_TP_UD, RODP_TP_XRC };

	return transports[s->ends.transport] | op;
}

/* From one end to the other, as that one would send it. */
static void forge(struct setup *s, bool to_b, enum rodp_op op, uint32_t psn,
		  const struct vt_headers *headers, const void *payload, size_t len)
{
	struct vt_device *from = s->devs[!to_b], *to = s->devs[to_b];
	uint8_t body[VT_HEADERS_BYTES + 4096];
	struct vt_forged forged = {
		.from6 = &from->gid,
		.to6 = &to->gid,
		.opcode = opcode_of(s, op),
		.dqpn = (to_b ? s->ends.b.qp : s->ends.a.qp)->qp_num,
		.psn = psn & 0xffffff,
		.body = body,
	};

	forged.body_len = vt_forge_body(body, forged.opcode, headers, payload, len);
	vt_forge(to_b ? s->to_b : s->to_a, from, to, &forged);
}

static void forge_write(struct setup *s, uint32_t psn)
{
	const struct vt_headers headers = {
		.xrceth = { .srqn = htobe32(s->ends.srqn) },
		.reth = { .va = htobe64((uintptr_t)vt_ground_open(&s->ground) + AT),
			  .rkey = htobe32(s->ground.open->rkey),
			  .length = htobe32(LEN) },
	};
	uint8_t payload[LEN];

	memset(payload, MARK, LEN);
	forge(s, true, RODP_OP_WRITE_ONLY, psn, &headers, payload, LEN);
}

/* The sum of some counters. */
static int64_t counted(const struct vt_device *dev, const char *const *names, size_t n)
{
	int64_t values[4], sum = 0;

	vt_check(n <= VT_ARRAY_SIZE(values));
	vt_counters(dev, names, n, values);
	while (n--)
		sum += values[n];
	return sum;
}

/* Until the sum is more than it was. */
static void await(const struct vt_device *dev, const char *const *names, size_t n, int64_t before)
{
	uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;

	while (counted(dev, names, n) <= before)
		if (vt_now_ns() > end_ns)
			vt_fail("a packet is not counted by %s", names[0]);
}

/* ---- connections ---- */

static void open_ends(struct setup *s, enum vt_transport transport)
{
	vt_ends_open(&s->ends, transport, s->devs[0], s->devs[1], MTU);
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	memset(vt_ground_open(&s->ground), 0, END);
}

static void close_ends(struct setup *s)
{
	vt_ends_close(&s->ends);
	vt_ground_verify(&s->ground, vt_transport_name(s->ends.transport));
	vt_verify_guards(&s->buf, "a");
}

static void post(struct setup *s, enum ibv_wr_opcode opcode, size_t from, size_t at, uint32_t len)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->buf, from, len) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)vt_ground_open(&s->ground) + at,
		.rkey = s->ground.open->rkey,
	};

	vt_check(!vt_ends_post(&s->ends, &op));
}

/* The real peer's messages are executed as ever. */
static void still_works(struct setup *s)
{
	const uint32_t len = 3 * MTU + 5;
	uint8_t *at = vt_ground_open(&s->ground);

	vt_fill(s->buf.data, len, SEED, 0);
	post(s, IBV_WR_RDMA_WRITE, 0, 0, len);
	vt_expect_ok(&s->ends.a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(at, len, SEED, 0, "what the peer wrote");
	memset(s->buf.data, 0, len);
	post(s, IBV_WR_RDMA_READ, 0, 0, len);
	vt_expect_ok(&s->ends.a, 1, IBV_WC_RDMA_READ);
	vt_verify(s->buf.data, len, SEED, 0, "what the peer read");
	memset(at, 0, len);
	vt_expect_state(&s->ends.a, IBV_QPS_RTS);
	vt_expect_state(&s->ends.b, IBV_QPS_RTS);
}

/* The next PSN that end b expects; root is told. */
static uint32_t expected_psn(const struct setup *s)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	vt_check(!ibv_query_qp(s->ends.b.qp, &attr, IBV_QP_RQ_PSN, &init));
	return attr.rq_psn;
}

/* ---- PSNs of requests ---- */

static void test_request_psn(struct setup *s, int32_t offset)
{
	static const char *const names[] = { "duplicate_request", "out_of_seq_request" };
	int64_t before = counted(s->devs[1], names, 2);

	vt_case("%s: a WRITE whose PSN is the expected one and %d",
		vt_transport_name(s->ends.transport), offset);
	forge_write(s, expected_psn(s) + offset);
	await(s->devs[1], names, 2, before);
	vt_verify_zero(vt_ground_open(&s->ground) + AT, LEN, "where a forged WRITE would go");
	still_works(s);
}

/* With the right PSN it is executed: the others were refused for their PSN. */
static void test_right_psn(struct setup *s)
{
	const volatile uint8_t *at = vt_ground_open(&s->ground) + AT;
	uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;

	vt_case("%s: a WRITE with the expected PSN", vt_transport_name(s->ends.transport));
	forge_write(s, expected_psn(s));
	while (at[LEN - 1] != MARK)
		if (vt_now_ns() > end_ns)
			vt_fail("it is not executed: the forgery is wrong, and so proves nothing");
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	still_works(s);
}

/* What comes early is kept, up to so many packets ahead (kernel/qp/lane/early.h); not of UC. */
#define AHEAD 256

static void test_request_psns(struct setup *s, enum vt_transport transport)
{
	const int32_t first = transport == VT_UC ? 1 : AHEAD;
	const int32_t offsets[] = {
		first, first + 1, first + 99, 0x7fffff, -1, -2, -100, -0x800000
	};
	size_t i;

	open_ends(s, transport);
	still_works(s);
	for (i = 0; i < VT_ARRAY_SIZE(offsets); i++)
		test_request_psn(s, offsets[i]);
	test_right_psn(s);
	close_ends(s);
}

static void set_keep_early(unsigned int psns)
{
	vt_run("echo %u >/sys/module/rodp/parameters/keep_early", psns);
}

/* The last one that is kept: who guesses its PSN is believed. Unless nobody wants that. */
static void test_kept(struct setup *s)
{
	static const char *const names[] = { "kept_early" };
	static const int32_t offsets[] = { 1, 2, 100, AHEAD - 1 };
	int64_t before;
	size_t i;

	vt_case("RC: a WRITE that comes early is kept");
	open_ends(s, VT_RC);
	before = counted(s->devs[1], names, 1);
	forge_write(s, expected_psn(s) + AHEAD - 1);
	await(s->devs[1], names, 1, before);
	vt_verify_zero(vt_ground_open(&s->ground) + AT, LEN, "where a WRITE goes that is kept");
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS); /* and is forgotten */
	before = counted(s->devs[1], names, 1);
	set_keep_early(0);
	for (i = 0; i < VT_ARRAY_SIZE(offsets); i++)
		test_request_psn(s, offsets[i]);
	vt_check(counted(s->devs[1], names, 1) == before);
	set_keep_early(AHEAD);
	close_ends(s);
}

/* ---- answers ---- */

/* End a has asked, and nobody answers. */
static void ask(struct setup *s, enum ibv_wr_opcode opcode)
{
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RESET);
	memset(s->buf.data, 0, s->buf.len);
	post(s, opcode, 0, AT, LEN);
}

static const struct vt_headers acknowledged = { .aeth = { .smsn = 0 } }; /* ACK, no credits */

static void test_ack_psn(struct setup *s, int32_t offset)
{
	static const char *const names[] = { "stale_response" };
	int64_t before = counted(s->devs[0], names, 1);

	vt_case("%s: an ACK whose PSN is the expected one and %d",
		vt_transport_name(s->ends.transport), offset);
	forge(s, false, RODP_OP_ACK, s->ends.a.psn + offset, &acknowledged, NULL, 0);
	await(s->devs[0], names, 1, before);
	vt_expect_none(&s->ends.a, 1);
}

static void test_ack_psns(struct setup *s)
{
	static const int32_t offsets[] = { 1, 2, 0x7fffff, -1, -2, -0x800000 };
	size_t i;

	ask(s, IBV_WR_RDMA_WRITE);
	for (i = 0; i < VT_ARRAY_SIZE(offsets); i++)
		test_ack_psn(s, offsets[i]);
	vt_case("%s: an ACK with the expected PSN", vt_transport_name(s->ends.transport));
	forge(s, false, RODP_OP_ACK, s->ends.a.psn, &acknowledged, NULL, 0);
	vt_expect_ok(&s->ends.a, 1, IBV_WC_RDMA_WRITE);
}

static void answer_read(struct setup *s, enum rodp_op op, size_t len)
{
	uint8_t payload[4096];

	memset(payload, MARK, sizeof(payload));
	ask(s, IBV_WR_RDMA_READ);
	forge(s, false, op, s->ends.a.psn, &acknowledged, payload, len);
}

/* Nothing of it is written, and the READ fails. */
static void test_wrong_answer(struct setup *s, enum rodp_op op, size_t len)
{
	vt_case("%s: %zu bytes in answer 0x%02x to a READ of %d",
		vt_transport_name(s->ends.transport), len, op, LEN);
	answer_read(s, op, len);
	vt_expect(&s->ends.a, 1, IBV_WC_BAD_RESP_ERR);
	vt_verify_zero(s->buf.data, s->buf.len, "what was read");
	vt_verify_guards(&s->buf, "what was read");
}

static void test_answers(struct setup *s, enum vt_transport transport)
{
	static const size_t lengths[] = { 0, LEN - 4, LEN + 4, 256, MTU };
	size_t i;

	open_ends(s, transport);
	test_ack_psns(s);
	for (i = 0; i < VT_ARRAY_SIZE(lengths); i++)
		test_wrong_answer(s, RODP_OP_READ_RESP_ONLY, lengths[i]);
	test_wrong_answer(s, RODP_OP_READ_RESP_FIRST, MTU);
	test_wrong_answer(s, RODP_OP_READ_RESP_MIDDLE, MTU);
	test_wrong_answer(s, RODP_OP_ATOMIC_ACK, 0);
	vt_case("%s: the right answer to a READ", vt_transport_name(transport));
	answer_read(s, RODP_OP_READ_RESP_ONLY, LEN);
	vt_expect_ok(&s->ends.a, 1, IBV_WC_RDMA_READ);
	vt_check(s->buf.data[LEN - 1] == MARK && !s->buf.data[LEN]);
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	still_works(s);
	close_ends(s);
}

/* ---- bounds ---- */

enum key {
	OPEN,
	PAGED,
	VAST,
	CLOSED,
	FOREIGN,
	STALE,
	NEIGHBOUR,
	NONE
};

#define TOP	   INT64_MAX
#define VAST_BYTES (5ul << 30)

struct request {
	const char *name;
	enum rodp_op op;
	enum key key;
	int64_t at; /* in the part of the ground that the key is of; TOP: just below 2^64 */
	uint32_t length; /* as the RETH says */
	uint32_t payload;
	bool of_reliable; /* UC has none of these */
};

static const struct request requests[] = {
	{ "longer than its RETH says", RODP_OP_WRITE_ONLY, OPEN, END - 4, 4, LEN, false },
	{ "longer, on demand", RODP_OP_WRITE_ONLY, PAGED, END - 4, 4, LEN, false },
	{ "shorter than its RETH says", RODP_OP_WRITE_ONLY, OPEN, AT, 2 * LEN, LEN, false },
	{ "over the end", RODP_OP_WRITE_ONLY, OPEN, END - LEN / 2, LEN, LEN, false },
	{ "over the end, on demand", RODP_OP_WRITE_ONLY, PAGED, END - LEN / 2, LEN, LEN, false },
	{ "one byte over the end", RODP_OP_WRITE_ONLY, OPEN, END - LEN + 1, LEN, LEN, false },
	{ "behind the end", RODP_OP_WRITE_ONLY, OPEN, END, LEN, LEN, false },
	{ "before the begin", RODP_OP_WRITE_ONLY, OPEN, -LEN / 2, LEN, LEN, false },
	{ "over the end of all addresses", RODP_OP_WRITE_ONLY, OPEN, TOP, LEN, LEN, false },
	{ "the first of too many", RODP_OP_WRITE_FIRST, OPEN, END - MTU, 2 * MTU, MTU, false },
	{ "the first of 2^31 - 1", RODP_OP_WRITE_FIRST, OPEN, 0, 0x7fffffff, MTU, false },
	{ "the first of 2^31", RODP_OP_WRITE_FIRST, OPEN, 0, 0x80000000, MTU, false },
	{ "the first of 2^32 - 1", RODP_OP_WRITE_FIRST, OPEN, 0, 0xffffffff, MTU, false },
	{ "the first of 2^31 + 1 that there are", RODP_OP_WRITE_FIRST, VAST, 0, 0x80000001, MTU,
	  false },
	{ "the first of 2^32 - 1 that there are", RODP_OP_WRITE_FIRST, VAST, 0, 0xffffffff, MTU,
	  false },
	{ "a first one that is all", RODP_OP_WRITE_FIRST, OPEN, 0, MTU, MTU, false },
	{ "a first one of less than the MTU", RODP_OP_WRITE_FIRST, OPEN, 0, 2 * MTU, LEN, false },
	{ "of more than the MTU", RODP_OP_WRITE_ONLY, OPEN, 0, MTU + 4, MTU + 4, false },
	{ "the middle of nothing", RODP_OP_WRITE_MIDDLE, OPEN, 0, 0, MTU, false },
	{ "the end of nothing", RODP_OP_WRITE_LAST, OPEN, 0, 0, LEN, false },
	{ "the middle of no SEND", RODP_OP_SEND_MIDDLE, OPEN, 0, 0, MTU, false },
	{ "the end of no SEND", RODP_OP_SEND_LAST, OPEN, 0, 0, LEN, false },
	{ "to what only its owner may write", RODP_OP_WRITE_ONLY, CLOSED, 0, LEN, LEN, false },
	{ "to another PD", RODP_OP_WRITE_ONLY, FOREIGN, 0, LEN, LEN, false },
	{ "to a region that is gone", RODP_OP_WRITE_ONLY, STALE, 0, LEN, LEN, false },
	{ "by the key beside", RODP_OP_WRITE_ONLY, NEIGHBOUR, 0, LEN, LEN, false },
	{ "by key 0", RODP_OP_WRITE_ONLY, NONE, 0, LEN, LEN, false },
	{ "over the end", RODP_OP_READ_REQ, OPEN, END - LEN / 2, LEN, 0, true },
	{ "of 2^31", RODP_OP_READ_REQ, OPEN, 0, 0x80000000, 0, true },
	{ "of 2^32 - 1", RODP_OP_READ_REQ, OPEN, 0, 0xffffffff, 0, true },
	{ "of 2^31 + 1 that there are", RODP_OP_READ_REQ, VAST, 0, 0x80000001, 0, true },
	{ "of 2^32 - 1 that there are", RODP_OP_READ_REQ, VAST, 0, 0xffffffff, 0, true },
	{ "over the end of all addresses", RODP_OP_READ_REQ, OPEN, TOP, LEN, 0, true },
	{ "of what only its owner may read", RODP_OP_READ_REQ, CLOSED, 0, LEN, 0, true },
	{ "of another PD", RODP_OP_READ_REQ, FOREIGN, 0, LEN, 0, true },
	{ "of a region that is gone", RODP_OP_READ_REQ, STALE, 0, LEN, 0, true },
	{ "between words", RODP_OP_FETCH_ADD, OPEN, 4, 0, 0, true },
	{ "between words", RODP_OP_CMP_SWAP, OPEN, END - 4, 0, 0, true },
	{ "behind the end", RODP_OP_CMP_SWAP, OPEN, END, 0, 0, true },
	{ "of what only its owner may write", RODP_OP_FETCH_ADD, CLOSED, 0, 0, 0, true },
	{ "between words", RODP_OP_ATOMIC_WRITE, OPEN, 4, 8, 8, true },
	{ "behind the end", RODP_OP_ATOMIC_WRITE, OPEN, END, 8, 8, true },
	{ "without the right", RODP_OP_FLUSH, OPEN, 0, LEN, 0, true },
	{ "that invalidates a region", RODP_OP_SEND_ONLY_INV, OPEN, 0, 0, LEN, true },
};

static uint64_t va_of(const struct setup *s, const struct request *request)
{
	const struct vt_ground *ground = &s->ground;

	if (request->at == TOP)
		return -(uint64_t)LEN / 2;
	switch (request->key) {
	case VAST:
		return (uintptr_t)s->vast + request->at;
	case CLOSED:
		return (uintptr_t)ground->closed->addr + request->at;
	case FOREIGN:
		return (uintptr_t)ground->foreign->addr + request->at;
	case STALE: /* the part between these two */
		return ((uintptr_t)ground->closed->addr + (uintptr_t)ground->foreign->addr) / 2 +
		       request->at;
	default:
		return (uintptr_t)vt_ground_open(ground) + request->at;
	}
}

static uint32_t key_of(const struct setup *s, enum key key)
{
	const struct vt_ground *ground = &s->ground;

	switch (key) {
	case OPEN:
		return ground->open->rkey;
	case PAGED:
		return (ground->paged ? ground->paged : ground->open)->rkey;
	case VAST:
		return s->vast_mr->rkey;
	case CLOSED:
		return ground->closed->rkey;
	case FOREIGN:
		return ground->foreign->rkey;
	case STALE:
		return ground->stale_key;
	case NEIGHBOUR:
		return ground->open->rkey + 1;
	default:
		return 0;
	}
}

static void send_request(struct setup *s, const struct request *request)
{
	const __be64 va = htobe64(va_of(s, request));
	const __be32 rkey = htobe32(key_of(s, request->key));
	const struct vt_headers headers = {
		.xrceth = { .srqn = htobe32(s->ends.srqn) },
		.feth = { .bits = htobe32(RODP_FETH_GLOBAL) },
		.reth = { .va = va, .rkey = rkey, .length = htobe32(request->length) },
		.atomiceth = { .va = va, .rkey = rkey, .swap_add = htobe64(1) },
		.ieth = { .rkey = rkey },
	};
	uint8_t payload[4096];

	memset(payload, MARK, sizeof(payload));
	forge(s, true, request->op, expected_psn(s), &headers, payload, request->payload);
}

static const char *const refused[] = { "uc_request_err" };

static int64_t refused_so_far(const struct setup *s)
{
	return s->ends.transport == VT_UC ? counted(s->devs[1], refused, 1) : 0;
}

/* A reliable connection fails, one of UC counts what it dropped. */
static void expect_refused(struct setup *s, int64_t before)
{
	if (s->ends.transport != VT_UC) {
		vt_expect_state(&s->ends.b, IBV_QPS_ERR);
		return;
	}
	await(s->devs[1], refused, 1, before);
	vt_expect_state(&s->ends.b, IBV_QPS_RTS);
}

static void test_request(struct setup *s, const struct request *request)
{
	/* Only a SEND takes it: where the message would go is a part of the open one. */
	struct ibv_sge sge = vt_ground_sge(&s->ground, 0, LEN);
	int64_t before = refused_so_far(s);

	vt_case("%s: operation 0x%02x %s", vt_transport_name(s->ends.transport), request->op,
		request->name);
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	memset(vt_ground_open(&s->ground), 0, END);
	if (request->op == RODP_OP_SEND_ONLY_INV)
		vt_check(!vt_ends_recv(&s->ends, 2, &sge));
	send_request(s, request);
	expect_refused(s, before);
	vt_ground_verify(&s->ground, request->name);
	if (request->op != RODP_OP_SEND_ONLY_INV)
		vt_verify_zero(vt_ground_open(&s->ground), END, "the region");
}

/* A message that does not fit into its receive. */
static void test_receive(struct setup *s)
{
	static const struct request longer = {
		"longer than its receive", RODP_OP_SEND_ONLY, OPEN, 0, 0, LEN, false
	};
	struct ibv_sge sge = vt_ground_sge(&s->ground, END - LEN / 2, LEN / 2);
	int64_t before = refused_so_far(s);

	vt_case("%s: a SEND %s", vt_transport_name(s->ends.transport), longer.name);
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	vt_check(!vt_ends_recv(&s->ends, 2, &sge));
	send_request(s, &longer);
	expect_refused(s, before);
	vt_ground_verify(&s->ground, longer.name);
}

/* The byte is written soon. */
static void await_mark(const volatile uint8_t *at)
{
	uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;

	while (*at != MARK)
		if (vt_now_ns() > end_ns)
			vt_fail("it is not executed: the forgery is wrong, and so proves nothing");
}

/* The last bytes of the region can be written: the packets are right but for what their names say. */
static void test_last_bytes(struct setup *s)
{
	static const struct request last = {
		"to the end", RODP_OP_WRITE_ONLY, OPEN, END - LEN, LEN, LEN, false
	};

	vt_case("%s: a WRITE %s", vt_transport_name(s->ends.transport), last.name);
	send_request(s, &last);
	await_mark(vt_ground_open(&s->ground) + END - 1);
}

/* The longest message that there may be has a first packet. */
static void test_longest(struct setup *s)
{
	static const struct request longest = { "the first of 2^31 that there are",
						RODP_OP_WRITE_FIRST,
						VAST,
						0,
						0x80000000,
						MTU,
						false };

	vt_case("%s: operation 0x%02x %s", vt_transport_name(s->ends.transport), longest.op,
		longest.name);
	vt_ends_set(&s->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	s->vast[MTU - 1] = 0;
	send_request(s, &longest);
	await_mark(s->vast + MTU - 1);
}

static void test_bounds(struct setup *s, enum vt_transport transport)
{
	size_t i;

	open_ends(s, transport);
	test_last_bytes(s);
	test_longest(s);
	for (i = 0; i < VT_ARRAY_SIZE(requests); i++)
		if (transport != VT_UC || !requests[i].of_reliable)
			test_request(s, &requests[i]);
	test_receive(s);
	close_ends(s);
}

/* ---- all of it ---- */

static void map_vast(struct setup *s)
{
	vt_need_odp(s->devs[1], IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	s->vast = mmap(NULL, VAST_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->vast == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", VAST_BYTES);
	s->vast_mr = vt_reg(s->devs[1], s->vast, VAST_BYTES, VT_ODP, VT_ACCESS_ALL);
}

static void unmap_vast(struct setup *s)
{
	vt_check(!ibv_dereg_mr(s->vast_mr));
	munmap(s->vast, VAST_BYTES);
}

static void open_sockets(struct setup *s, int family)
{
	s->to_b = vt_forge_open_in(NULL, family);
	s->to_a = vt_forge_open_in(getenv("RDMA_PEER_NETNS"), family);
}

static void close_sockets(struct setup *s)
{
	close(s->to_a);
	close(s->to_b);
}

static void test_windows(struct setup *s, enum vt_transport transport)
{
	test_request_psns(s, transport);
	test_answers(s, transport);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_options.timeout = 20; /* 4 s: nobody sends again while we look */
	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts(); /* to forge what one sends to the other */
	if (vt_is_rxe(s.devs[1]))
		vt_skip("is about what rodp counts");
	vt_ground_make(&s.ground, s.devs[1]);
	map_vast(&s);
	vt_buf_make(&s.buf, s.devs[0], 4 * MTU, VT_PINNED, VT_ACCESS_ALL);
	open_sockets(&s, AF_INET);
	test_windows(&s, VT_RC);
	test_windows(&s, VT_XRC);
	test_bounds(&s, VT_RC);
	test_bounds(&s, VT_XRC);
	test_bounds(&s, VT_UC);
	test_kept(&s);
	close_sockets(&s);
	vt_use_gid(s.devs[0], vt_gid6(s.devs[0]));
	vt_use_gid(s.devs[1], vt_gid6(s.devs[1]));
	open_sockets(&s, AF_INET6);
	test_windows(&s, VT_RC);
	close_sockets(&s);
	vt_buf_free(&s.buf);
	unmap_vast(&s);
	vt_ground_free(&s.ground);
	return vt_finish(s.devs[0], s.devs[1]);
}
