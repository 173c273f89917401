// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ibv_advise_mr() where it must refuse, with the errno of ibv_advise_mr(3), and
 * EINVAL for a region that is not on-demand. A list with one bad element is refused as
 * a whole: nothing of it is prefetched.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN (64 * 4096)

struct setup {
	struct vt_device *dev;
	struct vt_buf odp, pinned;
	struct ibv_pd *foreign_pd;
	struct ibv_mr *foreign_mr;
};

static const enum ibv_advise_mr_advice advices[] = {
	IBV_ADVISE_MR_ADVICE_PREFETCH,
	IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
	IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT,
};

static void expect(struct setup *s, int wanted, struct ibv_sge *sge, uint32_t count,
		   const char *what)
{
	uint32_t flags;
	size_t i;
	int err;

	for (i = 0; i < VT_ARRAY_SIZE(advices); i++) {
		for (flags = 0; flags <= IBV_ADVISE_MR_FLAG_FLUSH; flags++) {
			vt_case("%s, advice %d, flags %u", what, advices[i], flags);
			err = ibv_advise_mr(s->dev->pd, advices[i], flags, sge, count);
			if (err != wanted)
				vt_fail("\"%s\", not \"%s\"", strerror(err), strerror(wanted));
		}
	}
}

static void expect_bounds(struct setup *s)
{
	const uint64_t start = (uintptr_t)s->odp.map, end = start + s->odp.map_len;
	const struct {
		const char *what;
		uint64_t addr;
		uint32_t length;
	} beyond[] = {
		{ "begins before the region", start - 1, 4096 },
		{ "ends behind the region", end - 4096, 4097 },
		{ "is behind the region", end, 1 },
		{ "is longer than the region", start, s->odp.map_len + 1 },
		{ "wraps", UINT64_MAX - 4095, 8192 },
		{ "wraps to the region", UINT64_MAX - 10, 100 },
	};
	struct ibv_sge sge = { .lkey = s->odp.mr->lkey };
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(beyond); i++) {
		sge.addr = beyond[i].addr;
		sge.length = beyond[i].length;
		expect(s, EFAULT, &sge, 1, beyond[i].what);
	}
	sge.addr = start;
	sge.length = s->odp.map_len;
	expect(s, 0, &sge, 1, "is the region");
}

static void expect_keys(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->odp, 0, LEN);

	sge.lkey ^= 1;
	expect(s, EFAULT, &sge, 1, "unknown key");
	sge.lkey = s->foreign_mr->lkey;
	expect(s, EFAULT, &sge, 1, "key of another PD");
	sge = vt_sge(&s->pinned, 0, LEN);
	expect(s, EINVAL, &sge, 1, "pinned region");
}

static void expect_words(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->odp, 0, LEN);
	int err;

	vt_case("unknown advice");
	err = ibv_advise_mr(s->dev->pd, 77, IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	if (err != ENOTSUP)
		vt_fail("\"%s\"", strerror(err));
	vt_case("unknown flags");
	err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, 0x80, &sge, 1);
	if (err != EINVAL)
		vt_fail("\"%s\"", strerror(err));
	vt_case("no list at all");
	err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, NULL, 0);
	if (err != EINVAL)
		vt_fail("\"%s\"", strerror(err));
}

/* What was asked for with FLUSH and is not there is an error; memory that is not there cannot be. */
static void expect_hole(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->odp, 0, LEN);
	int err;

	vt_check(!munmap(s->odp.data + LEN / 2, 4096));
	vt_case("a hole, FLUSH");
	err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH,
			    &sge, 1);
	if (err != EFAULT)
		vt_fail("\"%s\"", strerror(err));
	vt_case("a hole, NO_FAULT");
	err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT,
			    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	if (err)
		vt_fail("\"%s\"", strerror(err));
	vt_check(mmap(s->odp.data + LEN / 2, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void expect_whole_lists(struct setup *s)
{
	struct ibv_sge list[] = { vt_sge(&s->odp, 0, LEN), vt_sge(&s->pinned, 0, LEN) };

	vt_buf_cool(&s->odp);
	expect(s, EINVAL, list, 2, "a good element and a bad one");
	if (vt_pages_out(s->odp.data, LEN) != LEN / 4096)
		vt_fail("the good element of a list that was refused was prefetched");
}

/* After all that the region does what it should. */
static void check_works(struct setup *s)
{
	struct ibv_sge sge = vt_sge(&s->odp, 0, LEN);
	int64_t faults;
	struct vt_conn conn;
	int err;

	vt_case("the region works");
	vt_buf_cool(&s->odp);
	err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
			    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	if (err)
		vt_fail("PREFETCH_WRITE: %s", strerror(err));
	faults = vt_counter(s->dev, "odp_faults");
	vt_connect(&conn, s->dev, s->dev, NULL);
	vt_fill(s->pinned.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->pinned, 0, &s->odp, 0, LEN);
	vt_verify(s->odp.data, LEN, 1, 0, "what was written after the prefetch");
	if (vt_counter(s->dev, "odp_faults") != faults)
		vt_fail("%ld faults after a prefetch",
			(long)(vt_counter(s->dev, "odp_faults") - faults));
	vt_disconnect(&conn);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_b();
	vt_need_odp(s.dev, IBV_ODP_SUPPORT_WRITE);
	vt_buf_make(&s.odp, s.dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.pinned, s.dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	s.foreign_pd = ibv_alloc_pd(s.dev->ctx);
	vt_check(s.foreign_pd);
	s.foreign_mr = ibv_reg_mr(s.foreign_pd, s.odp.data, LEN,
				  VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	vt_check(s.foreign_mr);
	expect_bounds(&s);
	expect_keys(&s);
	expect_words(&s);
	expect_hole(&s);
	expect_whole_lists(&s);
	check_works(&s);
	vt_check(!ibv_dereg_mr(s.foreign_mr) && !ibv_dealloc_pd(s.foreign_pd));
	vt_buf_free(&s.odp);
	vt_buf_free(&s.pinned);
	vt_close(s.dev);
	return vt_pass();
}
