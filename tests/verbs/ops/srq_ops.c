// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Shared receive queues: several QPs take from one, each receive is used once and with
 * the right data; limit and last-WQE events; an empty queue; errors of one QP leave the
 * queue to the others.
 */
#include <sys/resource.h>

#include "vt.h"

#define QPS	 4
#define MESSAGES 8 /* of each QP in the crowd */
#define SLOT	 12288 /* bytes: three pages, so that a message is several packets */
#define BYTES	 9001
#define SLOTS	 (QPS * MESSAGES)

struct setup {
	struct vt_device *a, *b;
	enum vt_memory memory_a, memory_b;
	struct vt_conn conn[QPS];
	struct ibv_pd *pd; /* of the SRQ: not that of the QPs */
	struct ibv_srq *srq;
	struct vt_buf src, dst;
};

static struct ibv_srq *make_srq(struct ibv_pd *pd, uint32_t max_wr, uint32_t max_sge)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = max_wr, .max_sge = max_sge } };
	struct ibv_srq *srq = ibv_create_srq(pd, &init);

	if (srq)
		vt_check(init.attr.max_wr >= max_wr && init.attr.max_sge >= max_sge);
	return srq;
}

static void post(struct setup *s, uint64_t wr_id, struct ibv_sge *sge, int num_sge)
{
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = sge, .num_sge = num_sge };
	struct ibv_recv_wr *bad;
	int err;

	err = ibv_post_srq_recv(s->srq, &wr, &bad);
	if (err)
		vt_fail("posting to the SRQ: %s", strerror(err));
}

/* Slot n of the target is receive n. */
static void post_slot(struct setup *s, uint32_t n)
{
	struct ibv_sge sge = vt_sge(&s->dst, (size_t)n * SLOT, SLOT);

	post(s, n, &sge, 1);
}

static void setup_connect(struct setup *s, const struct vt_conn_attr *more)
{
	struct vt_conn_attr attr = more ? *more : (struct vt_conn_attr){};
	int i;

	attr.srq_b = s->srq;
	for (i = 0; i < QPS; i++)
		vt_connect(&s->conn[i], s->a, s->b, &attr);
}

static void setup_disconnect(struct setup *s)
{
	int i;

	for (i = 0; i < QPS; i++)
		vt_disconnect(&s->conn[i]);
}

static void setup_make(struct setup *s, const struct vt_conn_attr *more)
{
	struct vt_device in_pd = *s->b;

	s->pd = ibv_alloc_pd(s->b->ctx);
	vt_check(s->pd);
	s->srq = make_srq(s->pd, SLOTS, 2);
	if (!s->srq)
		vt_fail("creating an SRQ on %s: %m", s->b->name);
	in_pd.pd = s->pd;
	vt_buf_make(&s->src, s->a, (size_t)QPS * SLOT, s->memory_a, VT_ACCESS_ALL);
	vt_buf_make(&s->dst, &in_pd, (size_t)SLOTS * SLOT, s->memory_b, VT_ACCESS_ALL);
	setup_connect(s, more);
}

static void setup_end(struct setup *s)
{
	setup_disconnect(s);
	vt_verify_guards(&s->src, "the source");
	vt_verify_guards(&s->dst, "the target");
	vt_buf_free(&s->src);
	vt_buf_free(&s->dst);
	vt_check(!ibv_destroy_srq(s->srq));
	vt_check(!ibv_dealloc_pd(s->pd));
}

static void cool(struct setup *s)
{
	if (s->memory_b == VT_ODP)
		vt_buf_cool(&s->dst);
	if (s->memory_a == VT_ODP)
		vt_buf_cool(&s->src);
}

/* QP q's data in the source. */
static void fill(struct setup *s, int q)
{
	vt_fill(s->src.data + (size_t)q * SLOT, SLOT, 100 + q, 0);
}

static void send_bytes(struct setup *s, int q, uint64_t wr_id, uint32_t len)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.wr_id = wr_id,
		.sge = { vt_sge(&s->src, (size_t)q * SLOT, len) },
		.num_sge = 1,
		.imm = q,
	};

	vt_post(&s->conn[q].a, &op);
}

static struct ibv_wc expect_recv(struct setup *s, int q, uint64_t wr_id)
{
	struct ibv_wc wc = vt_expect_ok(&s->conn[q].b, wr_id, IBV_WC_RECV);

	vt_check((wc.wc_flags & IBV_WC_WITH_IMM) && be32toh(wc.imm_data) == (uint32_t)q);
	vt_verify(s->dst.data + wr_id * SLOT, wc.byte_len, 100 + q, 0, "the message");
	return wc;
}

