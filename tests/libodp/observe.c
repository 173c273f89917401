// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What the device tells of regions, pages and waits, and that events come to those who poll. */
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lt.h"

#define PAGES 600
#define LEN   (PAGES * LT_PAGE)

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf wire;
	struct odp_domain *domain;
	struct odp_key key;
	uint8_t *at;
};

static void write_pages(struct setup *s, size_t first, size_t n)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->wire, 0, n * LT_PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + first * LT_PAGE,
		.rkey = s->key.rkey,
	};

	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
}

static uint64_t waits(const struct odp_latency *latency)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ODP_LATENCY_BUCKETS; i++)
		sum += latency->bucket[i];
	return sum;
}

static void test_stats(struct setup *s)
{
	struct iovec range = { s->at + 100 * LT_PAGE, 5 * LT_PAGE };
	struct odp_mr_stats stats, before;
	struct odp_latency own[2], all[2];

	vt_case("a region's counters, and waits");
	lt_expect(odp_mr_stats(s->key.mr, &before), 0);
	lt_expect(odp_latency(s->dev->ctx, ODP_LATENCY_OWN, &own[0]), 0);
	lt_expect(odp_latency(s->dev->ctx, ODP_LATENCY_DEVICE, &all[0]), 0);
	write_pages(s, 0, 10);
	lt_expect(odp_prefetch(s->domain, NULL, &range, 1, ODP_PREFETCH_WRITE, ODP_PREFETCH_WAIT),
		  0);
	vt_check(!madvise(s->at, 3 * LT_PAGE, MADV_DONTNEED));
	lt_expect(odp_mr_stats(s->key.mr, &stats), 0);
	vt_check(stats.page_faults == before.page_faults + 10);
	vt_check(stats.page_faults_handled == before.page_faults_handled + 1);
	vt_check(stats.page_prefetch == before.page_prefetch + 5);
	vt_check(stats.page_invalidations == before.page_invalidations + 3);
	vt_check(stats.page_invalidations_handled == before.page_invalidations_handled + 1);
	lt_expect(odp_latency(s->dev->ctx, ODP_LATENCY_OWN, &own[1]), 0);
	lt_expect(odp_latency(s->dev->ctx, ODP_LATENCY_DEVICE, &all[1]), 0);
	vt_check(waits(&own[1]) == waits(&own[0]) + 1 && waits(&all[1]) == waits(&all[0]) + 1);
	vt_check(own[1].sum_ns > own[0].sum_ns);
}

static void test_residency(struct setup *s)
{
	const uint8_t there = ODP_PAGE_TRACKED | ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE;
	static uint8_t page[PAGES + 1];
	size_t i;

	vt_case("residency");
	vt_check(!madvise(s->at, LEN, MADV_DONTNEED));
	write_pages(s, 3, 4);
	write_pages(s, PAGES - 1, 1);
	memset(page, 0xee, sizeof(page));
	lt_expect(odp_residency(s->dev->ctx, s->at + 5, LEN - 5, page), 0);
	for (i = 0; i < PAGES; i++)
		if (((page[i] & there) == there) != ((i >= 3 && i < 7) || i == PAGES - 1))
			vt_fail("page %zu is 0x%x", i, page[i]);
	vt_check(page[PAGES] == 0xee);
	vt_check(page[3] & ODP_PAGE_DIRTY);
}

