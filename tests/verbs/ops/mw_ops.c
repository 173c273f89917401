// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory windows: what a bound one opens, and nothing else; binding, unbinding and
 * invalidating them, of type 1 and 2B, over pinned and on-demand memory (IBTA 1.7,
 * 10.6.7).
 *
 * b has the windows and binds them, a is its peer.
 */
#include <pthread.h>
#include <sched.h>

#include "vt.h"

#define LEN	  (64 * 1024)
#define WIN_AT	  4000 /* the window: neither begins nor ends on a page */
#define WIN_LEN	  20000
#define MW_ACCESS (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC)

enum {
	OP = 1,
	BIND = 2,
	INV = 3,
	RECV = 4,
	SEED_A = 1,
	SEED_B = 2
};

struct setup {
	struct vt_device *dev_a, *dev_b;
	enum vt_memory mem_a, mem_b;
	bool wr_api;
	struct vt_conn conn;
	struct vt_buf a, b;
	struct ibv_mw *mw;
};

static void begin(struct setup *s, enum ibv_mw_type type, int access_b)
{
	struct vt_conn_attr attr = { .wr_api = s->wr_api };

	vt_connect(&s->conn, s->dev_a, s->dev_b, &attr);
	vt_buf_make(&s->a, s->dev_a, LEN, s->mem_a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, s->mem_b, access_b);
	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	s->mw = ibv_alloc_mw(s->dev_b->pd, type);
	if (!s->mw)
		vt_fail("allocating a window of type %d: %m", type);
}

/* The region knows no remote rights: only the window opens it. */
static void begin_closed(struct setup *s, enum ibv_mw_type type)
{
	begin(s, type, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
}

static void end(struct setup *s)
{
	if (s->mw)
		vt_check(!ibv_dealloc_mw(s->mw));
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

static struct ibv_mw_bind_info bind_info(struct setup *s, size_t at, size_t len,
					 unsigned int access)
{
	return (struct ibv_mw_bind_info){
		.mr = s->b.mr,
		.addr = vt_addr(&s->b, at),
		.length = len,
		.mw_access_flags = access,
	};
}

/* Type 1 goes by the verb, type 2 by a work request; the outcome is still to come. */
static void post_bind(struct setup *s, const struct ibv_mw_bind_info *info)
{
	struct ibv_mw_bind type1 = {
		.wr_id = BIND,
		.send_flags = IBV_SEND_SIGNALED,
		.bind_info = *info,
	};
	struct vt_op op = {
		.opcode = IBV_WR_BIND_MW,
		.wr_id = BIND,
		.mw = s->mw,
		.rkey = ibv_inc_rkey(s->mw->rkey),
		.bind = *info,
	};

	if (s->mw->type == IBV_MW_TYPE_1) {
		vt_check(!ibv_bind_mw(s->conn.b.qp, s->mw, &type1));
		return;
	}
	vt_post(&s->conn.b, &op);
	s->mw->rkey = op.rkey;
}

static void bind(struct setup *s, size_t at, size_t len, unsigned int access)
{
	struct ibv_mw_bind_info info = bind_info(s, at, len, access);
	uint32_t old = s->mw->rkey;

	post_bind(s, &info);
	vt_expect_ok(&s->conn.b, BIND, IBV_WC_BIND_MW);
	vt_check(s->mw->rkey != old && s->mw->rkey >> 8 == old >> 8);
}

static void expect_bind_refused(struct setup *s, const struct ibv_mw_bind_info *info)
{
	post_bind(s, info);
	vt_expect(&s->conn.b, BIND, IBV_WC_MW_BIND_ERR);
	vt_expect_state(&s->conn.b, IBV_QPS_ERR);
}

static struct vt_op one_sided(struct setup *s, enum ibv_wr_opcode opcode, uint64_t remote_addr,
			      uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 8, len) },
		.num_sge = 1,
		.remote_addr = remote_addr,
		.rkey = s->mw->rkey,
	};
}

