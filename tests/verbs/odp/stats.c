// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The counters of on-demand regions mean exactly what rodp_abi.h says: known numbers
 * of faults and invalidations, on regions that overlap, and at last at random against a
 * model. The pages that nobody but the device touches are present exactly as long as the mm has them.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

#define PAGE	  4096ul
#define LEAF	  (2ul << 20)
#define LEAVES	  4
#define PAGES	  (LEAVES * LEAF / PAGE)
#define LEAF_SIZE (LEAF / PAGE) /* pages */
#define WAIT_MS	  25 /* for sysfs, which keeps values for 10 ms */

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf source; /* one page, pinned */
	uint8_t *at; /* PAGES, a multiple of LEAF */
	struct ibv_mr *whole;
};

/* Nothing but regular pages, so that each is faulted and dropped by itself. */
static void map_fresh(struct setup *s)
{
	uint8_t *at = mmap(s->at, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | (s->at ? MAP_FIXED : 0), -1, 0);

	vt_check(at != MAP_FAILED);
	vt_check(vt_small_pages(at, PAGES * PAGE));
}

static void find_place(struct setup *s)
{
	s->at = vt_map_aligned(PAGES * PAGE, LEAF, PROT_NONE);
	map_fresh(s);
}

/* A message over pages [first, first + count), through a region that covers them. */
static void touch(struct setup *s, const struct ibv_mr *mr, size_t first, size_t count,
		  enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->source, 0, count * PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + first * PAGE,
		.rkey = mr->rkey,
	};

	vt_check(count * PAGE <= s->source.len);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}

static void write_pages(struct setup *s, const struct ibv_mr *mr, size_t first, size_t count)
{
	touch(s, mr, first, count, IBV_WR_RDMA_WRITE);
}

static void forget(struct setup *s, size_t first, size_t count)
{
	vt_check(!madvise(s->at + first * PAGE, count * PAGE, MADV_DONTNEED));
}

static struct ibv_mr *reg_pages(struct setup *s, size_t first, size_t count)
{
	return vt_reg(s->b, s->at + first * PAGE, count * PAGE, VT_ODP, VT_ACCESS_ALL);
}

static void dereg(struct ibv_mr *mr)
{
	int err = ibv_dereg_mr(mr);

	if (err)
		vt_fail("deregistering: %s", strerror(err));
}

static void expect(const struct ibv_mr *mr, const char *which, uint64_t faults, uint64_t handled,
		   uint64_t invalidations, uint64_t inv_handled)
{
	const struct rodp_mr_stats is = vt_stats(mr);

	if (is.page_faults == faults && is.page_faults_handled == handled &&
	    is.page_invalidations == invalidations &&
	    is.page_invalidations_handled == inv_handled && !is.page_prefetch)
		return;
	vt_fail("%s: page_faults %lu (%lu expected), handled %lu (%lu), page_invalidations %lu "
		"(%lu), handled %lu (%lu), page_prefetch %lu (0)",
		which, (unsigned long)is.page_faults, (unsigned long)faults,
		(unsigned long)is.page_faults_handled, (unsigned long)handled,
		(unsigned long)is.page_invalidations, (unsigned long)invalidations,
		(unsigned long)is.page_invalidations_handled, (unsigned long)inv_handled,
		(unsigned long)is.page_prefetch);
}

static void start(struct setup *s, const char *name)
{
	vt_case("%s", name);
	map_fresh(s);
	s->whole = reg_pages(s, 0, PAGES);
	expect(s->whole, "a new region", 0, 0, 0, 0);
}

static void test_one_region(struct setup *s)
{
	start(s, "one region");
	write_pages(s, s->whole, 0, 64);
	expect(s->whole, "cold", 64, 1, 0, 0);
	write_pages(s, s->whole, 0, 64);
	expect(s->whole, "warm", 64, 1, 0, 0);
	forget(s, 8, 10);
	expect(s->whole, "ten dropped", 64, 1, 10, 1);
	forget(s, 8, 10);
	expect(s->whole, "nothing dropped", 64, 1, 10, 1);
	write_pages(s, s->whole, 10, 1);
	expect(s->whole, "one again", 65, 2, 10, 1);
	vt_check(!munmap(s->at, PAGES * PAGE));
	expect(s->whole, "unmapped", 65, 2, 65, 2);
	dereg(s->whole);
}