/* More pages than one question to the kernel holds. */
static void test_long_residency(struct setup *s)
{
	const size_t pages = 100000;
	uint8_t *page = malloc(pages);
	uint8_t *at = mmap(NULL, pages * LT_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct iovec range = { at, pages * LT_PAGE };
	size_t i;

	vt_case("residency of 100000 pages");
	vt_check(page && at != MAP_FAILED && vt_small_pages(at, pages * LT_PAGE));
	for (i = 0; i < pages; i += 7777)
		at[i * LT_PAGE] = 1;
	lt_expect(odp_prefetch(s->domain, NULL, &range, 1, ODP_PREFETCH_RESIDENT,
			       ODP_PREFETCH_WAIT),
		  0);
	lt_expect(odp_residency(s->dev->ctx, at, pages * LT_PAGE, page), 0);
	for (i = 0; i < pages; i++)
		if (!!(page[i] & ODP_PAGE_PRESENT) != !(i % 7777))
			vt_fail("page %zu is 0x%x", i, page[i]);
	vt_check(!munmap(at, pages * LT_PAGE));
	free(page);
}

static void test_counters(struct setup *s)
{
	static struct odp_counter counter[256];
	ssize_t n = odp_device_counters(s->dev->ctx, 1, counter, 256), i, faults = 0;

	vt_case("the device's counters");
	vt_check(n > 20 && n < 256);
	vt_check(odp_device_counters(s->dev->ctx, 1, counter, 3) == n);
	for (i = 0; i < n; i++) {
		faults += !strcmp(counter[i].name, "odp_faults") && counter[i].value > 0;
		vt_check(!counter[i].reserved);
	}
	vt_check(faults == 1);
}

static void test_list(struct setup *s)
{
	static struct odp_mr_info info[64];
	ssize_t n = odp_list_mrs(s->dev->name, info, 64), i;
	unsigned int mine = 0, pinned = 0;
	struct odp_mr_stats stats;

	vt_case("everybody's regions");
	vt_check(n >= 2 && n <= 64);
	lt_expect(odp_mr_stats(s->key.mr, &stats), 0);
	for (i = 0; i < n; i++) {
		vt_check(!strcmp(info[i].device, s->dev->name) &&
			 info[i].pid == (uint32_t)getpid());
		pinned += info[i].lkey == s->wire.mr->lkey && info[i].length == s->wire.map_len &&
			  !info[i].level && !info[i].has_stats;
		if (info[i].lkey != s->key.lkey)
			continue;
		mine++;
		vt_check(info[i].level == ODP_IMPLICIT && info[i].rkey == s->key.rkey);
		vt_check(info[i].has_stats && info[i].stats.page_faults == stats.page_faults &&
			 info[i].stats.page_invalidations == stats.page_invalidations);
	}
	vt_check(mine == 1 && pinned == 1);
	vt_check(odp_list_mrs(NULL, info, 1) >= n);
}

/* Until so many came; what came, added up. */
static struct odp_event collect(struct odp_watch *watch, uint64_t faults, uint64_t invalidations)
{
	struct pollfd fd = { .fd = odp_watch_fd(watch), .events = POLLIN };
	struct odp_event sum = {}, event;

	while (sum.faults < faults || sum.invalidations < invalidations) {
		vt_check(poll(&fd, 1, vt_options.wait_ms) == 1);
		if (!odp_watch_read(watch, &event))
			continue;
		sum.faults += event.faults;
		sum.prefetched += event.prefetched;
		sum.invalidations += event.invalidations;
		vt_check(event.at_ns >= sum.at_ns && event.at_ns <= vt_now_ns());
		sum.at_ns = event.at_ns;
	}
	return sum;
}

static void test_watch(struct setup *s, struct ibv_mr *mr)
{
	struct odp_watch *watch;
	struct odp_event event;
	struct pollfd fd;

	vt_case("events of %s", mr ? "a region" : "the device");
	vt_check(!madvise(s->at, LEN, MADV_DONTNEED));
	vt_sleep_ms(25);
	lt_expect(odp_watch_open(s->dev->ctx, mr, 2, &watch), 0);
	fd = (struct pollfd){ .fd = odp_watch_fd(watch), .events = POLLIN };
	vt_check(!poll(&fd, 1, 50));
	lt_expect(odp_watch_read(watch, &event), 0);
	write_pages(s, 0, 20);
	write_pages(s, 40, 5);
	event = collect(watch, 25, 0);
	vt_check(event.faults == 25 && !event.invalidations && !event.prefetched);
	vt_check(!poll(&fd, 1, 50));
	vt_check(!madvise(s->at, LEN, MADV_DONTNEED));
	event = collect(watch, 0, 25);
	vt_check(event.invalidations == 25 && !event.faults);
	odp_watch_close(watch);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_a();
	if (vt_is_rxe(s.dev))
		vt_skip("%s tells nothing of paging", s.dev->name);
	if (geteuid())
		vt_skip("keys of regions are shown to root only");
	s.domain = lt_domain(s.dev, ODP_IMPLICIT, NULL);
	s.at = lt_map_alone(LEN);
	s.key = lt_get(s.domain, s.at, LEN, VT_ACCESS_ALL, ODP_IMPLICIT);
	vt_buf_make(&s.wire, s.dev, 64 * LT_PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.dev, s.dev, NULL);
	test_stats(&s);
	test_residency(&s);
	test_long_residency(&s);
	test_counters(&s);
	test_list(&s);
	test_watch(&s, s.key.mr);
	test_watch(&s, NULL);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.wire);
	odp_put(s.domain, &s.key);
	lt_domain_close(s.domain);
	vt_close(s.dev);
	return vt_pass();
}
