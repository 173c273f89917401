// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What cannot be: each errno that odp.h promises, from the real thing. Others are in domain.c and
 * prefetch.c.
 */
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lt.h"

#define LEN (16 * LT_PAGE)

struct setup {
	struct vt_device *dev;
	struct odp_caps caps;
	uint8_t *at;
};

static void drop_capability(unsigned int which)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	vt_check(!syscall(SYS_capget, &head, data));
	data[which / 32].effective &= ~(1u << (which % 32));
	vt_check(!syscall(SYS_capset, &head, data));
}

/* In a child, since limits and capabilities do not come back. */
static void in_child(struct setup *s, void (*run)(struct setup *s))
{
	struct setup mine = *s;
	pid_t child = vt_fork();
	int status;

	if (!child) {
		mine.dev = vt_open_a();
		run(&mine);
		_exit(0);
	}
	status = vt_reap(child, vt_options.wait_ms, "the child");
	vt_check(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void limit(int resource, rlim_t value)
{
	struct rlimit limit;

	vt_check(!getrlimit(resource, &limit));
	limit.rlim_cur = value; /* valgrind has the hard limit for its own descriptors */
	if (setrlimit(resource, &limit))
		vt_fail("setrlimit(%d): %m", resource);
}

static void test_caps(struct setup *s)
{
	struct ibv_context *ctx = s->dev->ctx;
	unsigned int i;

	vt_case("questions about capabilities");
	lt_expect(odp_can(ctx, ODP_TRANSPORTS, ODP_SEND), false);
	lt_expect(odp_can(ctx, -1, ODP_SEND), false);
	lt_expect(odp_can(ctx, ODP_RC, 0), false);
	lt_expect(odp_can(ctx, ODP_RC, -1), false);
	lt_expect(odp_can(ctx, ODP_RC, 1 << 20), false);
	lt_expect(odp_can(ctx, ODP_RC, ODP_SEND | ODP_RECV | ODP_WRITE | ODP_READ), 1);
	lt_expect(odp_can(ctx, ODP_UC, ODP_READ), 0);
	lt_expect(odp_can(ctx, ODP_UD, ODP_SEND | ODP_WRITE), 0);
	lt_expect(odp_can_implicit(ctx), s->caps.implicit_odp);
	lt_expect(odp_can_prefetch(ctx), s->caps.prefetch);
	lt_expect(odp_can_dmabuf(ctx), s->caps.dmabuf);
	vt_check(s->caps.dmabuf == !vt_is_rxe(s->dev));
	for (i = 0; i < ODP_TRANSPORTS; i++)
		vt_check(!s->caps.ops[i] || odp_can(ctx, i, s->caps.ops[i]) == 1);
	vt_check(s->caps.explicit_odp && s->caps.observes == !vt_is_rxe(s->dev));
	vt_check(s->caps.implicit_odp == !vt_is_rxe(s->dev));
}

static void expect_refused(struct setup *s, struct odp_domain_attr attr, int err)
{
	struct odp_domain *domain;

	lt_expect(odp_domain_open(s->dev->pd, &attr, &domain), err);
}

static void test_open(struct setup *s)
{
	const uint32_t impossible[ODP_TRANSPORTS] = { [ODP_UC] = ODP_READ };
	struct odp_domain_attr attr = {};
	struct odp_domain *domain;

	vt_case("domains that cannot be");
	expect_refused(s, (struct odp_domain_attr){ .levels = 8 }, -EINVAL);
	expect_refused(s, (struct odp_domain_attr){ .flags = 2 }, -EINVAL);
	expect_refused(s, (struct odp_domain_attr){ .grain = 3 * LT_PAGE }, -EINVAL);
	expect_refused(s, (struct odp_domain_attr){ .grain = 512 }, -EINVAL);
	expect_refused(s, (struct odp_domain_attr){ .reserved32 = 1 }, -EINVAL);
	expect_refused(s, (struct odp_domain_attr){ .reserved = { 0, 1 } }, -EINVAL);
	attr.levels = ODP_IMPLICIT | ODP_EXPLICIT;
	memcpy(attr.needs, impossible, sizeof(impossible));
	expect_refused(s, attr, -EOPNOTSUPP);
	if (!s->caps.implicit_odp)
		expect_refused(s, (struct odp_domain_attr){ .levels = ODP_IMPLICIT }, -EOPNOTSUPP);

	vt_case("needs that only pinned memory meets");
	attr.levels = 0;
	lt_expect(odp_domain_open(s->dev->pd, &attr, &domain), 0);
	vt_check(lt_info(domain).levels == ODP_PINNED);
	lt_domain_close(domain);
}

static void test_get(uint32_t level, void *arg)
{
	struct setup *s = arg;
	struct odp_domain *domain = lt_domain(s->dev, level, NULL);
	const struct iovec range[] = { { s->at, 1 }, { s->at, 0 } };
	struct odp_key key = {}, pair[2];

	vt_case("%s: keys that cannot be", lt_level_name(level));
	lt_expect(odp_get(domain, s->at, 0, 0, &key), -EINVAL);
	lt_expect(odp_get(domain, (void *)-4096l, 8192, 0, &key), -EINVAL);
	lt_expect(odp_get(domain, s->at, 1, IBV_ACCESS_ON_DEMAND, &key), -EINVAL);
	lt_expect(odp_get(domain, s->at, 1, IBV_ACCESS_ZERO_BASED, &key), -EINVAL);
	lt_expect(odp_get(domain, s->at, 1, IBV_ACCESS_REMOTE_WRITE, &key), -EINVAL);
	vt_check(!key.mr && !lt_info(domain).held && !lt_info(domain).registrations);
	vt_check(!lt_info(domain).explicit_regions && !lt_info(domain).pinned_regions);
	lt_expect(odp_put(domain, &key), -EINVAL);
	lt_expect(odp_get_many(domain, range, 2, 0, pair), -EINVAL);
	vt_check(!pair[0].mr && !pair[1].mr && !lt_info(domain).held);
	lt_expect(odp_put_many(domain, pair, 2), -EINVAL);
	lt_expect(odp_get_many(domain, range, 0, 0, pair), 0);
	lt_expect(odp_get_many(domain, range, 1, IBV_ACCESS_HUGETLB, pair), -EINVAL);
	lt_domain_close(domain);
}

/* A window keeps a region from going. */
static void test_window(uint32_t level, void *arg)
{
	struct setup *s = arg;
	struct odp_domain *domain = lt_domain(s->dev, level, NULL);
	struct odp_key key = lt_get(domain, s->at, LEN, VT_ACCESS_ALL | IBV_ACCESS_MW_BIND, level);
	struct ibv_mw *mw = ibv_alloc_mw(s->dev->pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {
		.wr_id = 1,
		.send_flags = IBV_SEND_SIGNALED,
		.bind_info = { key.mr, (uintptr_t)s->at, LEN, IBV_ACCESS_REMOTE_READ },
	};
	struct vt_conn conn;

	vt_case("%s: a window is bound to a region", lt_level_name(level));
	vt_check(mw);
	vt_connect(&conn, s->dev, s->dev, NULL);
	lt_expect(ibv_bind_mw(conn.a.qp, mw, &bind), 0);
	vt_expect_ok(&conn.a, 1, IBV_WC_BIND_MW);
	odp_put(domain, &key);
	lt_expect(odp_domain_close(domain), -EBUSY);
	vt_check(!ibv_dealloc_mw(mw));
	lt_domain_close(domain);
	vt_disconnect(&conn);
}

/* What is cached is given up before memory is said to be short. */
static void fill_memlock(struct setup *s, const struct odp_domain_attr *attr, int lack)
{
	struct odp_domain *domain = lt_domain(s->dev, ODP_PINNED, attr);
	struct odp_key one, two;

	vt_check(lt_info(domain).proof == ODP_PROOF_PAGES);
	vt_check(lt_info(domain).pinned_max == (attr ? attr->pinned_max : 8 * LT_PAGE));
	one = lt_get(domain, s->at, 8 * LT_PAGE, 0, ODP_PINNED);
	lt_expect(odp_get(domain, s->at + 8 * LT_PAGE, 8 * LT_PAGE, 0, &two), lack);
	lt_expect(odp_put(domain, &one), 0);
	vt_check(lt_info(domain).pinned_bytes == 8 * LT_PAGE);
	two = lt_get(domain, s->at + 8 * LT_PAGE, 8 * LT_PAGE, 0, ODP_PINNED);
	vt_check(lt_info(domain).evictions == 1);
	lt_expect(odp_put(domain, &two), 0);
	lt_domain_close(domain);
}

/* A domain keeps to what the process may lock; one that was given another bound meets the kernel's. */
static void memlock(struct setup *s)
{
	const struct odp_domain_attr more = { .pinned_max = 64ul << 20 };
	struct odp_domain *domain = lt_domain(s->dev, ODP_PINNED, NULL);

	vt_check(lt_info(domain).pinned_max > 64ul << 20);
	lt_domain_close(domain);
	drop_capability(CAP_IPC_LOCK);
	limit(RLIMIT_MEMLOCK, 8 * LT_PAGE);
	fill_memlock(s, NULL, -ENOSPC);
	fill_memlock(s, &more, -ENOMEM);
}

static void no_descriptors(struct setup *s)
{
	struct odp_watch *watch;

	limit(RLIMIT_NOFILE, 0);
	lt_expect(odp_watch_open(s->dev->ctx, NULL, 0, &watch),
		  s->caps.observes ? -EMFILE : -EOPNOTSUPP);
	lt_expect(odp_list_mrs(NULL, NULL, 0), -EMFILE);
}

static void no_threads(struct setup *s)
{
	struct odp_watch *watch;

	limit(RLIMIT_AS, 1 << 20);
	lt_expect(odp_watch_open(s->dev->ctx, NULL, 0, &watch), -EAGAIN);
}

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized;
#endif

/* valgrind wants descriptors and address space of its own (valgrind.sh says that it is there), a sanitizer the latter. */
static void test_limits(struct setup *s)
{
	bool watched = getenv("LIBODP_VALGRIND");

	if (watched) {
		vt_note("no test without descriptors: valgrind needs them");
	} else {
		vt_case("no more file descriptors");
		in_child(s, no_descriptors);
	}
	if (!s->caps.observes)
		return;
	if (watched || sanitized) {
		vt_note("no test without threads: what looks for errors needs address space");
	} else {
		vt_case("no more threads");
		in_child(s, no_threads);
	}
}

/* A child that inherited the descriptor is told nothing of its parent's memory. */
static void test_foreign(struct setup *s)
{
	struct ibv_mr *mr = vt_reg(s->dev, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	struct odp_mr_stats stats;
	pid_t child = vt_fork();
	int status;

	vt_case("a region of another process");
	if (!child)
		_exit(odp_mr_stats(mr, &stats) == -EACCES ? 0 : 1);
	status = vt_reap(child, vt_options.wait_ms, "the child");
	vt_check(WIFEXITED(status) && !WEXITSTATUS(status));
	vt_check(!ibv_dereg_mr(mr));
}

static void test_observe(struct setup *s)
{
	struct ibv_mr *pinned = vt_reg(s->dev, s->at, LEN, VT_PINNED, VT_ACCESS_ALL);
	struct odp_counter counter;
	struct odp_latency latency;
	struct odp_mr_stats stats;
	struct odp_watch *watch;
	uint8_t page[2];

	vt_case("questions without an answer");
	lt_expect(odp_mr_stats(pinned, &stats), -EOPNOTSUPP);
	lt_expect(odp_watch_open(s->dev->ctx, pinned, 0, &watch), -EOPNOTSUPP);
	lt_expect(odp_watch_open(s->dev->ctx, NULL, -1, &watch), -EINVAL);
	lt_expect(odp_latency(s->dev->ctx, 2, &latency), -EINVAL);
	lt_expect(odp_residency(s->dev->ctx, s->at, 0, page), -EINVAL);
	lt_expect(odp_residency(s->dev->ctx, (void *)-4096l, 8192, page), -EINVAL);
	lt_expect(odp_device_counters(s->dev->ctx, 77, &counter, 1), -ENOENT);
	lt_expect(odp_list_mrs("no-such-device", NULL, 0), -ENODEV);
	if (!s->caps.observes) {
		lt_expect(odp_latency(s->dev->ctx, ODP_LATENCY_OWN, &latency), -EOPNOTSUPP);
		lt_expect(odp_residency(s->dev->ctx, s->at, 1, page), -EOPNOTSUPP);
		lt_expect(odp_watch_open(s->dev->ctx, NULL, 0, &watch), -EOPNOTSUPP);
	}
	vt_check(!ibv_dereg_mr(pinned));
}

static void test_watch_end(struct setup *s)
{
	struct ibv_mr *mr = vt_reg(s->dev, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	struct odp_event event;
	struct odp_watch *watch;
	struct pollfd fd;

	vt_case("a watch whose region goes");
	lt_expect(odp_watch_open(s->dev->ctx, mr, 1, &watch), 0);
	fd = (struct pollfd){ .fd = odp_watch_fd(watch), .events = POLLIN };
	lt_expect(odp_watch_read(watch, &event), 0);
	vt_check(!poll(&fd, 1, 20));
	vt_check(!ibv_dereg_mr(mr));
	vt_check(poll(&fd, 1, vt_options.wait_ms) == 1);
	lt_expect(odp_watch_read(watch, &event), -ENODEV);
	vt_check(poll(&fd, 1, 0) == 1);
	lt_expect(odp_watch_read(watch, &event), -ENODEV);
	odp_watch_close(watch);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	if (geteuid())
		vt_skip("limits bind root only without capabilities that it drops here");
	s.dev = vt_open_a();
	s.at = lt_map(LEN);
	lt_expect(odp_query_caps(s.dev->ctx, &s.caps), 0);
	test_caps(&s);
	test_open(&s);
	lt_each_level(s.dev, test_get, &s);
	lt_each_level(s.dev, test_window, &s);
	vt_case("the limit of locked memory");
	in_child(&s, memlock);
	test_limits(&s);
	test_observe(&s);
	if (s.caps.observes) {
		test_foreign(&s);
		test_watch_end(&s);
	}
	vt_close(s.dev);
	return vt_pass();
}
