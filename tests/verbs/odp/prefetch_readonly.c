// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prefetch of what can only be read. A region without the right to write, and
 * one with it over memory that is only readable, are prefetched for reading, and after that
 * reads fault no more; PREFETCH_WRITE is refused for both.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define LEN (64 * 4096)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a, b;
};

static int advise(struct setup *s, enum ibv_advise_mr_advice advice, uint32_t flags)
{
	struct ibv_sge sge = vt_sge(&s->b, 0, LEN);

	return ibv_advise_mr(s->dev_b->pd, advice, flags, &sge, 1);
}

static void expect(int err, int wanted, const char *what)
{
	if (err != wanted)
		vt_fail("%s: \"%s\", not \"%s\"", what, strerror(err), strerror(wanted));
}

/* Until the device has all pages, since nobody tells when an asynchronous prefetch is through. */
static void wait_for_prefetch(struct setup *s, int64_t mapped_before)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (vt_counter(s->dev_b, "odp_pages_mapped") - mapped_before < LEN / 4096) {
		if (vt_now_ns() > end_ns)
			vt_fail("the device has %ld pages of %d",
				(long)(vt_counter(s->dev_b, "odp_pages_mapped") - mapped_before),
				LEN / 4096);
		vt_sleep_ms(1);
	}
}

static void read_without_fault(struct setup *s, uint64_t seed)
{
	int64_t faults = vt_counter(s->dev_b, "odp_faults");

	memset(s->a.data, 0xff, LEN);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->a.data, LEN, seed, 0, "what was read after the prefetch");
	if (vt_counter(s->dev_b, "odp_faults") != faults)
		vt_fail("%ld faults after a prefetch",
			(long)(vt_counter(s->dev_b, "odp_faults") - faults));
}

static void map(struct setup *s, int fd, int prot, int access)
{
	s->b.data = mmap(NULL, LEN, prot, MAP_SHARED, fd, 0);
	vt_check(s->b.data != MAP_FAILED);
	s->b.len = LEN;
	s->b.mr = vt_reg(s->dev_b, s->b.data, LEN, VT_ODP, access);
}

static void unmap(struct setup *s)
{
	vt_check(!ibv_dereg_mr(s->b.mr));
	munmap(s->b.data, LEN);
}

/* write_flushed: what PREFETCH_WRITE says with FLUSH, and write_async without it. */
static void test(struct setup *s, int prot, int access, int write_async, int write_flushed)
{
	uint8_t *alias;
	int64_t mapped;
	int fd = memfd_create("prefetch_readonly", 0);

	vt_check(fd >= 0 && !ftruncate(fd, LEN));
	alias = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vt_check(alias != MAP_FAILED);
	vt_fill(alias, LEN, 5, 0);

	map(s, fd, prot, access);
	expect(advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH), 0,
	       "PREFETCH, FLUSH");
	read_without_fault(s, 5);
	unmap(s);

	map(s, fd, prot, access);
	mapped = vt_counter(s->dev_b, "odp_pages_mapped");
	expect(advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH, 0), 0, "PREFETCH");
	wait_for_prefetch(s, mapped);
	read_without_fault(s, 5);
	unmap(s);

	map(s, fd, prot, access);
	vt_verify(s->b.data, LEN, 5, 0, "the CPU's view");
	expect(advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, IBV_ADVISE_MR_FLAG_FLUSH), 0,
	       "PREFETCH_NO_FAULT, FLUSH");
	read_without_fault(s, 5);
	expect(advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0), write_async, "PREFETCH_WRITE");
	expect(advise(s, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, IBV_ADVISE_MR_FLAG_FLUSH),
	       write_flushed, "PREFETCH_WRITE, FLUSH");
	read_without_fault(s, 5);
	unmap(s);

	vt_verify(alias, LEN, 5, 0, "the memory");
	munmap(alias, LEN);
	close(fd);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_READ);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.dev_a, s.dev_b, NULL);

	/* The region has no right to write: known at once. */
	vt_case("read-only region, writable memory");
	test(&s, PROT_READ | PROT_WRITE, IBV_ACCESS_REMOTE_READ, EFAULT, EFAULT);
	vt_case("read-only region, read-only memory");
	test(&s, PROT_READ, IBV_ACCESS_REMOTE_READ, EFAULT, EFAULT);
	/* The memory is not writable: known to whoever waits. */
	vt_case("writable region, read-only memory");
	test(&s, PROT_READ, VT_ACCESS_ALL, 0, EFAULT);
	vt_case("writable region, writable memory");
	test(&s, PROT_READ | PROT_WRITE, VT_ACCESS_ALL, 0, 0);

	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	return vt_finish(s.dev_a, s.dev_b);
}
