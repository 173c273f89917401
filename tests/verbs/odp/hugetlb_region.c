// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * IBV_ACCESS_HUGETLB: on-demand regions in huge pages are registered with it, at any offset
 * and of any length, and transfer right; what is not all huge pages, or not on-demand, is refused.
 * Needs huge pages: boot with hugepages=N.
 */
#include <sys/mman.h>

#include "vt.h"

#define HUGE (2ul << 20)
#define LEN  (2 * HUGE)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a;
	uint8_t *at;
};

static const int hugetlb = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND | IBV_ACCESS_HUGETLB;

static void expect_refused(struct setup *s, void *at, size_t len, int access, const char *what)
{
	struct ibv_mr *mr;

	vt_case("%s", what);
	mr = ibv_reg_mr(s->dev_b->pd, at, len, access);
	if (mr)
		vt_fail("registered");
	if (errno != EINVAL)
		vt_fail("\"%m\"");
}

static void transfer(struct setup *s, size_t offset, size_t len)
{
	struct vt_buf b = { .data = s->at, .len = LEN };
	int64_t faults = vt_counter(s->dev_b, "odp_faults");

	vt_case("%zu bytes at %zu", len, offset);
	b.mr = ibv_reg_mr(s->dev_b->pd, s->at + offset, len, hugetlb);
	if (!b.mr)
		vt_fail("registering: %m");
	vt_check(!madvise(s->at, LEN, MADV_DONTNEED));
	vt_fill(s->a.data, LEN, offset + len, 0);
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->a, 0, &b, offset, len);
	vt_verify(s->at + offset, len, offset + len, 0, "what was written");
	memset(s->a.data, 0, LEN);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &b, offset, len);
	vt_verify(s->a.data, len, offset + len, 0, "what was read");
	faults = vt_counter(s->dev_b, "odp_faults") - faults;
	if (faults > (int64_t)(LEN / HUGE))
		vt_fail("%ld faults for %lu huge pages", (long)faults, LEN / HUGE);
	vt_check(!ibv_dereg_mr(b.mr));
}

int main(int argc, char **argv)
{
	struct setup s = {};
	uint8_t *small;

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	s.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		    -1, 0);
	if (s.at == MAP_FAILED)
		vt_skip("no %lu huge pages: %m", LEN / HUGE);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.dev_a, s.dev_b, NULL);

	transfer(&s, 0, LEN);
	transfer(&s, 0, 1024);
	transfer(&s, HUGE - 100, 200);
	transfer(&s, 4097, LEN - 5000);

	small = mmap(NULL, 4 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(small != MAP_FAILED);
	expect_refused(&s, small, HUGE, hugetlb, "small pages");
	expect_refused(&s, small + HUGE - 4096, 8192, hugetlb, "some small pages");
	expect_refused(&s, s.at, LEN + 1, hugetlb, "more than the huge pages");
	expect_refused(&s, s.at - 1, 2, hugetlb, "from before the huge pages on");
	expect_refused(&s, s.at, LEN, VT_ACCESS_ALL | IBV_ACCESS_HUGETLB, "pinned");
	expect_refused(&s, NULL, SIZE_MAX, hugetlb, "everything");

	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	munmap(s.at, LEN);
	return vt_finish(s.dev_a, s.dev_b);
}