/* One after the other, whoever sends: receives are used in the order of posting. */
static void test_in_turn(struct setup *s)
{
	static const uint32_t lens[] = { 1, 4096, BYTES, SLOT };
	uint32_t n;
	int q;

	cool(s);
	for (q = 0; q < QPS; q++)
		fill(s, q);
	for (n = 0; n < SLOTS; n++)
		post_slot(s, n);
	for (n = 0; n < SLOTS; n++) {
		q = n * 7 % QPS;
		send_bytes(s, q, 1000 + n, lens[n / QPS % VT_ARRAY_SIZE(lens)]);
		vt_expect_ok(&s->conn[q].a, 1000 + n, IBV_WC_SEND);
		expect_recv(s, q, n);
	}
}

static void take_crowd(struct setup *s, int q, bool *used)
{
	struct ibv_wc wc;
	int m;

	for (m = 0; m < MESSAGES; m++) {
		vt_expect_ok(&s->conn[q].a, 2000 + m, IBV_WC_SEND);
		wc = vt_wait(&s->conn[q].b);
		vt_check(wc.status == IBV_WC_SUCCESS && wc.byte_len == BYTES);
		vt_check(wc.qp_num == s->conn[q].b.qp->qp_num);
		vt_check(be32toh(wc.imm_data) == (uint32_t)q);
		vt_check(wc.wr_id < SLOTS && !used[wc.wr_id]);
		used[wc.wr_id] = true;
		vt_verify(s->dst.data + wc.wr_id * SLOT, BYTES, 100 + q, 0, "the message");
	}
}

/* All at once. Some wait for receives: half of them are posted when the traffic is on. */
static void test_crowd(struct setup *s)
{
	bool used[SLOTS] = {};
	uint32_t n;
	int q, m;

	cool(s);
	for (q = 0; q < QPS; q++)
		fill(s, q);
	for (n = 0; n < SLOTS / 2; n++)
		post_slot(s, n);
	for (m = 0; m < MESSAGES; m++)
		for (q = 0; q < QPS; q++)
			send_bytes(s, q, 2000 + m, BYTES);
	for (; n < SLOTS; n++)
		post_slot(s, n);
	for (q = 0; q < QPS; q++)
		take_crowd(s, q, used);
}

static void test_empty(struct setup *s)
{
	fill(s, 0);
	send_bytes(s, 0, 1, BYTES);
	vt_expect_none(&s->conn[0].a, 20);
	post_slot(s, 3);
	vt_expect_ok(&s->conn[0].a, 1, IBV_WC_SEND);
	expect_recv(s, 0, 3);
}

static uint32_t limit_of(struct ibv_srq *srq)
{
	struct ibv_srq_attr attr;

	vt_check(!ibv_query_srq(srq, &attr));
	vt_check(attr.max_wr >= SLOTS && attr.max_sge >= 2);
	return attr.srq_limit;
}

static int arm(struct setup *s, uint32_t limit)
{
	struct ibv_srq_attr attr = { .srq_limit = limit };

	return ibv_modify_srq(s->srq, &attr, IBV_SRQ_LIMIT);
}

static void pass_one(struct setup *s, uint64_t wr_id)
{
	send_bytes(s, 1, wr_id, 64);
	vt_expect_ok(&s->conn[1].a, wr_id, IBV_WC_SEND);
	expect_recv(s, 1, wr_id);
}

/* Armed at 7 with 10 posted: the fourth message raises it, and no later one does. */
static void test_limit(struct setup *s)
{
	uint32_t n;

	fill(s, 1);
	for (n = 0; n < 10; n++)
		post_slot(s, n);
	vt_check(!arm(s, 7));
	vt_check(limit_of(s->srq) == 7);
	for (n = 0; n < 3; n++)
		pass_one(s, n);
	vt_check(vt_async_event(s->b, 20) == -1);
	pass_one(s, n++);
	vt_check(vt_async_event(s->b, vt_options.wait_ms) == IBV_EVENT_SRQ_LIMIT_REACHED);
	vt_check(limit_of(s->srq) == 0);
	for (; n < 9; n++)
		pass_one(s, n);
	vt_check(vt_async_event(s->b, 20) == -1);
	vt_check(!arm(s, 2)); /* one is left */
	vt_check(vt_async_event(s->b, vt_options.wait_ms) == IBV_EVENT_SRQ_LIMIT_REACHED);
	pass_one(s, n);
	vt_check(arm(s, 1u << 20));
	vt_check(!arm(s, 0));
}

