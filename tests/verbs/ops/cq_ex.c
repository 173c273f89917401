// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Extended completion queues: every field, time stamps, batches; resizing with completions
 * in the queue and under traffic; parent and thread domains.
 */
#include <sys/resource.h>
#include <time.h>

#include "vt.h"

#define LEN 4096

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf buf; /* on b */
	struct vt_buf src; /* on a */
};

static uint64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t device_clock(struct vt_device *dev)
{
	struct ibv_values_ex now = { .comp_mask = IBV_VALUES_MASK_RAW_CLOCK };

	vt_check(!ibv_query_rt_values_ex(dev->ctx, &now));
	vt_check(now.comp_mask == IBV_VALUES_MASK_RAW_CLOCK);
	return now.raw_clock.tv_sec * 1000000000ull + now.raw_clock.tv_nsec;
}

static struct ibv_cq_ex *make_cq(struct vt_device *dev, uint64_t wc_flags, uint32_t flags)
{
	struct ibv_cq_init_attr_ex init = {
		.cqe = 64,
		.wc_flags = wc_flags,
		.comp_mask = flags ? IBV_CQ_INIT_ATTR_MASK_FLAGS : 0,
		.flags = flags,
	};

	return ibv_create_cq_ex(dev->ctx, &init);
}

/* The CQ is a's: b sends nothing, so a connection's far end is what completes receives there. */
static void setup_make(struct setup *s, struct ibv_cq_ex *cq)
{
	const struct vt_conn_attr attr = { .cq_a = ibv_cq_ex_to_cq(cq) };

	vt_connect(&s->conn, s->a, s->b, &attr);
	vt_buf_make(&s->src, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL);
}

static void setup_end(struct setup *s, struct ibv_cq_ex *cq)
{
	vt_disconnect(&s->conn);
	vt_buf_free(&s->src);
	vt_buf_free(&s->buf);
	vt_check(!ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
}

static void start_poll(struct ibv_cq_ex *cq)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	struct ibv_poll_cq_attr attr = {};
	int err;

	while ((err = ibv_start_poll(cq, &attr)) == ENOENT) {
		if (vt_now_ns() > end_ns)
			vt_fail("no completion within %u ms", vt_options.wait_ms);
	}
	if (err)
		vt_fail("ibv_start_poll: %s", strerror(err));
}

static void expect_empty(struct ibv_cq_ex *cq)
{
	struct ibv_poll_cq_attr attr = {};

	vt_check(ibv_start_poll(cq, &attr) == ENOENT);
}

static struct vt_op write_op(struct setup *s, uint64_t wr_id)
{
	return (struct vt_op){
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = wr_id,
		.sge = { vt_sge(&s->src, 0, 64) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->buf, 0),
		.rkey = s->buf.mr->rkey,
	};
}

static void post_writes(struct setup *s, uint64_t first, int count)
{
	struct vt_op op;
	int n;

	for (n = 0; n < count; n++) {
		op = write_op(s, first + n);
		vt_post(&s->conn.a, &op);
	}
}

/* A message from b with immediate data: a receive has something to say in every field. */
static void post_message(struct setup *s, uint32_t len)
{
	struct ibv_sge room = vt_sge(&s->src, 0, LEN);
	struct vt_op op = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.wr_id = 1,
		.sge = { vt_sge(&s->buf, 0, len) },
		.num_sge = 1,
		.imm = 0xabcd,
	};

	vt_recv(&s->conn.a, 55, &room, 1);
	vt_post(&s->conn.b, &op);
	vt_expect_ok(&s->conn.b, 1, IBV_WC_SEND);
}

