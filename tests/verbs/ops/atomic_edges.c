// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Atomics on the first and last 8 bytes of pages and MRs, and next to
 * them; what is not aligned or not inside is refused and changes nothing.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "vt.h"

#define LEN (3 * 4096)

struct setup {
	struct vt_device *dev_a, *dev_b;
	enum vt_memory mem_b;
	struct vt_conn conn;
	struct vt_buf a, b;
	struct ibv_mr *mr; /* of b's data alone, or of a part */
};

static uint64_t load(const struct vt_buf *buf, size_t at)
{
	uint64_t value;

	memcpy(&value, buf->data + at, 8);
	return value;
}

static struct vt_op make_op(struct setup *s, enum ibv_wr_opcode opcode, uint64_t at)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 8) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, at),
		.rkey = s->mr->rkey,
	};
}

static void begin(struct setup *s)
{
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
}

static void end(struct setup *s)
{
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_disconnect(&s->conn);
}

/* Both operations at one place; nothing but the word changes. */
static void test_word(struct setup *s, size_t at)
{
	struct vt_op op;
	uint64_t old;

	begin(s);
	old = load(&s->b, at);
	op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, at);
	op.compare_add = 0xffffffffffffffffull;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
	vt_check(load(&s->a, 0) == old && load(&s->b, at) == old - 1);

	op = make_op(s, IBV_WR_ATOMIC_CMP_AND_SWP, at);
	op.compare_add = old - 1;
	op.swap = ~old;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_COMP_SWAP);
	vt_check(load(&s->a, 0) == old - 1 && load(&s->b, at) == ~old);
	vt_verify(s->b.data, at, 2, 0, "before the word");
	vt_verify(s->b.data + at + 8, LEN - at - 8, 2, at + 8, "behind the word");
	end(s);
}

static void test_refused(struct setup *s, uint64_t at, enum ibv_wc_status status)
{
	struct vt_op op;
	struct ibv_wc wc;

	begin(s);
	op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, at);
	op.compare_add = 1;
	if (!vt_try_post(&s->conn.a, &op)) { /* rxe refuses some of them here */
		wc = vt_wait(&s->conn.a);
		if (wc.status != status)
			vt_fail("\"%s\" instead of \"%s\"", ibv_wc_status_str(wc.status),
				ibv_wc_status_str(status));
		vt_expect_state(&s->conn.b, IBV_QPS_ERR);
	}
	vt_verify(s->b.data, LEN, 2, 0, "the target");
	vt_verify(s->a.data, LEN, 1, 0, "the place of the result");
	end(s);
}

/* A result needs 8 bytes, in one piece or in two. */
static void test_result_places(struct setup *s)
{
	struct vt_op op;
	uint64_t old;

	begin(s);
	old = load(&s->b, 8);
	op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 8);
	op.sge[0] = vt_sge(&s->a, 4096 - 3, 3);
	op.sge[1] = vt_sge(&s->a, 4096, 5);
	op.num_sge = 2;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
	vt_check(load(&s->a, 4096 - 3) == old);
	vt_verify(s->a.data, 4096 - 3, 1, 0, "before the result");
	vt_verify(s->a.data + 4096 + 5, 3000, 1, 4096 + 5, "behind the result");
	end(s);
}

static void with_part(struct setup *s, size_t from, size_t len)
{
	if (s->mr)
		vt_check(!ibv_dereg_mr(s->mr));
	s->mr = vt_reg(s->dev_b, s->b.data + from, len, s->mem_b, VT_ACCESS_ALL);
}

/* Many QPs' worth of increments on one word: none is lost, each old value is unique. */
static void test_counting(struct setup *s)
{
	enum {
		N = 200
	};
	static uint8_t seen[2 * N];
	struct vt_conn second;
	uint64_t zero = 0;
	int i;

	begin(s);
	vt_connect(&second, s->dev_a, s->dev_b, NULL);
	memcpy(s->b.data + LEN - 8, &zero, 8);
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < N; i++) {
		struct vt_op op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, LEN - 8);

		op.compare_add = 1;
		vt_post(&s->conn.a, &op);
		op.sge[0] = vt_sge(&s->a, 64, 8);
		vt_post(&second.a, &op);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
		vt_expect_ok(&second.a, 1, IBV_WC_FETCH_ADD);
		vt_check(load(&s->a, 0) < 2 * N && !seen[load(&s->a, 0)]++);
		vt_check(load(&s->a, 64) < 2 * N && !seen[load(&s->a, 64)]++);
	}
	vt_check(load(&s->b, LEN - 8) == 2 * N);
	vt_disconnect(&second);
	end(s);
}