/* All of the window, in both directions, and an atomic; base: what peers call its first byte. */
static void use_window(struct setup *s, uint64_t base)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, base, WIN_LEN);
	uint64_t word, old;

	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data, WIN_AT, SEED_B, 0, "before the window");
	vt_verify(s->b.data + WIN_AT, WIN_LEN, SEED_A, 8, "the window");
	vt_verify(s->b.data + WIN_AT + WIN_LEN, LEN - WIN_AT - WIN_LEN, SEED_B, WIN_AT + WIN_LEN,
		  "behind the window");

	vt_fill(s->b.data + WIN_AT, WIN_LEN, 3, 0);
	op = one_sided(s, IBV_WR_RDMA_READ, base + 7, WIN_LEN - 7);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 8, WIN_LEN - 7, 3, 7, "what was read through the window");

	memcpy(&old, s->b.data + WIN_AT + 8, sizeof(old));
	op = one_sided(s, IBV_WR_ATOMIC_FETCH_AND_ADD, base + 8, 8);
	op.compare_add = 5;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_FETCH_ADD);
	memcpy(&word, s->b.data + WIN_AT + 8, sizeof(word));
	vt_check(word == old + 5);
	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
}

/* a may not do this; b's memory is as it was. */
static void expect_refused(struct setup *s, const struct vt_op *op)
{
	vt_post(&s->conn.a, op);
	vt_expect(&s->conn.a, op->wr_id, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->b.data, LEN, SEED_B, 0, "the target of a refused request");
	vt_verify(s->a.data, LEN, SEED_A, 0, "the source of a refused request");
}

static void local_inv(struct setup *s, uint32_t rkey, enum ibv_wc_status status)
{
	struct vt_op op = { .opcode = IBV_WR_LOCAL_INV, .wr_id = INV, .invalidate = rkey };
	struct ibv_wc wc;

	vt_post(&s->conn.b, &op);
	wc = vt_expect(&s->conn.b, INV, status);
	if (!status)
		vt_check(wc.opcode == IBV_WC_LOCAL_INV);
}

static void test_use(struct setup *s, enum ibv_mw_type type)
{
	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	use_window(s, vt_addr(&s->b, WIN_AT));
	end(s);
}

static void test_zero_based(struct setup *s)
{
	struct vt_op op;

	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS | IBV_ACCESS_ZERO_BASED);
	use_window(s, 0);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	end(s);
}

static void test_bounds(struct setup *s, enum ibv_mw_type type, int64_t offset, uint32_t len)
{
	struct vt_op op;

	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT) + offset, len);
	expect_refused(s, &op);
	end(s);
}

/* The region would allow it, the window does not. */
static void test_missing_right(struct setup *s, enum ibv_mw_type type, enum ibv_wr_opcode opcode,
			       unsigned int right)
{
	struct vt_op op;

	begin(s, type, VT_ACCESS_ALL | IBV_ACCESS_MW_BIND);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS & ~right);
	op = one_sided(s, opcode, vt_addr(&s->b, WIN_AT + 96), 8);
	expect_refused(s, &op);
	end(s);
}

static void test_never_bound(struct setup *s, enum ibv_mw_type type)
{
	struct vt_op op;

	begin_closed(s, type);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	end(s);
}

/* A type 1 window moves: the new key opens the new place, the old one nothing. */
static void test_rebind(struct setup *s)
{
	struct vt_op op;
	uint32_t old;

	begin_closed(s, IBV_MW_TYPE_1);
	bind(s, 0, 100, MW_ACCESS);
	old = s->mw->rkey;
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	use_window(s, vt_addr(&s->b, WIN_AT));
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	op.rkey = old;
	expect_refused(s, &op);
	end(s);
}

static void test_unbind(struct setup *s)
{
	struct vt_op op;

	begin_closed(s, IBV_MW_TYPE_1);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	bind(s, WIN_AT, 0, 0);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	end(s);
}