/* What is posted comes along, in its order, and the ring is as large as it says. */
static void test_resize(struct setup *s)
{
	struct ibv_srq_attr attr = { .max_wr = 4 * SLOTS };
	uint32_t n;

	if (!(s->b->attr.orig_attr.device_cap_flags & IBV_DEVICE_SRQ_RESIZE)) {
		vt_check(ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR));
		return;
	}
	fill(s, 1);
	for (n = 0; n < 12; n++)
		post_slot(s, n);
	for (n = 0; n < 3; n++)
		pass_one(s, n);
	vt_check(!ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR));
	vt_check(!ibv_query_srq(s->srq, &attr) && attr.max_wr >= 4 * SLOTS);
	for (; n < 6; n++)
		pass_one(s, n);
	attr.max_wr = 4; /* six are posted */
	vt_check(ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR));
	attr.max_wr = s->b->attr.orig_attr.max_srq_wr + 1;
	vt_check(ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR));
	attr.max_wr = SLOTS;
	vt_check(!ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR));
	for (; n < 12; n++)
		pass_one(s, n);
	for (n = 0; n < SLOTS; n++)
		post_slot(s, n);
	for (n = 0; n < SLOTS; n++)
		pass_one(s, n);
}

/* The process has no room to map a larger ring: the SRQ stays as it is, and works. */
static void test_resize_unmapped(struct setup *s)
{
	struct ibv_srq_attr attr = { .max_wr = s->b->attr.orig_attr.max_srq_wr };
	struct rlimit before, none;
	uint32_t n;
	int err;

	if (!(s->b->attr.orig_attr.device_cap_flags & IBV_DEVICE_SRQ_RESIZE) || !vt_is_rodp(s->b))
		return;
	fill(s, 1);
	for (n = 0; n < 4; n++)
		post_slot(s, n);
	vt_check(!getrlimit(RLIMIT_AS, &before));
	none = (struct rlimit){ .rlim_cur = 4096, .rlim_max = before.rlim_max };
	vt_check(!setrlimit(RLIMIT_AS, &none));
	err = ibv_modify_srq(s->srq, &attr, IBV_SRQ_MAX_WR);
	vt_check(!setrlimit(RLIMIT_AS, &before));
	if (err != ENOMEM)
		vt_fail("resizing without room: %s", strerror(err));
	for (; n < 8; n++)
		post_slot(s, n);
	for (n = 0; n < 8; n++)
		pass_one(s, n);
}

/* A message that is too long for its receive fails its QP; the next receive is for others. */
static void test_too_long(struct setup *s)
{
	struct ibv_sge small = vt_sge(&s->dst, 0, 100);

	fill(s, 1);
	post(s, 90, &small, 1);
	post_slot(s, 5);
	send_bytes(s, 0, 1, BYTES);
	vt_expect(&s->conn[0].b, 90, IBV_WC_LOC_LEN_ERR);
	vt_expect(&s->conn[0].a, 1, IBV_WC_REM_INV_REQ_ERR);
	pass_one(s, 5);
}

/* The key of the QP's own PD is none of the SRQ's. */
static void test_other_pd(struct setup *s)
{
	struct ibv_sge sge;
	struct vt_buf own;

	vt_buf_make(&own, s->b, 4096, s->memory_b, VT_ACCESS_ALL);
	sge = vt_sge(&own, 0, 4096);
	fill(s, 1);
	post(s, 91, &sge, 1);
	post_slot(s, 6);
	send_bytes(s, 2, 1, 64);
	vt_expect(&s->conn[2].b, 91, IBV_WC_LOC_PROT_ERR);
	vt_expect(&s->conn[2].a, 1, IBV_WC_REM_OP_ERR);
	pass_one(s, 6);
	vt_buf_free(&own);
}

/* A QP that fails takes no receive with it, and says when it has taken its last. */
static void test_last_wqe(struct setup *s)
{
	fill(s, 1);
	post_slot(s, 7);
	vt_to_state(&s->conn[3].b, IBV_QPS_ERR);
	vt_check(vt_async_event(s->b, vt_options.wait_ms) == IBV_EVENT_QP_LAST_WQE_REACHED);
	vt_expect_none(&s->conn[3].b, 10);
	vt_check(vt_async_event(s->b, 10) == -1);
	pass_one(s, 7);
}

static void drain_events(struct vt_device *dev)
{
	while (vt_async_event(dev, 50) != -1)
		;
}

static void test_busy(struct setup *s)
{
	vt_check(ibv_destroy_srq(s->srq) == EBUSY);
}

