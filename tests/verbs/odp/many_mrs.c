// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Many on-demand regions over one buffer: each counts exactly, and unmapping the buffer costs
 * what it costs with one. The times are shown, not judged. --rounds: how many regions.
 */
#include <sys/mman.h>

#include "observe.h"

#define PAGE	4096ul
#define LEAF	(2ul << 20)
#define LEN	(64ul << 20)
#define MESSAGE (1ul << 20)
#define TRIES	3

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf source; /* pinned */
	uint8_t *at; /* LEN, a multiple of LEAF */
	struct ibv_mr *whole;
	struct ibv_mr **mr;
	size_t mrs;
};

static void map_fresh(struct setup *s)
{
	uint8_t *at = mmap(s->at, LEN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	vt_check(at == s->at && vt_small_pages(at, LEN));
}

static void set_up(struct setup *s)
{
	s->at = vt_map_aligned(LEN, LEAF, PROT_NONE);
	map_fresh(s);
	s->whole = vt_reg(s->b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	s->mrs = vt_options.rounds ? vt_options.rounds : 4000;
	s->mr = calloc(s->mrs, sizeof(*s->mr));
	vt_check(s->mr);
	vt_buf_make(&s->source, s->a, MESSAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s->conn, s->a, s->b, NULL);
}

/* Every page becomes present. */
static void write_all(struct setup *s)
{
	size_t offset;

	for (offset = 0; offset < LEN; offset += MESSAGE) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.wr_id = 1,
			.sge = { vt_sge(&s->source, 0, MESSAGE) },
			.num_sge = 1,
			.remote_addr = (uintptr_t)s->at + offset,
			.rkey = s->whole->rkey,
		};

		vt_post(&s->conn.a, &op);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	}
}

/* The best of some: what others do on the machine only adds. */
static uint64_t munmap_ns(struct setup *s)
{
	uint64_t best = UINT64_MAX, ns;
	int i;

	for (i = 0; i < TRIES; i++) {
		write_all(s);
		ns = vt_now_ns();
		vt_check(!munmap(s->at, LEN));
		ns = vt_now_ns() - ns;
		best = ns < best ? ns : best;
		map_fresh(s);
	}
	return best;
}

static void check(const struct ibv_mr *mr, uint64_t pages, uint64_t leaves)
{
	const struct rodp_mr_stats is = vt_stats(mr);

	if (is.page_faults != pages * TRIES || is.page_invalidations != pages * TRIES ||
	    is.page_invalidations_handled != leaves * TRIES || is.page_faults_handled)
		vt_fail("of %lu pages: page_faults %lu, page_invalidations %lu, handled %lu",
			(unsigned long)pages, (unsigned long)is.page_faults,
			(unsigned long)is.page_invalidations,
			(unsigned long)is.page_invalidations_handled);
}

/* Region i begins at page i * step and has so many pages; all of the buffer if step is 0. */
static void test(struct setup *s, const char *what, size_t step, size_t pages, uint64_t one_ns)
{
	size_t i, bytes = step ? pages * PAGE : LEN;
	const size_t places = step ? LEN / PAGE / step : 1;
	uint64_t ns = vt_now_ns(), reg_ns;

	vt_case("%zu regions, %s", s->mrs, what);
	for (i = 0; i < s->mrs; i++)
		s->mr[i] = vt_reg(s->b, s->at + i % places * step * PAGE, bytes, VT_ODP,
				  VT_ACCESS_ALL);
	reg_ns = (vt_now_ns() - ns) / s->mrs;
	ns = munmap_ns(s);
	for (i = 0; i < s->mrs; i++) {
		check(s->mr[i], bytes / PAGE, step ? 1 : LEN / LEAF);
		vt_check(!ibv_dereg_mr(s->mr[i]));
	}
	vt_note("%zu regions, %s: registration %lu ns each, munmap %lu us, %.2f times that with one",
		s->mrs, what, (unsigned long)reg_ns, (unsigned long)(ns / 1000),
		(double)ns / one_ns);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	uint64_t ns;

	vt_start(argc, argv, &s.a, &s.b);
	if (!vt_is_rodp(s.b))
		vt_skip("%s: only rodp counts like this", s.b->name);
	set_up(&s);
	vt_case("one region");
	ns = munmap_ns(&s);
	vt_note("one region: munmap of %lu MiB %lu us", LEN >> 20, (unsigned long)(ns / 1000));
	test(&s, "all over the whole buffer", 0, 0, ns);
	test(&s, "of one page, beside each other", 1, 1, ns);
	test(&s, "of 4 pages, beside each other", 4, 4, ns);
	vt_check(!ibv_dereg_mr(s.whole));
	vt_disconnect(&s.conn);
	vt_buf_free(&s.source);
	return vt_finish(s.a, s.b);
}
