// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prefetch of many ranges, whatever they are, and in the order of a stream: the memory is there
 * afterwards, and what is not asked for is not. mincore() tells it on every device; rodp also
 * tells what the device has.
 */
#include <sys/mman.h>

#include "lt.h"

#define MIB (1ul << 20)

struct setup {
	struct vt_device *dev;
	uint32_t level;
};

/* Pages in memory; this process touches none of them. */
static size_t pages_in(const uint8_t *at, size_t len)
{
	static unsigned char page[65536];
	size_t i, n = 0, pages = len / LT_PAGE;

	vt_check(pages <= sizeof(page) && !mincore((void *)at, len, page));
	for (i = 0; i < pages; i++)
		n += page[i] & 1;
	return n;
}

/* Pages that the device has, if it says. */
static void expect_device(const struct setup *s, uint8_t *at, size_t len, uint8_t bits)
{
	static uint8_t page[65536];
	size_t i;
	int err = odp_residency(s->dev->ctx, at, len, page);

	if (err == -EOPNOTSUPP)
		return;
	lt_expect(err, 0);
	for (i = 0; i < len / LT_PAGE; i++)
		if ((page[i] & (ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE)) != bits)
			vt_fail("page %zu of %zu is 0x%x to the device, not 0x%x", i, len / LT_PAGE,
				page[i], bits);
}

static void test_scattered(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	uint8_t *at = lt_map(32 * MIB);
	struct iovec range[300];
	size_t i;

	vt_case("%s: 300 ranges, bytes of every other page, and empty ones",
		lt_level_name(s->level));
	for (i = 0; i < 300; i++)
		range[i] = (struct iovec){ at + i * 2 * LT_PAGE + i, i % 3 ? 1 : i % 2 };
	lt_expect(odp_prefetch(domain, NULL, range, 300, ODP_PREFETCH_WRITE, ODP_PREFETCH_WAIT), 0);
	for (i = 0; i < 300; i++) {
		vt_check(pages_in(at + i * 2 * LT_PAGE, LT_PAGE) == !!range[i].iov_len);
		vt_check(!pages_in(at + (i * 2 + 1) * LT_PAGE, LT_PAGE));
		if (range[i].iov_len)
			expect_device(s, at + i * 2 * LT_PAGE, LT_PAGE,
				      ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE);
	}
	lt_expect(odp_prefetch(domain, NULL, range, 0, ODP_PREFETCH_READ, 0), 0);
	vt_check(!munmap(at, 32 * MIB));
	lt_domain_close(domain);
}

static void test_kinds(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	uint8_t *at = lt_map(4 * MIB);
	struct iovec range = { at, MIB };
	unsigned int ms;

	vt_case("%s: only what is in memory", lt_level_name(s->level));
	memset(at, 1, MIB / 2);
	lt_expect(odp_prefetch(domain, NULL, &range, 1, ODP_PREFETCH_RESIDENT, ODP_PREFETCH_WAIT),
		  0);
	vt_check(pages_in(at, MIB) == MIB / 2 / LT_PAGE);
	expect_device(s, at, MIB / 2, ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE);
	expect_device(s, at + MIB / 2, MIB / 2, 0);

	vt_case("%s: to read", lt_level_name(s->level));
	lt_expect(odp_prefetch(domain, NULL, &range, 1, ODP_PREFETCH_READ, ODP_PREFETCH_WAIT), 0);
	vt_check(pages_in(at, MIB) == MIB / LT_PAGE);
	expect_device(s, at + MIB / 2, MIB / 2, ODP_PAGE_PRESENT);

	vt_case("%s: without waiting", lt_level_name(s->level));
	range.iov_base = at + MIB;
	lt_expect(odp_prefetch(domain, NULL, &range, 1, ODP_PREFETCH_WRITE, 0), 0);
	for (ms = 0; pages_in(at + MIB, MIB) < MIB / LT_PAGE; ms++) {
		vt_check(ms < vt_options.wait_ms);
		vt_sleep_ms(1);
	}
	vt_check(!munmap(at, 4 * MIB));
	lt_domain_close(domain);
}