static void test_leaves(struct setup *s)
{
	size_t leaf;

	start(s, "three leaves");
	for (leaf = 0; leaf < 3; leaf++)
		write_pages(s, s->whole, leaf * LEAF_SIZE + 7, 2);
	expect(s->whole, "cold", 6, 3, 0, 0);
	forget(s, 0, PAGES);
	expect(s->whole, "dropped", 6, 3, 6, 3);
	dereg(s->whole);
}

/* Regions that overlap count what happens in them, by whomever; requests are their own. */
static void test_overlap(struct setup *s)
{
	struct ibv_mr *middle, *twin, *beside, *late, *part;

	start(s, "regions that overlap");
	middle = reg_pages(s, 16, 16);
	twin = reg_pages(s, 16, 16);
	beside = reg_pages(s, 32, 16);
	write_pages(s, s->whole, 0, 32);
	expect(s->whole, "the whole", 32, 1, 0, 0);
	expect(middle, "the middle", 16, 0, 0, 0);
	expect(twin, "its twin", 16, 0, 0, 0);
	expect(beside, "the one beside", 0, 0, 0, 0);
	late = reg_pages(s, 16, 16);
	part = vt_reg(s->b, s->at + 20 * PAGE + 5, 2, VT_ODP, VT_ACCESS_ALL);
	forget(s, 20, 4);
	expect(s->whole, "the whole", 32, 1, 4, 1);
	expect(middle, "the middle", 16, 0, 4, 1);
	expect(late, "one that came later", 0, 0, 4, 1);
	expect(part, "a few bytes of a page", 0, 0, 1, 1);
	expect(beside, "the one beside", 0, 0, 0, 0);
	dereg(middle);
	write_pages(s, twin, 20, 4);
	expect(twin, "the twin that stayed", 20, 1, 4, 1);
	expect(s->whole, "the whole", 36, 1, 4, 1);
	dereg(s->whole);
	forget(s, 0, 32);
	expect(twin, "without the others", 20, 1, 20, 2);
	expect(late, "one that came later", 4, 0, 20, 2);
	dereg(twin);
	dereg(late);
	dereg(part);
	dereg(beside);
}

/* An event with pages on both sides of a region touches it. */
static void test_span(struct setup *s)
{
	struct ibv_mr *hole, *behind;

	start(s, "an event around a region");
	hole = reg_pages(s, 8, 8);
	behind = reg_pages(s, 32, 8);
	write_pages(s, s->whole, 0, 8);
	write_pages(s, s->whole, 16, 8);
	forget(s, 0, 64);
	expect(s->whole, "the whole", 16, 2, 16, 1);
	expect(hole, "the hole", 0, 0, 0, 1);
	expect(behind, "behind the last page", 0, 0, 0, 0);
	dereg(hole);
	dereg(behind);
	dereg(s->whole);
}

static void test_rights(struct setup *s)
{
	int status;
	pid_t child;

	start(s, "rights");
	write_pages(s, s->whole, 0, 4);
	child = fork();
	vt_check(child >= 0);
	if (!child) {
		pause();
		_exit(0);
	}
	expect(s->whole, "fork takes the right to write, no page", 4, 1, 0, 0);
	s->at[0] = 1;
	expect(s->whole, "a copy on write drops its page", 4, 1, 1, 1);
	vt_check(!kill(child, SIGKILL) && waitpid(child, &status, 0) == child);
	vt_check(!mprotect(s->at, PAGES * PAGE, PROT_READ));
	expect(s->whole, "mprotect drops what it covers", 4, 1, 4, 2);
	dereg(s->whole);

	start(s, "the zero page");
	touch(s, s->whole, 0, 1, IBV_WR_RDMA_READ);
	expect(s->whole, "read", 1, 1, 0, 0);
	write_pages(s, s->whole, 0, 1);
	expect(s->whole, "written", 2, 2, 1, 1);
	dereg(s->whole);
}