static void test_fields(struct setup *s)
{
	const uint64_t flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP |
			       IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK;
	struct ibv_cq_ex *cq = make_cq(s->a, flags, 0);
	uint64_t before, raw, wall;

	if (!cq)
		vt_fail("a CQ with all fields: %m");
	setup_make(s, cq);
	before = wall_clock();
	vt_check(device_clock(s->a) >= before);
	post_message(s, 1234);
	start_poll(cq);
	vt_check(cq->wr_id == 55 && cq->status == IBV_WC_SUCCESS);
	vt_check(ibv_wc_read_opcode(cq) == IBV_WC_RECV);
	vt_check(ibv_wc_read_byte_len(cq) == 1234);
	vt_check(ibv_wc_read_wc_flags(cq) & IBV_WC_WITH_IMM);
	vt_check(be32toh(ibv_wc_read_imm_data(cq)) == 0xabcd);
	vt_check(ibv_wc_read_qp_num(cq) == s->conn.a.qp->qp_num);
	vt_check(ibv_wc_read_src_qp(cq) == s->conn.b.qp->qp_num);
	vt_check(!ibv_wc_read_slid(cq) && !ibv_wc_read_sl(cq));
	vt_check(!ibv_wc_read_dlid_path_bits(cq) && !ibv_wc_read_vendor_err(cq));
	raw = ibv_wc_read_completion_ts(cq);
	wall = ibv_wc_read_completion_wallclock_ns(cq);
	vt_check(ibv_next_poll(cq) == ENOENT);
	ibv_end_poll(cq);
	vt_check(raw >= before && raw <= device_clock(s->a));
	vt_check(wall >= before && wall <= wall_clock());
	setup_end(s, cq);
}

static void test_batch(struct setup *s, uint32_t flags)
{
	struct ibv_cq_ex *cq = make_cq(s->a, IBV_WC_EX_WITH_COMPLETION_TIMESTAMP, flags);
	uint64_t last = 0, now;
	int n = 0;

	if (!cq)
		vt_fail("a CQ with flags 0x%x: %m", flags);
	setup_make(s, cq);
	post_writes(s, 0, 40);
	while (n < 40) {
		start_poll(cq);
		do {
			vt_check(cq->wr_id == (uint64_t)n++ && !cq->status);
			now = ibv_wc_read_completion_ts(cq);
			vt_check(now >= last);
			last = now;
		} while (!ibv_next_poll(cq));
		ibv_end_poll(cq);
	}
	expect_empty(cq);
	setup_end(s, cq);
}

static void test_error(struct setup *s)
{
	struct ibv_cq_ex *cq = make_cq(s->a, IBV_WC_STANDARD_FLAGS, 0);
	struct vt_op op;

	vt_check(cq);
	setup_make(s, cq);
	op = write_op(s, 9);
	op.rkey ^= 0x100;
	vt_post(&s->conn.a, &op);
	start_poll(cq);
	vt_check(cq->wr_id == 9 && cq->status == IBV_WC_REM_ACCESS_ERR);
	ibv_end_poll(cq);
	setup_end(s, cq);
}

