// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ATOMIC WRITE and FLUSH: through both posting interfaces, with every kind of memory, many
 * under way at once, and what is refused. FLUSH needs a libibverbs that knows it.
 */
#include "vt.h"

#define LEN   (3 * 4096)
#define WORDS 200

/* As in the kernel's interface; not every libibverbs has names for them. */
#define CAP_FLUSH_GLOBAL     (1ull << 38)
#define CAP_FLUSH_PERSISTENT (1ull << 39)
#define CAP_ATOMIC_WRITE     (1ull << 40)
#define ACCESS_FLUSH_GLOBAL  (1 << 8)
#define FLUSH_GLOBAL	     1
#define FLUSH_PERSISTENT     2
#define FLUSH_RANGE	     0
#define FLUSH_MR	     1

struct setup {
	struct vt_device *devs[2];
	struct vt_conn conn;
	struct vt_conn_attr attr;
	enum vt_memory memory_b;
	bool flush; /* both sides have it */
	struct vt_buf a, b;
};

static uint64_t caps(const struct vt_device *dev)
{
	return dev->attr.device_cap_flags_ex;
}

static void again(struct setup *s)
{
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->devs[0], s->devs[1], &s->attr);
}

static uint64_t load(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* By ibv_wr_atomic_write(); the word is free for reuse at once. */
static void post_word(struct setup *s, uint64_t wr_id, uint64_t word, uint64_t addr, uint32_t rkey)
{
	struct ibv_qp_ex *qp = s->conn.a.qpx;
	int err;

	ibv_wr_start(qp);
	qp->wr_id = wr_id;
	qp->wr_flags = IBV_SEND_SIGNALED | (vt_is_rxe(s->devs[0]) ? IBV_SEND_INLINE : 0);
	ibv_wr_atomic_write(qp, rkey, addr, &word);
	err = ibv_wr_complete(qp);
	if (err)
		vt_fail("posting an ATOMIC WRITE: %s", strerror(err));
}

/* The same from memory, by ibv_post_send(). */
static void post_from_memory(struct setup *s, uint64_t wr_id, size_t from, uint32_t len,
			     uint64_t addr, uint32_t rkey)
{
	struct ibv_sge sge = vt_sge(&s->a, from, len);
	struct ibv_send_wr wr = {
		.wr_id = wr_id,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_ATOMIC_WRITE,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { .remote_addr = addr, .rkey = rkey },
	};
	struct ibv_send_wr *bad;
	int err = ibv_post_send(s->conn.a.qp, &wr, &bad);

	if (err)
		vt_fail("posting an ATOMIC WRITE: %s", strerror(err));
}

static void check_around(struct setup *s, size_t word)
{
	vt_verify(s->b.data, word, 2, 0, "before the word");
	vt_verify(s->b.data + word + 8, LEN - word - 8, 2, word + 8, "behind the word");
	vt_verify_guards(&s->b, "b");
}

static void test_word(struct setup *s, size_t at)
{
	const uint64_t word = 0x1122334455667788ull + at;

	vt_fill(s->b.data, LEN, 2, 0);
	post_word(s, 7, word, vt_addr(&s->b, at), s->b.mr->rkey);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_ATOMIC_WRITE);
	vt_check(load(s->b.data + at) == word);
	check_around(s, at);
}

static void test_from_memory(struct setup *s, size_t at)
{
	const size_t from = 4093; /* across pages */

	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	post_from_memory(s, 8, from, 8, vt_addr(&s->b, at), s->b.mr->rkey);
	vt_expect_ok(&s->conn.a, 8, IBV_WC_ATOMIC_WRITE);
	vt_verify(s->b.data + at, 8, 1, from, "the word");
	check_around(s, at);
}

static void test_cold(struct setup *s)
{
	vt_buf_cool(&s->b);
	post_word(s, 9, 42, vt_addr(&s->b, 4096), s->b.mr->rkey);
	vt_expect_ok(&s->conn.a, 9, IBV_WC_ATOMIC_WRITE);
	vt_check(load(s->b.data + 4096) == 42);
	vt_verify_zero(s->b.data, 4096, "before the word");
}