static void test_local_inv(struct setup *s)
{
	struct vt_op op;

	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	local_inv(s, s->mw->rkey, IBV_WC_SUCCESS);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	use_window(s, vt_addr(&s->b, WIN_AT));
	local_inv(s, s->mw->rkey, IBV_WC_SUCCESS);
	op = one_sided(s, IBV_WR_RDMA_READ, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	end(s);
}

/* The peer takes the key away with a message of len bytes. */
static void send_inv(struct setup *s, uint32_t len, unsigned int flags)
{
	struct ibv_sge room = vt_sge(&s->b, 0, LEN);
	struct vt_op op = {
		.opcode = IBV_WR_SEND_WITH_INV,
		.flags = flags,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, len) },
		.num_sge = 1,
		.invalidate = s->mw->rkey,
	};
	struct ibv_wc wc;

	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_SEND);
	wc = vt_expect_ok(&s->conn.b, RECV, IBV_WC_RECV);
	vt_check(wc.byte_len == len);
	vt_check(!(wc.wc_flags & IBV_WC_WITH_IMM));
	/* rxe tells user space of no invalidation (7.3.4); that it happened is seen below. */
	if (!vt_is_rxe(s->dev_b)) {
		vt_check(wc.wc_flags & IBV_WC_WITH_INV);
		vt_check(wc.invalidated_rkey == s->mw->rkey);
	}
	vt_verify(s->b.data, len, SEED_A, 0, "the message");
	vt_fill(s->b.data, LEN, SEED_B, 0);
}

static void test_send_inv(struct setup *s, uint32_t len, unsigned int flags)
{
	struct vt_op op;

	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	use_window(s, vt_addr(&s->b, WIN_AT));
	send_inv(s, len, flags);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	use_window(s, vt_addr(&s->b, WIN_AT));
	send_inv(s, len, flags);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	end(s);
}

/* A key that cannot be invalidated, by the peer and by oneself. */
static void test_bad_inv(struct setup *s, enum ibv_mw_type type, uint32_t change)
{
	struct ibv_sge room;
	struct vt_op op;

	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	local_inv(s, s->mw->rkey ^ change, IBV_WC_MW_BIND_ERR);
	vt_expect_state(&s->conn.b, IBV_QPS_ERR);
	end(s);

	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	room = vt_sge(&s->b, 0, 8);
	op = one_sided(s, IBV_WR_SEND_WITH_INV, 0, 8);
	op.invalidate = s->mw->rkey ^ change;
	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, OP, IBV_WC_REM_ACCESS_ERR);
	vt_expect(&s->conn.b, RECV, IBV_WC_LOC_PROT_ERR);
	end(s);
}

/* An MR's own key cannot be invalidated by user space, also not by a peer. */
static void test_inv_region(struct setup *s)
{
	begin(s, IBV_MW_TYPE_2, VT_ACCESS_ALL | IBV_ACCESS_MW_BIND);
	local_inv(s, s->b.mr->rkey, IBV_WC_MW_BIND_ERR);
	end(s);
}

/* Type 1 opens to all QPs of the PD, type 2 only to the one that bound it. */
static void test_other_qp(struct setup *s, enum ibv_mw_type type)
{
	struct vt_conn other, first;
	struct vt_op op;

	begin_closed(s, type);
	vt_connect(&other, s->dev_a, s->dev_b, NULL);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	first = s->conn;
	s->conn = other;
	if (type == IBV_MW_TYPE_1) {
		use_window(s, vt_addr(&s->b, WIN_AT));
	} else {
		op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
		expect_refused(s, &op);
	}
	vt_disconnect(&other);
	s->conn = first;
	use_window(s, vt_addr(&s->b, WIN_AT));
	end(s);
}

/* The QP that bound it is gone: a new one, of whatever number, is not let in. */
static void test_qp_gone(struct setup *s)
{
	struct vt_op op;

	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	expect_refused(s, &op);
	vt_check(ibv_dereg_mr(s->b.mr) == EBUSY);
	end(s);
}

static void test_window_gone(struct setup *s, enum ibv_mw_type type)
{
	struct vt_op op;

	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, WIN_AT), 8);
	vt_check(!ibv_dealloc_mw(s->mw));
	s->mw = NULL;
	expect_refused(s, &op);
	end(s);
}

/* An MR with windows stays, and works; without them it can go. */
static void test_dereg_bound(struct setup *s, enum ibv_mw_type type)
{
	begin_closed(s, type);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	vt_check(ibv_dereg_mr(s->b.mr) == EBUSY);
	use_window(s, vt_addr(&s->b, WIN_AT));
	if (type == IBV_MW_TYPE_1)
		bind(s, WIN_AT, 0, 0);
	else
		local_inv(s, s->mw->rkey, IBV_WC_SUCCESS);
	end(s);
}