static void test_implicit(struct setup *s)
{
	struct ibv_mr *implicit;

	start(s, "the implicit region");
	implicit = ibv_reg_mr(s->b->pd, NULL, SIZE_MAX, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	if (!implicit)
		vt_fail("registering the implicit region: %m");
	write_pages(s, implicit, 3, 5);
	expect(implicit, "implicit", 5, 1, 0, 0);
	expect(s->whole, "explicit", 5, 0, 0, 0);
	forget(s, 0, PAGES);
	expect(implicit, "implicit", 5, 1, 5, 1);
	dereg(implicit);
	expect(s->whole, "explicit", 5, 0, 5, 1);
	dereg(s->whole);
}

static void prefetch(struct setup *s, size_t first, size_t count, enum ibv_advise_mr_advice advice)
{
	struct ibv_sge range = {
		.addr = (uintptr_t)s->at + first * PAGE,
		.length = count * PAGE,
		.lkey = s->whole->lkey,
	};
	int err = ibv_advise_mr(s->b->pd, advice, IBV_ADVISE_MR_FLAG_FLUSH, &range, 1);

	if (err)
		vt_fail("prefetching: %s", strerror(err));
}

static void expect_prefetched(const struct ibv_mr *mr, const char *what, uint64_t prefetched,
			      uint64_t faults)
{
	const struct rodp_mr_stats is = vt_stats(mr);

	if (is.page_prefetch != prefetched || is.page_faults != faults)
		vt_fail("%s: page_prefetch %lu (%lu expected), page_faults %lu (%lu)", what,
			(unsigned long)is.page_prefetch, (unsigned long)prefetched,
			(unsigned long)is.page_faults, (unsigned long)faults);
}

static void test_prefetch(struct setup *s)
{
	struct ibv_mr *part;

	start(s, "prefetch");
	part = reg_pages(s, 4, 2);
	prefetch(s, 0, 10, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE);
	expect_prefetched(s->whole, "cold", 10, 0);
	expect_prefetched(part, "a part of it", 2, 0);
	write_pages(s, s->whole, 0, 12);
	expect_prefetched(s->whole, "then written, and two pages more", 10, 2);
	prefetch(s, 0, 10, IBV_ADVISE_MR_ADVICE_PREFETCH);
	expect_prefetched(s->whole, "what was present", 10, 2);
	forget(s, 0, 64);
	prefetch(s, 0, 64, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT);
	expect_prefetched(s->whole, "nothing at hand", 10, 2);
	s->at[7 * PAGE] = 1;
	prefetch(s, 0, 64, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT);
	expect_prefetched(s->whole, "one page at hand", 11, 2);
	expect_prefetched(part, "beside it", 2, 0);
	dereg(part);
	dereg(s->whole);
}

static int64_t counter(const struct setup *s, const char *name)
{
	int64_t value = vt_counter(s->b, name);

	if (value < 0)
		vt_fail("%s has no counter %s", s->b->name, name);
	return value;
}

/* 16 pages of two leaves that nobody touched, each leaf with one wait. */
static void touch_two_leaves(struct setup *s)
{
	write_pages(s, s->whole, 0, 8);
	write_pages(s, s->whole, 3 * LEAF_SIZE, 8);
}

static void test_gauges(struct setup *s)
{
	int64_t resident, leaves, parked, prefetched;

	/* Of a device in another network namespace, sysfs shows nothing here. */
	if (strcmp(s->a->name, s->b->name)) {
		vt_note("%s: counters not looked at from here", s->b->name);
		return;
	}
	start(s, "the device's counters");
	vt_sleep_ms(WAIT_MS);
	resident = counter(s, "odp_pages_resident");
	leaves = counter(s, "odp_leaves");
	parked = counter(s, "odp_parked_ns");
	touch_two_leaves(s);
	vt_sleep_ms(WAIT_MS);
	vt_check(counter(s, "odp_pages_resident") == resident + 16);
	vt_check(counter(s, "odp_leaves") == leaves + 2);
	vt_check(counter(s, "odp_parked_ns") > parked);
	prefetched = counter(s, "odp_pages_prefetched");
	prefetch(s, 8, 3, IBV_ADVISE_MR_ADVICE_PREFETCH);
	vt_sleep_ms(WAIT_MS);
	vt_check(counter(s, "odp_pages_prefetched") == prefetched + 3);
	vt_check(counter(s, "odp_prefetches") > 0);
	forget(s, 0, PAGES);
	vt_sleep_ms(WAIT_MS);
	vt_check(counter(s, "odp_pages_resident") == resident);
	dereg(s->whole);
}

static void test_latency(struct setup *s)
{
	struct rodp_latency own[2], all[2];

	start(s, "latencies");
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_OWN, &own[0]));
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_DEVICE, &all[0]));
	touch_two_leaves(s);
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_OWN, &own[1]));
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_DEVICE, &all[1]));
	vt_check(vt_latency_count(&own[1]) == vt_latency_count(&own[0]) + 2);
	vt_check(vt_latency_count(&all[1]) == vt_latency_count(&all[0]) + 2);
	vt_check(own[1].sum_ns > own[0].sum_ns);
	vt_check(all[1].sum_ns - all[0].sum_ns == own[1].sum_ns - own[0].sum_ns);
	dereg(s->whole);
}