/* More than the peer answers at once; the last one to a word stays. */
static void test_many(struct setup *s)
{
	int n, done = 0;

	memset(s->b.data, 0, LEN);
	for (n = 0; n < WORDS; n++) {
		if (n - done == 60) /* of the queue's 64 */
			vt_expect_ok(&s->conn.a, done++, IBV_WC_ATOMIC_WRITE);
		post_word(s, n, n + 1, vt_addr(&s->b, n % 50 * 8), s->b.mr->rkey);
	}
	while (done < WORDS)
		vt_expect_ok(&s->conn.a, done++, IBV_WC_ATOMIC_WRITE);
	for (n = 0; n < 50; n++)
		vt_check(load(s->b.data + n * 8) == (uint64_t)WORDS - 50 + n + 1);
}

static void expect_refused(struct setup *s, enum ibv_wc_status status)
{
	vt_expect(&s->conn.a, 5, status);
	again(s);
}

static void test_word_refused(struct setup *s)
{
	struct vt_buf readable;

	vt_fill(s->b.data, LEN, 2, 0);
	post_word(s, 5, 1, vt_addr(&s->b, 4), s->b.mr->rkey);
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
	post_word(s, 5, 1, vt_addr(&s->b, 8), s->b.mr->rkey ^ 0x100);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	post_word(s, 5, 1, vt_addr(&s->b, LEN + VT_GUARD), s->b.mr->rkey);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->b.data, LEN, 2, 0, "untouched memory");
	vt_buf_make(&readable, s->devs[1], 4096, s->memory_b, IBV_ACCESS_REMOTE_READ);
	post_word(s, 5, 1, vt_addr(&readable, 8), readable.mr->rkey);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	vt_buf_free(&readable);
}

static void test_bad_length(struct setup *s)
{
	post_from_memory(s, 5, 0, 4, vt_addr(&s->b, 8), s->b.mr->rkey);
	expect_refused(s, IBV_WC_LOC_LEN_ERR);
}

#ifdef VT_HAVE_FLUSH
static void post_flush(struct setup *s, uint64_t wr_id, const struct vt_buf *buf, size_t at,
		       uint32_t len, uint8_t type, uint8_t level)
{
	struct ibv_qp_ex *qp = s->conn.a.qpx;
	int err;

	ibv_wr_start(qp);
	qp->wr_id = wr_id;
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_flush(qp, buf->mr->rkey, vt_addr(buf, at), len, type, level);
	err = ibv_wr_complete(qp);
	if (err)
		vt_fail("posting a FLUSH: %s", strerror(err));
}

static void test_flush(struct setup *s, uint8_t level)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};

	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	post_flush(s, 2, &s->b, 0, LEN, FLUSH_GLOBAL, level);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_verify(s->b.data, LEN, 1, 0, "what was flushed");
}

static void wait_for_word(const uint64_t *at, uint64_t value)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (__atomic_load_n(at, __ATOMIC_ACQUIRE) != value) {
		if (vt_now_ns() > end_ns)
			vt_fail("the word did not become %lu", (unsigned long)value);
	}
}

/* What FLUSH is for: data, flush, then the word that says that it is there. */
static void test_publish(struct setup *s)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 8, 5000) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 8),
		.rkey = s->b.mr->rkey,
	};
	uint64_t round;

	memset(s->b.data, 0, LEN);
	for (round = 1; round <= 50; round++) {
		vt_fill(s->a.data, LEN, round, 0);
		vt_post(&s->conn.a, &op);
		post_flush(s, 2, &s->b, 8, 5000, FLUSH_GLOBAL, FLUSH_RANGE);
		post_word(s, 3, round, vt_addr(&s->b, 0), s->b.mr->rkey);
		wait_for_word((uint64_t *)s->b.data, round);
		vt_verify(s->b.data + 8, 5000, round, 8, "what was published");
		vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
		vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
		vt_expect_ok(&s->conn.a, 3, IBV_WC_ATOMIC_WRITE);
	}
}

