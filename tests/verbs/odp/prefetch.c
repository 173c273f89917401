// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prefetch does what it is for: what was prefetched is accessed without a fault, what
 * was not asked for is left alone, and nobody waits who did not ask to.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN  (1u << 20)
#define PAGE 4096u
#define TIB  (1ull << 40)

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf local;
};

static uint8_t *map(uint64_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", (unsigned long)len);
	madvise(at, len, MADV_NOHUGEPAGE); /* one of them would reach beyond what is asked for */
	return at;
}

static void advise(struct setup *s, enum ibv_advise_mr_advice advice, bool wait, struct ibv_mr *mr,
		   uint8_t *at, uint32_t len)
{
	struct ibv_sge sge = { .addr = (uintptr_t)at, .length = len, .lkey = mr->lkey };
	int err = ibv_advise_mr(s->b->pd, advice, wait ? IBV_ADVISE_MR_FLAG_FLUSH : 0, &sge, 1);

	if (err)
		vt_fail("ibv_advise_mr: %s", strerror(err));
}

/* A WRITE of len bytes to the region, or a READ from it. Returns the faults that it took. */
static int64_t access_remotely(struct setup *s, struct ibv_mr *mr, uint8_t *at, uint32_t len,
			       bool write)
{
	struct vt_op op = {
		.opcode = write ? IBV_WR_RDMA_WRITE : IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, len) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = mr->rkey,
	};
	int64_t faults = vt_counter(s->b, "odp_faults");

	vt_fill(s->local.data, len, write, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, write ? IBV_WC_RDMA_WRITE : IBV_WC_RDMA_READ);
	if (write)
		vt_verify(at, len, 1, 0, "what was written");
	return vt_counter(s->b, "odp_faults") - faults;
}

static void expect_faults(struct setup *s, struct ibv_mr *mr, uint8_t *at, bool write, bool some)
{
	int64_t faults = access_remotely(s, mr, at, LEN, write);

	if (some != (faults > 0))
		vt_fail("%ld faults, where %s expected", (long)faults,
			some ? "some were" : "none was");
}

static void test_write(struct setup *s, struct ibv_mr *mr, uint8_t *at)
{
	vt_case("PREFETCH_WRITE, then WRITE");
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, true, mr, at, LEN);
	expect_faults(s, mr, at, true, false);
	vt_case("behind what was prefetched");
	expect_faults(s, mr, at + LEN, true, true);
}

static void test_read(struct setup *s, struct ibv_mr *mr, uint8_t *at)
{
	vt_case("PREFETCH, then READ");
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH, true, mr, at, LEN);
	expect_faults(s, mr, at, false, false);
	vt_case("PREFETCH of memory never touched, then WRITE");
	expect_faults(s, mr, at, true, true);
}

static void test_no_fault(struct setup *s, struct ibv_mr *mr, uint8_t *at)
{
	vt_case("PREFETCH_NO_FAULT of nothing at hand");
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, true, mr, at, LEN);
	if (vt_pages_out(at, LEN) != LEN / PAGE)
		vt_fail("it faulted pages in");
	vt_case("PREFETCH_NO_FAULT of what the process has touched");
	memset(at, 1, LEN);
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, true, mr, at, LEN);
	expect_faults(s, mr, at, true, false);
}

/* Not waited for: it has some time, and then there must be no fault. */
static void test_async(struct setup *s, struct ibv_mr *mr, uint8_t *at)
{
	unsigned int ms;

	vt_case("PREFETCH_WRITE that nobody waits for");
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, false, mr, at, LEN);
	for (ms = 0; ms < 10000 && vt_pages_out(at, LEN); ms += 10)
		vt_sleep_ms(10);
	advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, true, mr, at,
	       PAGE); /* behind the other */
	expect_faults(s, mr, at, true, false);
}

/* The last page is not there: the pages before it are prefetched, and the error is told. */
static void test_hole(struct setup *s, struct ibv_mr *mr, uint8_t *at)
{
	struct ibv_sge sge = { .addr = (uintptr_t)at, .length = LEN + PAGE, .lkey = mr->lkey };
	int err;

	vt_case("a hole behind it");
	if (munmap(at + LEN, PAGE))
		vt_fail("munmap: %m");
	err = ibv_advise_mr(s->b->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH,
			    &sge, 1);
	if (err != EFAULT)
		vt_fail("\"%s\", not \"%s\"", strerror(err), strerror(EFAULT));
	expect_faults(s, mr, at, true, false);
}

/* Sparse memory must not be walked page by page, nor tracked. */
static void test_sparse(struct setup *s)
{
	uint8_t *at = map(TIB);
	struct ibv_mr *mr = vt_reg(s->b, at, TIB, VT_ODP, VT_ACCESS_ALL);
	struct ibv_sge sge = { .addr = (uintptr_t)at, .length = UINT32_MAX, .lkey = mr->lkey };
	int64_t made = vt_counter(s->b, "odp_leaves_made"),
		freed = vt_counter(s->b, "odp_leaves_freed");
	unsigned int ms;
	int err;

	vt_case("PREFETCH_NO_FAULT of 4 GiB without a page");
	err = ibv_advise_mr(s->b->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT,
			    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	if (err)
		vt_fail("ibv_advise_mr: %s", strerror(err));
	made = vt_counter(s->b, "odp_leaves_made") - made;
	for (ms = 0; ms < 10000 && vt_counter(s->b, "odp_leaves_freed") - freed < made; ms += 10)
		vt_sleep_ms(10);
	if (vt_counter(s->b, "odp_leaves_freed") - freed < made)
		vt_fail("leaves of nothing are kept");
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, TIB);
}

static void each(struct setup *s, void (*test)(struct setup *, struct ibv_mr *, uint8_t *))
{
	uint8_t *at = map(4 * LEN);
	struct ibv_mr *mr = vt_reg(s->b, at, 4 * LEN, VT_ODP, VT_ACCESS_ALL);

	test(s, mr, at);
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, 4 * LEN);
}

static void test_implicit(struct setup *s)
{
	uint8_t *at = map(2 * LEN);
	struct ibv_mr *mr = ibv_reg_mr(s->b->pd, NULL, SIZE_MAX,
				       VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);

	if (!mr)
		vt_fail("implicit MR: %m");
	vt_case("implicit MR");
	test_write(s, mr, at);
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, 2 * LEN);
}

int main(int argc, char **argv)
{
	struct setup s;

	vt_start(argc, argv, &s.a, &s.b);
	vt_need_odp(s.b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_connect(&s.conn, s.a, s.b, NULL);
	vt_buf_make(&s.local, s.a, LEN, VT_PINNED, VT_ACCESS_ALL);
	each(&s, test_write);
	each(&s, test_read);
	each(&s, test_no_fault);
	each(&s, test_async);
	each(&s, test_hole);
	test_implicit(&s);
	test_sparse(&s);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.local);
	return vt_finish(s.a, s.b);
}