static void test_bind_errors(struct setup *s, enum ibv_mw_type type)
{
	struct ibv_mw_bind_info info;
	uint32_t rkey;

	vt_note("to an MR without MW_BIND");
	begin(s, type, VT_ACCESS_ALL);
	info = bind_info(s, WIN_AT, WIN_LEN, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("the right to write, to an MR without");
	begin(s, type, IBV_ACCESS_REMOTE_READ | IBV_ACCESS_MW_BIND);
	info = bind_info(s, WIN_AT, WIN_LEN, IBV_ACCESS_REMOTE_WRITE);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("beyond the MR");
	begin_closed(s, type);
	info = bind_info(s, 0, LEN + VT_GUARD + 1, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("a length that wraps");
	begin_closed(s, type);
	info = bind_info(s, 0, -1ull, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("with a stale key of the window");
	begin_closed(s, type);
	rkey = s->mw->rkey;
	s->mw->rkey = rkey ^ 0x80;
	info = bind_info(s, 0, 100, MW_ACCESS);
	expect_bind_refused(s, &info);
	s->mw->rkey = rkey;
	end(s);
}

/* Across PDs; libibverbs itself refuses that of type 1. */
static void test_bind_other_pd(struct setup *s)
{
	struct vt_device *other;
	struct ibv_mw_bind_info info;
	struct ibv_mr *mr;

	vt_note("an MR of another PD");
	other = vt_open_b();
	begin_closed(s, IBV_MW_TYPE_2);
	mr = vt_reg(other, s->b.data, LEN, s->mem_b, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
	info = bind_info(s, 0, 100, MW_ACCESS);
	info.mr = mr;
	expect_bind_refused(s, &info);
	end(s);
	vt_check(!ibv_dereg_mr(mr));

	vt_note("a window of another PD");
	begin_closed(s, IBV_MW_TYPE_2);
	vt_check(!ibv_dealloc_mw(s->mw));
	s->mw = ibv_alloc_mw(other->pd, IBV_MW_TYPE_2);
	vt_check(s->mw);
	info = bind_info(s, 0, 100, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);
	vt_close(other);
}

static void test_bind_errors_type2(struct setup *s)
{
	struct ibv_mw_bind_info info;

	vt_note("while it is bound");
	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	info = bind_info(s, 0, 100, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("of no length");
	begin_closed(s, IBV_MW_TYPE_2);
	info = bind_info(s, 0, 0, MW_ACCESS);
	expect_bind_refused(s, &info);
	end(s);

	vt_note("to a key with another index");
	begin_closed(s, IBV_MW_TYPE_2);
	{
		struct vt_op op = {
			.opcode = IBV_WR_BIND_MW,
			.wr_id = BIND,
			.mw = s->mw,
			.rkey = s->mw->rkey + 0x100,
			.bind = bind_info(s, 0, 100, MW_ACCESS),
		};

		vt_post(&s->conn.b, &op);
	}
	vt_expect(&s->conn.b, BIND, IBV_WC_MW_BIND_ERR);
	end(s);
}

/* Bound, used and invalidated by requests that stand in the queue together, many times. */
static void test_pipeline(struct setup *s)
{
	enum {
		TIMES = 20
	};
	struct vt_op ops[3] = {
		{ .opcode = IBV_WR_BIND_MW, .quiet = true },
		{ .opcode = IBV_WR_RDMA_READ, .wr_id = OP, .num_sge = 1, .quiet = true },
		{ .opcode = IBV_WR_LOCAL_INV, .flags = IBV_SEND_FENCE, .quiet = true },
	};
	struct vt_op last = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = OP };
	int i, k;

	begin(s, IBV_MW_TYPE_2, VT_ACCESS_ALL | IBV_ACCESS_MW_BIND);
	for (i = 0; i < TIMES; i++) {
		ops[0].mw = s->mw;
		ops[0].rkey = ibv_inc_rkey(s->mw->rkey);
		ops[0].bind = bind_info(s, WIN_AT, WIN_LEN, MW_ACCESS);
		ops[1].sge[0] = vt_sge(&s->b, WIN_AT, 6000);
		ops[1].remote_addr = vt_addr(&s->a, 0);
		ops[1].rkey = s->a.mr->rkey;
		ops[2].invalidate = ops[0].rkey;
		for (k = 0; k < 3; k++)
			vt_post(&s->conn.b, &ops[k]);
		s->mw->rkey = ops[0].rkey;
	}
	last.remote_addr = vt_addr(&s->a, 0);
	last.rkey = s->a.mr->rkey;
	vt_post(&s->conn.b, &last);
	vt_expect_ok(&s->conn.b, OP, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data + WIN_AT, 6000, SEED_A, 0, "what was read");
	bind(s, WIN_AT, WIN_LEN, MW_ACCESS);
	end(s);
}

/* Writes through the window until it is shut, one after the other, each with a byte of its own. */
struct writer {
	struct setup *s;
	int done; /* atomic: that succeeded */
};

enum {
	FIRST_WRITES = 20,
	MOST_WRITES = 20000,
	SHUTS = 12, /* how often a window is shut; not each comes while a WRITE is half done */
	SAMPLE = 4096
};

static void *write_on(void *arg)
{
	struct writer *writer = arg;
	struct setup *s = writer->s;
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->b, 0), LEN - 8);
	struct ibv_wc wc;

	do {
		memset(s->a.data, writer->done, LEN);
		vt_post(&s->conn.a, &op);
		wc = vt_wait(&s->conn.a);
		if (wc.status) {
			vt_check(wc.status == IBV_WC_REM_ACCESS_ERR);
			return NULL;
		}
	} while (__atomic_add_fetch(&writer->done, 1, __ATOMIC_SEQ_CST) < MOST_WRITES);
	vt_fail("%d WRITEs, and the window is still open", MOST_WRITES);
}

static void wait_for_writes(struct writer *writer)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (__atomic_load_n(&writer->done, __ATOMIC_SEQ_CST) < FIRST_WRITES) {
		if (vt_now_ns() > end_ns)
			vt_fail("no %d WRITEs within %u ms", FIRST_WRITES, vt_options.wait_ms);
		sched_yield();
	}
}

/* Where a WRITE comes to last is looked at first. */
static void sample(const struct vt_buf *buf, uint8_t samples[LEN / SAMPLE])
{
	size_t i;

	for (i = LEN / SAMPLE; i--;)
		samples[i] = ((const volatile uint8_t *)buf->data)[i * SAMPLE];
}

/*
 * While the peer writes through the window, its key is taken away. From the completion
 * on nothing is written any more, not even the rest of a WRITE that was under way. The peer's next WRITE is refused,
 * which ends the connection: if that comes before the last WRITE's end, the LOCAL_INV is flushed.
 */
static void shut_in_flight(struct setup *s)
{
	struct vt_op inv = { .opcode = IBV_WR_LOCAL_INV, .wr_id = INV };
	struct ibv_wc wc;
	struct writer writer = { .s = s };
	uint8_t before[LEN / SAMPLE], after[LEN / SAMPLE];
	pthread_t thread;

	begin_closed(s, IBV_MW_TYPE_2);
	bind(s, 0, LEN, MW_ACCESS);
	if (s->mem_b == VT_ODP)
		vt_buf_cool(&s->b);
	vt_check(!pthread_create(&thread, NULL, write_on, &writer));
	wait_for_writes(&writer);
	inv.invalidate = s->mw->rkey;
	vt_post(&s->conn.b, &inv);
	wc = vt_wait(&s->conn.b);
	vt_check(wc.wr_id == INV && (!wc.status || wc.status == IBV_WC_WR_FLUSH_ERR));
	sample(&s->b, before);
	vt_check(!pthread_join(thread, NULL));
	sample(&s->b, after);
	if (memcmp(before, after, sizeof(before)))
		vt_fail("written after the invalidation's completion, %d WRITEs after the first",
			writer.done);
	end(s);
}

static void test_in_flight(struct setup *s)
{
	int i;

	for (i = 0; i < SHUTS; i++)
		shut_in_flight(s);
}

/* What a window keeps out. */
static void run_type_closed(struct setup *s, const char *what, enum ibv_mw_type type)
{
	int n = type == IBV_MW_TYPE_1 ? 1 : 2;

	vt_case("%s, type %d: a byte before it", what, n);
	test_bounds(s, type, -1, 8);
	vt_case("%s, type %d: a byte behind it", what, n);
	test_bounds(s, type, WIN_LEN - 7, 8);
	vt_case("%s, type %d: a long WRITE that ends behind it", what, n);
	test_bounds(s, type, 1, WIN_LEN);
	vt_case("%s, type %d: WRITE without the right", what, n);
	test_missing_right(s, type, IBV_WR_RDMA_WRITE, IBV_ACCESS_REMOTE_WRITE);
	vt_case("%s, type %d: READ without the right", what, n);
	test_missing_right(s, type, IBV_WR_RDMA_READ, IBV_ACCESS_REMOTE_READ);
	vt_case("%s, type %d: FETCH_ADD without the right", what, n);
	test_missing_right(s, type, IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_ACCESS_REMOTE_ATOMIC);
	vt_case("%s, type %d: never bound", what, n);
	test_never_bound(s, type);
	vt_case("%s, type %d: from another QP", what, n);
	test_other_qp(s, type);
	vt_case("%s, type %d: the window is gone", what, n);
	test_window_gone(s, type);
	vt_case("%s, type %d: deregistering an MR with a window", what, n);
	test_dereg_bound(s, type);
	vt_case("%s, type %d: binding that is refused", what, n);
	test_bind_errors(s, type);
}

/* What it lets in, and how it is opened and shut. */
static void run_open(struct setup *s, const char *what)
{
	/* ibv_bind_mw() goes its own way whatever the QP's other posts do. */
	if (!s->wr_api) {
		vt_case("%s, type 1: WRITE, READ, FETCH_ADD", what);
		test_use(s, IBV_MW_TYPE_1);
		vt_case("%s, type 1: bound anew", what);
		test_rebind(s);
		vt_case("%s, type 1: unbound", what);
		test_unbind(s);
	}
	vt_case("%s, type 2: WRITE, READ, FETCH_ADD", what);
	test_use(s, IBV_MW_TYPE_2);
	vt_case("%s, type 2: zero-based", what);
	test_zero_based(s);
	vt_case("%s, type 2: LOCAL_INV", what);
	test_local_inv(s);
	vt_case("%s, type 2: SEND_WITH_INV, one packet", what);
	test_send_inv(s, 100, 0);
	vt_case("%s, type 2: SEND_WITH_INV, inline", what);
	test_send_inv(s, 40, IBV_SEND_INLINE);
	vt_case("%s, type 2: SEND_WITH_INV, several packets", what);
	test_send_inv(s, 30000, 0);
	vt_case("%s, type 2: bound, used and invalidated in one queue", what);
	test_pipeline(s);
}

static void run_closed(struct setup *s, const char *what)
{
	if (!s->wr_api)
		run_type_closed(s, what, IBV_MW_TYPE_1);
	run_type_closed(s, what, IBV_MW_TYPE_2);
	vt_case("%s, type 2: invalidating a stale key", what);
	test_bad_inv(s, IBV_MW_TYPE_2, 0x80);
	vt_case("%s, type 2: invalidating a key that there is not", what);
	test_bad_inv(s, IBV_MW_TYPE_2, 0x5a5a5a00);
	vt_case("%s, type 1: invalidating it", what);
	test_bad_inv(s, IBV_MW_TYPE_1, 0);
	vt_case("%s: invalidating an MR's key", what);
	test_inv_region(s);
	vt_case("%s, type 2: the QP is gone", what);
	test_qp_gone(s);
	vt_case("%s, type 2: binding that is refused", what);
	test_bind_errors_type2(s);
	vt_case("%s, type 2: binding across PDs", what);
	test_bind_other_pd(s);
	vt_case("%s, type 2: invalidated in flight", what);
	test_in_flight(s);
}

static void run_api(struct setup *s)
{
	char what[64];

	snprintf(what, sizeof(what), "%s/%s, %s", vt_memory_name(s->mem_a),
		 vt_memory_name(s->mem_b), s->wr_api ? "ibv_wr" : "ibv_post_send");
	run_open(s, what);
	/* rxe lets in a byte before a window (7.3.4), and more that is not its peer's affair. */
	if (!vt_is_rxe(s->dev_b))
		run_closed(s, what);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct setup *s = arg;

	s->mem_a = a;
	s->mem_b = b;
	for (s->wr_api = false;; s->wr_api = true) {
		run_api(s);
		if (s->wr_api)
			break;
	}
}

static void require_windows(const struct vt_device *dev)
{
	const unsigned int caps = IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B;

	if ((dev->attr.orig_attr.device_cap_flags & caps) != caps)
		vt_skip("%s has no memory windows of both types", dev->name);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	require_windows(s.dev_b);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	return vt_finish(s.dev_a, s.dev_b);
}