static void test_flush_refused(struct setup *s)
{
	const int access = s->attr.access;
	struct vt_buf plain;

	vt_buf_make(&plain, s->devs[1], 4096, s->memory_b, VT_ACCESS_ALL);
	post_flush(s, 5, &plain, 0, 8, FLUSH_GLOBAL, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	post_flush(s, 5, &s->b, LEN, VT_GUARD + 1, FLUSH_GLOBAL, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	post_flush(s, 5, &s->b, 0, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR); /* the QP has not the right */
	post_flush(s, 5, &s->b, 0, 8, 4, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
	post_flush(s, 5, &s->b, 0, 8, 0, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
	post_flush(s, 5, &s->b, 0, 8, FLUSH_GLOBAL, FLUSH_MR + 1);
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
	s->attr.access = VT_ACCESS_ALL;
	again(s);
	post_flush(s, 5, &s->b, 0, 8, FLUSH_GLOBAL, FLUSH_RANGE);
	s->attr.access = access;
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
	vt_buf_free(&plain);
}

static void run_flush(struct setup *s, const char *what)
{
	vt_case("%s: FLUSH of a range", what);
	test_flush(s, FLUSH_RANGE);
	vt_case("%s: FLUSH of the region", what);
	test_flush(s, FLUSH_MR);
	vt_case("%s: WRITE, FLUSH, ATOMIC WRITE", what);
	test_publish(s);
	vt_case("%s: FLUSH of nothing", what);
	post_flush(s, 2, &s->b, 0, 0, FLUSH_GLOBAL, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_case("%s: FLUSHes that are refused", what);
	test_flush_refused(s);
}
#else
static void run_flush(struct setup *s, const char *what)
{
	vt_fail("%s has FLUSH (%d) and this libibverbs does not know it", what, s->flush);
}
#endif

/* Persistent memory has a program of its own (flush_persistent); other memory is refused. */
static void test_persistent(struct vt_device *dev)
{
	struct vt_buf buf;

	if (vt_is_rxe(dev))
		return;
	vt_case("memory that is not persistent");
	vt_check(!(caps(dev) & CAP_FLUSH_GLOBAL) == !(caps(dev) & CAP_FLUSH_PERSISTENT));
	vt_buf_make(&buf, NULL, 4096, VT_PINNED, 0);
	vt_check(!ibv_reg_mr(dev->pd, buf.data, 4096, VT_ACCESS_ALL | (1 << 9)));
	vt_buf_free(&buf);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	static const size_t words[] = { 0, 8, 4088, LEN - 8 };
	struct setup *s = arg;
	char what[64];
	size_t i;

	snprintf(what, sizeof(what), "%s/%s", vt_memory_name(a), vt_memory_name(b));
	s->memory_b = b;
	vt_connect(&s->conn, s->devs[0], s->devs[1], &s->attr);
	vt_buf_make(&s->a, s->devs[0], LEN, a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->devs[1], LEN, b, s->attr.access);
	for (i = 0; i < VT_ARRAY_SIZE(words); i++) {
		vt_case("%s: ATOMIC WRITE at %zu", what, words[i]);
		test_word(s, words[i]);
		if (vt_is_rxe(s->devs[0]))
			continue;
		vt_case("%s: ATOMIC WRITE from memory, at %zu", what, words[i]);
		test_from_memory(s, words[i]);
	}
	if (b == VT_ODP) {
		vt_case("%s: ATOMIC WRITE to cold memory", what);
		test_cold(s);
	}
	vt_case("%s: %d ATOMIC WRITEs", what, WORDS);
	test_many(s);
	if (!vt_is_rxe(s->devs[0]) && !vt_is_rxe(s->devs[1])) {
		vt_case("%s: ATOMIC WRITEs that are refused", what);
		test_word_refused(s);
		test_bad_length(s);
	}
	if (s->flush)
		run_flush(s, what);
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	uint64_t both;

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	both = caps(s.devs[0]) & caps(s.devs[1]);
	if (!(both & CAP_ATOMIC_WRITE))
		vt_skip("ATOMIC WRITE is not there on both sides");
	s.attr.wr_api = true;
	s.attr.send_ops = IBV_QP_EX_WITH_ATOMIC_WRITE;
	s.attr.access = VT_ACCESS_ALL;
	if (vt_is_rxe(s.devs[0]) || vt_is_rxe(s.devs[1])) {
		/* rxe's FLUSH packets have another ICRC than everybody else's: see flush_rxe.c. */
		vt_note("FLUSH with rxe as the peer is left out");
	} else if (both & CAP_FLUSH_GLOBAL) {
		s.flush = true;
		s.attr.access |= ACCESS_FLUSH_GLOBAL;
#ifdef VT_HAVE_FLUSH
		s.attr.send_ops |= IBV_QP_EX_WITH_FLUSH;
#endif
	}
	test_persistent(s.devs[1]);
	vt_each_memory(s.devs[0], s.devs[1], run, &s);
	return vt_finish(s.devs[0], s.devs[1]);
}