/* A CPU that counts in the upper half of a word whose lower half the device counts in. */
struct cpu {
	uint64_t *word;
	atomic_bool stop;
	uint64_t count;
};

static void *count_up(void *arg)
{
	struct cpu *cpu = arg;

	for (; !atomic_load(&cpu->stop); cpu->count++)
		__atomic_fetch_add(cpu->word, 1ull << 32, __ATOMIC_SEQ_CST);
	return NULL;
}

/* IBV_ATOMIC_GLOB: the device's atomics are atomic for the CPU as well. */
static void test_with_cpu(struct setup *s)
{
	enum {
		N = 500
	};
	struct cpu cpu = { .word = (uint64_t *)(s->b.data + 4096) };
	pthread_t thread;
	uint64_t value;
	int i;

	begin(s);
	*cpu.word = 0;
	vt_check(!pthread_create(&thread, NULL, count_up, &cpu));
	for (i = 0; i < N; i++) {
		struct vt_op op = make_op(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 4096);

		op.compare_add = 1;
		vt_post(&s->conn.a, &op);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
	}
	atomic_store(&cpu.stop, true);
	vt_check(!pthread_join(thread, NULL));
	value = load(&s->b, 4096);
	if ((uint32_t)value != N || value >> 32 != (uint32_t)cpu.count)
		vt_fail("of %d and %u increments by device and CPU %u and %u are there", N,
			(uint32_t)cpu.count, (uint32_t)value, (uint32_t)(value >> 32));
	end(s);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	static const size_t words[] = { 0, 8, 4096 - 8, 4096, 8192 - 8, LEN - 8 };
	struct setup *s = arg;
	const char *name_a = vt_memory_name(a), *name_b = vt_memory_name(b);
	size_t i;

	s->mem_b = b;
	s->mr = NULL;
	vt_buf_make(&s->a, s->dev_a, LEN, a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, NULL, LEN, b, 0);
	with_part(s, 0, LEN);
	for (i = 0; i < VT_ARRAY_SIZE(words); i++) {
		vt_case("%s/%s: word at +%zu", name_a, name_b, words[i]);
		test_word(s, words[i]);
	}
	vt_case("%s/%s: result in two pieces over a page's end", name_a, name_b);
	test_result_places(s);
	vt_case("%s/%s: two QPs count", name_a, name_b);
	test_counting(s);
	if (s->dev_b->attr.orig_attr.atomic_cap == IBV_ATOMIC_GLOB) {
		vt_case("%s/%s: device and CPU count", name_a, name_b);
		test_with_cpu(s);
	}
	vt_case("%s/%s: not aligned", name_a, name_b);
	test_refused(s, 4, IBV_WC_REM_INV_REQ_ERR);
	vt_case("%s/%s: not aligned, over a page's end", name_a, name_b);
	test_refused(s, 4096 - 4, IBV_WC_REM_INV_REQ_ERR);
	vt_case("%s/%s: behind the MR", name_a, name_b);
	test_refused(s, LEN, IBV_WC_REM_ACCESS_ERR);
	with_part(s, 0, 4096 + 12);
	vt_case("%s/%s: MR ends within the word", name_a, name_b);
	test_refused(s, 4096 + 8, IBV_WC_REM_ACCESS_ERR);
	vt_case("%s/%s: last whole word of such an MR", name_a, name_b);
	test_word(s, 4096);
	with_part(s, 4, 4096);
	vt_case("%s/%s: MR begins within the word", name_a, name_b);
	test_refused(s, 0, IBV_WC_REM_ACCESS_ERR);
	vt_check(!ibv_dereg_mr(s->mr));
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	if (s.dev_b->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		vt_skip("%s has no atomics", s.dev_b->name);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	return vt_finish(s.dev_a, s.dev_b);
}