/* A region at random, and what it ought to have counted. */
struct model {
	struct ibv_mr *mr;
	size_t first, count; /* pages */
	uint64_t faults, handled, invalidations, inv_handled;
};

#define MODELS 40

struct play {
	struct setup *s;
	uint64_t random;
	bool present[PAGES];
	struct model model[MODELS];
};

static size_t pick(struct play *p, size_t below)
{
	return vt_random(&p->random) % below;
}

static void model_add(struct play *p, size_t first, size_t count, struct model *through)
{
	size_t i, page;

	through->handled++;
	for (page = first; page < first + count; page++) {
		for (i = 0; i < MODELS && !p->present[page]; i++) {
			struct model *m = &p->model[i];

			m->faults += m->mr && page >= m->first && page < m->first + m->count;
		}
		p->present[page] = true;
	}
}

/* One leaf's part of a drop. */
static void model_drop(struct play *p, size_t first, size_t end)
{
	size_t i, page, low = SIZE_MAX, high = 0;

	for (page = first; page < end; page++) {
		if (!p->present[page])
			continue;
		p->present[page] = false;
		low = low == SIZE_MAX ? page : low;
		high = page;
		for (i = 0; i < MODELS; i++) {
			struct model *m = &p->model[i];

			m->invalidations += m->mr && page >= m->first && page < m->first + m->count;
		}
	}
	for (i = 0; i < MODELS && low != SIZE_MAX; i++) {
		struct model *m = &p->model[i];

		m->inv_handled += m->mr && low < m->first + m->count && high >= m->first;
	}
}

static void play_drop(struct play *p)
{
	size_t first = pick(p, PAGES), end = first + 1 + pick(p, PAGES - first), at, stop;

	forget(p->s, first, end - first);
	for (at = first; at < end; at = stop) {
		stop = (at / LEAF_SIZE + 1) * LEAF_SIZE;
		stop = stop < end ? stop : end;
		model_drop(p, at, stop);
	}
}

/* Up to a page at once: whether there is one fault request or none is then known. */
static void play_write(struct play *p, struct model *m)
{
	size_t page = m->first + pick(p, m->count);

	write_pages(p->s, m->mr, page, 1);
	if (!p->present[page])
		model_add(p, page, 1, m);
}

static void play_register(struct play *p, struct model *m)
{
	static const size_t bounds[] = { 0, 1, LEAF_SIZE, LEAF_SIZE + 1, PAGES - 1 };
	size_t first = pick(p, 2) ? pick(p, PAGES) : bounds[pick(p, VT_ARRAY_SIZE(bounds))];

	*m = (struct model){ .first = first, .count = 1 + pick(p, PAGES - first) };
	m->mr = reg_pages(p->s, first, m->count);
}

static void play_check(struct play *p)
{
	size_t i;

	for (i = 0; i < MODELS; i++) {
		const struct model *m = &p->model[i];

		if (m->mr)
			expect(m->mr, "a random region", m->faults, m->handled, m->invalidations,
			       m->inv_handled);
	}
}

static void test_random(struct setup *s)
{
	struct play p = { .s = s, .random = vt_options.seed };
	unsigned int round, rounds = vt_options.rounds ? vt_options.rounds : 1500;
	size_t i;

	start(s, "at random");
	for (round = 0; round < rounds; round++) {
		struct model *m = &p.model[pick(&p, MODELS)];
		size_t what = pick(&p, 16);

		if (!m->mr)
			play_register(&p, m);
		else if (what < 12)
			play_write(&p, m);
		else if (what < 14)
			play_drop(&p);
		else {
			dereg(m->mr);
			m->mr = NULL;
		}
		play_check(&p);
	}
	for (i = 0; i < MODELS; i++)
		if (p.model[i].mr)
			dereg(p.model[i].mr);
	dereg(s->whole);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (!vt_is_rodp(s.b))
		vt_skip("%s: only rodp counts like this", s.b->name);
	find_place(&s);
	vt_buf_make(&s.source, s.a, 64 * PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.a, s.b, NULL);
	test_one_region(&s);
	test_leaves(&s);
	test_overlap(&s);
	test_span(&s);
	test_rights(&s);
	test_implicit(&s);
	test_prefetch(&s);
	test_gauges(&s);
	test_latency(&s);
	test_random(&s);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.source);
	return vt_finish(s.a, s.b);
}