static void test_refused(struct setup *s)
{
	struct ibv_poll_cq_attr attr = { .comp_mask = 1 };
	struct ibv_cq_ex *cq;

	vt_check(!make_cq(s->a, IBV_WC_EX_WITH_TM_INFO, 0) && errno == EOPNOTSUPP);
	vt_check(!make_cq(s->a, IBV_WC_EX_WITH_FLOW_TAG, 0) && errno == EOPNOTSUPP);
	vt_check(!make_cq(s->a, 0, IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN) && errno == EOPNOTSUPP);
	cq = make_cq(s->a, 0, 0);
	vt_check(cq && ibv_start_poll(cq, &attr) == EINVAL);
	vt_check(!ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
}

static void expect_writes(struct setup *s, uint64_t first, int count)
{
	int n;

	for (n = 0; n < count; n++)
		vt_expect_ok(&s->conn.a, first + n, IBV_WC_RDMA_WRITE);
}

static void resize(struct setup *s, int cqe)
{
	int err = ibv_resize_cq(s->conn.a.cq, cqe);

	if (err)
		vt_fail("resizing to %d: %s", cqe, strerror(err));
	vt_check(s->conn.a.cq->cqe >= cqe);
}

/* Completions that were not polled come along, in both directions. */
static void test_resize(struct setup *s)
{
	const struct vt_conn_attr attr = { .max_wr = 256, .events = true };
	const struct ibv_device_attr *limits = &s->a->attr.orig_attr;

	vt_connect(&s->conn, s->a, s->b, &attr);
	vt_buf_make(&s->src, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL);
	post_writes(s, 0, 100);
	expect_writes(s, 0, 70); /* 30 are left, or will come */
	resize(s, 2000);
	expect_writes(s, 70, 10);
	post_writes(s, 100, 1);
	resize(s, 64);
	expect_writes(s, 80, 21);

	post_writes(s, 200, 40);
	vt_sleep_ms(100);
	vt_check(ibv_resize_cq(s->conn.a.cq, 0));
	vt_check(ibv_resize_cq(s->conn.a.cq, limits->max_cqe + 1));
	expect_writes(s, 200, 40);

	vt_check(!ibv_req_notify_cq(s->conn.a.cq, 0));
	resize(s, 500); /* what was armed stays armed */
	post_writes(s, 300, 1);
	vt_check(vt_comp_event(&s->conn.a, vt_options.wait_ms));
	expect_writes(s, 300, 1);
	vt_disconnect(&s->conn);
	vt_buf_free(&s->src);
	vt_buf_free(&s->buf);
}

/* The process has no room to map a larger ring: the CQ stays as it is, and works. */
static void test_resize_unmapped(struct setup *s)
{
	const struct vt_conn_attr attr = { .max_wr = 256 };
	struct rlimit before, none;
	int err;

	vt_connect(&s->conn, s->a, s->b, &attr);
	vt_buf_make(&s->src, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL);
	post_writes(s, 0, 100);
	expect_writes(s, 0, 50);
	vt_check(!getrlimit(RLIMIT_AS, &before));
	none = (struct rlimit){ .rlim_cur = 4096, .rlim_max = before.rlim_max };
	vt_check(!setrlimit(RLIMIT_AS, &none));
	err = ibv_resize_cq(s->conn.a.cq, 100000);
	vt_check(!setrlimit(RLIMIT_AS, &before));
	if (err != ENOMEM)
		vt_fail("resizing without room: %s", strerror(err));
	expect_writes(s, 50, 50);
	post_writes(s, 100, 100);
	expect_writes(s, 100, 100);
	resize(s, 1000);
	post_writes(s, 200, 100);
	expect_writes(s, 200, 100);
	vt_disconnect(&s->conn);
	vt_buf_free(&s->src);
	vt_buf_free(&s->buf);
}

/* Sizes change while completions come. */
static void test_resize_busy(struct setup *s)
{
	const struct vt_conn_attr attr = { .max_wr = 64 };
	int round;

	vt_connect(&s->conn, s->a, s->b, &attr);
	vt_buf_make(&s->src, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL);
	for (round = 0; round < 30; round++) {
		post_writes(s, 0, 60);
		resize(s, round % 2 ? 64 : 1024);
		expect_writes(s, 0, 60);
	}
	vt_disconnect(&s->conn);
	vt_buf_free(&s->src);
	vt_buf_free(&s->buf);
}

/* Objects made with a parent domain work with those of the PD that it is made of. */
static void test_parent_domain(struct setup *s)
{
	struct ibv_td_init_attr td_attr = {};
	struct ibv_td *td = ibv_alloc_td(s->a->ctx, &td_attr);
	struct ibv_parent_domain_init_attr attr = { .pd = s->a->pd, .td = td };
	struct vt_device in_parent = *s->a;
	struct vt_conn conn;
	struct vt_buf buf;

	if (!td)
		vt_fail("a thread domain: %m");
	in_parent.pd = ibv_alloc_parent_domain(s->a->ctx, &attr);
	if (!in_parent.pd)
		vt_fail("a parent domain: %m");
	vt_check(ibv_dealloc_td(td) == EBUSY);
	vt_check(ibv_dealloc_pd(s->a->pd) == EBUSY);
	vt_connect(&conn, &in_parent, s->b, NULL);
	vt_buf_make(&buf, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL | IBV_ACCESS_RELAXED_ORDERING);
	vt_fill(buf.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &buf, 0, &s->buf, 0, LEN);
	vt_verify(s->buf.data, LEN, 1, 0, "the data");
	vt_disconnect(&conn);
	vt_buf_free(&buf);
	vt_buf_free(&s->buf);
	vt_check(!ibv_dealloc_pd(in_parent.pd));
	vt_check(!ibv_dealloc_td(td));
}

/* An application's memory, in the order of resource types: QP, CQ, SRQ. */
struct store {
	int given[4], returned[4];
	bool empty, use_default;
};

static void *store_alloc(struct ibv_pd *pd, void *context, size_t size, size_t alignment,
			 uint64_t type)
{
	struct store *store = context;
	void *memory = NULL;

	(void)pd;
	vt_check(type >= 1 && type <= 3 && size && !(alignment & (alignment - 1)));
	if (store->use_default)
		return IBV_ALLOCATOR_USE_DEFAULT;
	if (store->empty || posix_memalign(&memory, alignment, size))
		return NULL;
	memset(memory, 0xa5, size);
	store->given[type]++;
	return memory;
}

static void store_free(struct ibv_pd *pd, void *context, void *memory, uint64_t type)
{
	struct store *store = context;

	(void)pd;
	store->returned[type]++;
	free(memory);
}

/* A QP, an extended CQ and an SRQ in the application's memory, and traffic on them. */
static void use_store(struct setup *s, struct ibv_pd *parent, bool lent)
{
	struct ibv_cq_init_attr_ex cq_attr = {
		.cqe = 64,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
		.comp_mask = IBV_CQ_INIT_ATTR_MASK_PD,
		.parent_domain = parent,
	};
	struct ibv_srq_init_attr srq_attr = { .attr = { .max_wr = 8, .max_sge = 1 } };
	struct ibv_cq_ex *cq = ibv_create_cq_ex(s->a->ctx, &cq_attr);
	struct ibv_srq *srq = ibv_create_srq(parent, &srq_attr);
	struct vt_device in_parent = *s->a;
	struct vt_conn_attr attr = { .cq_a = cq ? ibv_cq_ex_to_cq(cq) : NULL };
	struct vt_conn conn;
	struct vt_buf buf;

	vt_check(cq && srq);
	in_parent.pd = parent;
	vt_connect(&conn, &in_parent, s->b, &attr);
	if (lent)
		vt_check(ibv_dealloc_pd(parent) == EBUSY);
	vt_buf_make(&buf, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->buf, s->b, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(buf.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &buf, 0, &s->buf, 0, LEN);
	vt_verify(s->buf.data, LEN, 1, 0, "the data");
	vt_disconnect(&conn);
	vt_buf_free(&buf);
	vt_buf_free(&s->buf);
	vt_check(!ibv_destroy_srq(srq));
	vt_check(!ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
}

static void test_allocators(struct setup *s)
{
	struct store store = {};
	struct ibv_parent_domain_init_attr attr = {
		.pd = s->a->pd,
		.comp_mask = IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
			     IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT,
		.pd_context = &store,
	};
	struct ibv_srq_init_attr srq_attr = { .attr = { .max_wr = 8, .max_sge = 1 } };
	struct ibv_pd *parent;
	int type;

	vt_check(!ibv_alloc_parent_domain(s->a->ctx, &attr) && errno == EINVAL);
	attr.alloc = store_alloc;
	attr.free = store_free;
	parent = ibv_alloc_parent_domain(s->a->ctx, &attr);
	if (!parent)
		vt_fail("a parent domain with allocators: %m");
	use_store(s, parent, true);
	for (type = 1; type <= 3; type++)
		vt_check(store.given[type] == 1 && store.returned[type] == 1);
	store.use_default = true;
	use_store(s, parent, false);
	for (type = 1; type <= 3; type++)
		vt_check(store.given[type] == 1 && store.returned[type] == 1);
	store = (struct store){ .empty = true };
	vt_check(!ibv_create_srq(parent, &srq_attr) && errno == ENOMEM);
	vt_check(!ibv_dealloc_pd(parent));
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (vt_is_rxe(s.a))
		vt_skip("rxe has no such CQs");
	vt_case("every field");
	test_fields(&s);
	vt_case("batches");
	test_batch(&s, 0);
	vt_case("batches, single-threaded");
	test_batch(&s, IBV_CREATE_CQ_ATTR_SINGLE_THREADED);
	vt_case("an error");
	test_error(&s);
	vt_case("what is refused");
	test_refused(&s);
	vt_case("resizing");
	test_resize(&s);
	vt_case("resizing without room for the new ring");
	test_resize_unmapped(&s);
	vt_case("resizing under traffic");
	test_resize_busy(&s);
	vt_case("parent domain, thread domain, relaxed ordering");
	test_parent_domain(&s);
	vt_case("allocators");
	test_allocators(&s);
	return vt_finish(s.a, s.b);
}