static void test_posting(struct setup *s)
{
	struct ibv_sge sge[33] = {};
	struct ibv_recv_wr wr = { .sg_list = sge, .num_sge = 33 };
	struct ibv_recv_wr *bad = NULL;

	vt_check(ibv_post_srq_recv(s->srq, &wr, &bad) == EINVAL && bad == &wr);
	wr.num_sge = -1;
	bad = NULL;
	vt_check(ibv_post_srq_recv(s->srq, &wr, &bad) == EINVAL && bad == &wr);
}

static void test_limits(struct vt_device *dev)
{
	const struct ibv_device_attr *limits = &dev->attr.orig_attr;
	struct ibv_srq *srq;

	vt_case("limits: max_srq_wr %d, max_srq_sge %d", limits->max_srq_wr, limits->max_srq_sge);
	srq = make_srq(dev->pd, limits->max_srq_wr, 1);
	if (!srq)
		vt_fail("an SRQ of max_srq_wr: %m");
	vt_check(!ibv_destroy_srq(srq));
	srq = make_srq(dev->pd, 1, limits->max_srq_sge);
	if (!srq)
		vt_fail("an SRQ of max_srq_sge: %m");
	vt_check(!ibv_destroy_srq(srq));
	vt_check(!make_srq(dev->pd, limits->max_srq_wr + 1, 1));
	vt_check(!make_srq(dev->pd, 1, limits->max_srq_sge + 1));
	vt_check(!make_srq(dev->pd, 0, 1));
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	const struct vt_conn_attr once = { .rnr_retry = VT_ZERO };
	const char *name_a = vt_memory_name(a), *name_b = vt_memory_name(b);
	struct setup *s = arg;

	s->memory_a = a;
	s->memory_b = b;
	setup_make(s, NULL);
	vt_case("%s/%s: %d QPs in turn", name_a, name_b, QPS);
	test_in_turn(s);
	vt_case("%s/%s: %d QPs at once", name_a, name_b, QPS);
	test_crowd(s);
	vt_case("%s/%s: empty for a while", name_a, name_b);
	test_empty(s);
	drain_events(s->b); /* of establishing */
	vt_case("%s/%s: limit", name_a, name_b);
	test_limit(s);
	vt_case("%s/%s: resizing", name_a, name_b);
	test_resize(s);
	vt_case("%s/%s: resizing without room for the new ring", name_a, name_b);
	test_resize_unmapped(s);
	vt_case("%s/%s: destroy while QPs have it", name_a, name_b);
	test_busy(s);
	vt_case("%s/%s: impossible receives", name_a, name_b);
	test_posting(s);
	vt_case("%s/%s: too long", name_a, name_b);
	test_too_long(s);
	vt_case("%s/%s: a key of another PD", name_a, name_b);
	test_other_pd(s);
	drain_events(s->b);
	vt_case("%s/%s: last WQE", name_a, name_b);
	test_last_wqe(s);
	setup_disconnect(s);
	vt_case("%s/%s: empty, and no retries", name_a, name_b);
	setup_connect(s, &once);
	send_bytes(s, 0, 1, 64);
	vt_expect(&s->conn[0].a, 1, IBV_WC_RNR_RETRY_EXC_ERR);
	setup_end(s);
}

/* What create_qp says of a receive queue means nothing beside an SRQ, however wrong it is. */
static void test_receive_caps(struct vt_device *dev)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 8, .max_sge = 1 } };
	struct ibv_srq *srq = ibv_create_srq(dev->pd, &init);
	struct ibv_cq *cq = ibv_create_cq(dev->ctx, 8, NULL, NULL, 0);
	struct ibv_qp_init_attr attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.srq = srq,
		.cap = { .max_send_wr = 4,
			 .max_send_sge = 1,
			 .max_recv_wr = UINT32_MAX,
			 .max_recv_sge = UINT32_MAX },
		.qp_type = IBV_QPT_RC,
	};
	struct ibv_qp *qp;

	vt_case("capabilities of a receive queue beside an SRQ");
	vt_check(srq && cq);
	qp = ibv_create_qp(dev->pd, &attr);
	if (!qp)
		vt_fail("creating a QP: %m");
	vt_check(!attr.cap.max_recv_wr && !attr.cap.max_recv_sge);
	vt_check(!ibv_destroy_qp(qp));
	vt_check(!ibv_destroy_cq(cq));
	vt_check(!ibv_destroy_srq(srq));
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (!s.b->attr.orig_attr.max_srq)
		vt_skip("%s has no SRQs", s.b->name);
	test_limits(s.b);
	if (!vt_is_rxe(s.b))
		test_receive_caps(s.b);
	vt_each_memory(s.a, s.b, run, &s);
	return vt_finish(s.a, s.b);
}