/* More bytes than a piece's length can say. Nothing is there, so nothing is done. */
static void test_huge(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 5ul << 30;
	uint8_t *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct iovec range = { at, len };

	vt_case("%s: 5 GiB with a page at each end", lt_level_name(s->level));
	vt_check(at != MAP_FAILED && vt_small_pages(at, len));
	at[0] = at[len - 1] = 1;
	lt_expect(odp_prefetch(domain, NULL, &range, 1, ODP_PREFETCH_RESIDENT, ODP_PREFETCH_WAIT),
		  0);
	expect_device(s, at, LT_PAGE, ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE);
	expect_device(s, at + len - LT_PAGE, LT_PAGE, ODP_PAGE_PRESENT | ODP_PAGE_WRITABLE);
	expect_device(s, at + LT_PAGE, 100 * LT_PAGE, 0);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

static void test_wrong(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	uint8_t *at = lt_map(8 * LT_PAGE);
	struct iovec range[] = { { at, LT_PAGE },
				 { at + 4 * LT_PAGE, LT_PAGE },
				 { at + 7 * LT_PAGE, 1 } };
	struct iovec wraps = { (void *)-4096l, 8192 };

	vt_case("%s: what cannot be", lt_level_name(s->level));
	lt_expect(odp_prefetch(domain, NULL, range, 3, 3, 0), -EINVAL);
	lt_expect(odp_prefetch(domain, NULL, range, 3, ODP_PREFETCH_READ, 2), -EINVAL);
	lt_expect(odp_prefetch(domain, NULL, &wraps, 1, ODP_PREFETCH_READ, 0), -EINVAL);
	vt_check(!pages_in(at, 8 * LT_PAGE));
	vt_check(!munmap(at + 4 * LT_PAGE, LT_PAGE));
	lt_expect(odp_prefetch(domain, NULL, range, 3, ODP_PREFETCH_READ, ODP_PREFETCH_WAIT),
		  -EFAULT);
	vt_check(pages_in(at, LT_PAGE) && pages_in(at + 7 * LT_PAGE, LT_PAGE));
	vt_check(!munmap(at, 8 * LT_PAGE));
	lt_domain_close(domain);
}

/* Through a region of the caller's own, and no further than it reaches. */
static void test_key(struct setup *s)
{
	const struct odp_domain_attr attr = { .grain = 16 * LT_PAGE };
	struct odp_domain *domain = lt_domain(s->dev, s->level, &attr);
	uint8_t *at = (uint8_t *)(((uintptr_t)lt_map(2 * MIB) + MIB - 1) & -MIB);
	struct odp_key key = lt_get(domain, at, 16 * LT_PAGE, IBV_ACCESS_REMOTE_READ, s->level);
	struct iovec within = { at + LT_PAGE, 3 * LT_PAGE },
		     beyond = { at + 15 * LT_PAGE, LT_PAGE + 1 };

	vt_case("%s: through a key", lt_level_name(s->level));
	lt_expect(odp_prefetch(domain, &key, &within, 1, ODP_PREFETCH_READ, ODP_PREFETCH_WAIT), 0);
	expect_device(s, at + LT_PAGE, 3 * LT_PAGE, ODP_PAGE_PRESENT);
	vt_check(lt_info(domain).registrations == 1);
	lt_expect(odp_prefetch(domain, &key, &beyond, 1, ODP_PREFETCH_READ, ODP_PREFETCH_WAIT),
		  s->level == ODP_IMPLICIT ? 0 : -EINVAL);
	lt_expect(odp_prefetch(domain, &key, &within, 1, ODP_PREFETCH_WRITE, ODP_PREFETCH_WAIT),
		  -EFAULT);
	odp_put(domain, &key);
	lt_domain_close(domain);
}

static void wait_in(const uint8_t *at, size_t len, size_t offset)
{
	unsigned int ms;

	for (ms = 0; pages_in(at, len) < len / LT_PAGE; ms++) {
		if (ms >= vt_options.wait_ms)
			vt_fail("at %zu: only %zu of %zu bytes ahead are in memory", offset,
				pages_in(at, len) * LT_PAGE, len);
		vt_sleep_ms(1);
	}
}

static void test_stream(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 16 * MIB, window = MIB, step = 3 * LT_PAGE + 100;
	uint8_t *at = lt_map(len);
	struct odp_stream *stream;
	size_t offset;
	ssize_t ahead;

	vt_case("%s: a stream", lt_level_name(s->level));
	lt_expect(odp_stream_open(domain, NULL, at, len, ODP_PREFETCH_WRITE, window, &stream), 0);
	wait_in(at, window, 0);
	for (offset = 0; offset < len; offset += step) {
		ahead = odp_stream_at(stream, offset);
		vt_check(ahead >= (ssize_t)offset && (size_t)ahead <= offset + window);
		vt_check((size_t)ahead == len || (size_t)ahead >= offset + window / 2);
		if (offset % 64 == 0)
			wait_in(at, ahead & -LT_PAGE, offset);
	}
	vt_check(odp_stream_at(stream, len) == (ssize_t)len);
	wait_in(at, len, len);
	vt_case("%s: a stream that begins again", lt_level_name(s->level));
	vt_check(!madvise(at, len, MADV_DONTNEED));
	vt_check(odp_stream_at(stream, 0) == (ssize_t)window);
	wait_in(at, window, 0);
	vt_check(!pages_in(at + window, len - window));
	lt_expect(odp_stream_at(stream, len + 1), -EINVAL);
	odp_stream_close(stream);
	lt_expect(odp_stream_open(domain, NULL, at, 0, ODP_PREFETCH_WRITE, 0, &stream), -EINVAL);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

static void test_level(uint32_t level, void *arg)
{
	struct setup *s = arg;
	struct odp_domain *domain;

	s->level = level;
	if (level == ODP_PINNED) {
		vt_case("a domain of pinned regions has nothing to prefetch");
		domain = lt_domain(s->dev, level, NULL);
		lt_expect(odp_prefetch(domain, NULL, NULL, 0, ODP_PREFETCH_READ, 0), -EOPNOTSUPP);
		lt_domain_close(domain);
		return;
	}
	test_scattered(s);
	test_kinds(s);
	test_huge(s);
	test_wrong(s);
	test_key(s);
	test_stream(s);
}

static void test_without(uint32_t level, void *arg)
{
	struct setup *s = arg;
	struct odp_domain *domain = lt_domain(s->dev, level, NULL);
	struct odp_stream *stream;

	vt_case("%s: no prefetch here", lt_level_name(level));
	lt_expect(odp_prefetch(domain, NULL, NULL, 0, ODP_PREFETCH_READ, 0), -EOPNOTSUPP);
	lt_expect(odp_stream_open(domain, NULL, s, 1, ODP_PREFETCH_READ, 0, &stream), -EOPNOTSUPP);
	lt_domain_close(domain);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_a();
	lt_each_level(s.dev, odp_can_prefetch(s.dev->ctx) ? test_level : test_without, &s);
	vt_close(s.dev);
	return vt_pass();
}
