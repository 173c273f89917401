// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The private ioctl: what it says of pages that come and go, and that it says nothing to
 * those who ask wrongly, or about others.
 */
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

#define PAGE  4096ul
#define LEAF  (2ul << 20)
#define PAGES (3 * LEAF / PAGE)

enum {
	NONE = 0,
	TRACKED = RODP_PAGE_TRACKED,
	READABLE = TRACKED | RODP_PAGE_PRESENT,
	WRITABLE = READABLE | RODP_PAGE_WRITABLE,
	WRITTEN = WRITABLE | RODP_PAGE_DIRTY,
	ACCESSED = RODP_PAGE_ACCESSED, /* aside: the mm may forget it at any time */
};

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf source; /* pinned */
	uint8_t *at;
	struct ibv_mr *mr; /* all of it */
};

static uint64_t va(const struct setup *s, size_t page)
{
	return (uintptr_t)s->at + page * PAGE;
}

/* vt_residency() without ACCESSED. */
static int residency(struct ibv_context *ctx, const struct ibv_mr *mr, uint64_t at, uint64_t len,
		     uint8_t *page, size_t room, uint64_t *next)
{
	int err = vt_residency(ctx, mr, at, len, page, room, next);
	size_t i;

	for (i = 0; !err && i < room; i++)
		page[i] &= ~ACCESSED;
	return err;
}

static void map_fresh(struct setup *s)
{
	uint8_t *at = mmap(s->at, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	vt_check(at == s->at && vt_small_pages(at, PAGES * PAGE));
}

static void set_up(struct setup *s)
{
	s->at = vt_map_aligned(PAGES * PAGE, LEAF, PROT_NONE);
	map_fresh(s);
	s->mr = vt_reg(s->b, s->at, PAGES * PAGE, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s->source, s->a, 16 * PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s->conn, s->a, s->b, NULL);
}

static void access_pages(struct setup *s, enum ibv_wr_opcode opcode, size_t first, size_t count)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->source, 0, count * PAGE) },
		.num_sge = 1,
		.remote_addr = va(s, first),
		.rkey = s->mr->rkey,
	};

	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}

/* Fails unless pages [first, first + count) are like this, asked with and without the region. */
static void expect(struct setup *s, size_t first, size_t count, uint8_t like, const char *what)
{
	static uint8_t page[PAGES];
	uint64_t next;
	int with, err;
	size_t i;

	for (with = 0; with < 2; with++) {
		memset(page, 0xee, sizeof(page));
		err = residency(s->b->ctx, with ? s->mr : NULL, va(s, first), count * PAGE, page,
				sizeof(page), &next);
		if (err)
			vt_fail("%s: %s", what, strerror(-err));
		vt_check(next == va(s, first + count));
		for (i = 0; i < count; i++)
			if (page[i] != like)
				vt_fail("%s: page %zu is 0x%x, not 0x%x", what, first + i, page[i],
					like);
		vt_check(count == PAGES || page[count] == 0xee);
	}
}

/* Of memory that was unmapped: the leaf of this page, which is freed in the background. */
static void wait_until_gone(struct setup *s, size_t which)
{
	unsigned int ms;
	uint64_t next;
	uint8_t page = TRACKED;

	for (ms = 0; ms < vt_options.wait_ms && page != NONE; ms += 10) {
		vt_check(!residency(s->b->ctx, s->mr, va(s, which), 1, &page, 1, &next));
		vt_check(page == NONE || page == TRACKED);
		if (page != NONE)
			vt_sleep_ms(10);
	}
}

static void test_life(struct setup *s)
{
	uint64_t next;
	uint8_t page;

	vt_case("pages come and go");
	expect(s, 0, PAGES, NONE, "nothing touched");
	access_pages(s, IBV_WR_RDMA_WRITE, 3, 2);
	access_pages(s, IBV_WR_RDMA_READ, 700, 1);
	expect(s, 0, 3, TRACKED, "before what was written");
	vt_check(!vt_residency(s->b->ctx, s->mr, va(s, 3), 1, &page, 1, &next));
	vt_check(page == (WRITTEN | ACCESSED));
	expect(s, 3, 2, WRITTEN, "written");
	expect(s, 5, 507, TRACKED, "behind it");
	expect(s, 512, 188, TRACKED, "before what was read");
	expect(s, 700, 1, READABLE, "read");
	expect(s, 701, 323, TRACKED, "behind it");
	expect(s, 1024, 512, NONE, "the leaf that nobody touched");
	vt_check(!madvise(s->at + 3 * PAGE, PAGE, MADV_DONTNEED));
	expect(s, 3, 1, TRACKED, "DONTNEED");
	expect(s, 4, 1, WRITTEN, "beside DONTNEED");
	vt_check(!mprotect(s->at, PAGES * PAGE, PROT_READ));
	expect(s, 3, 2, TRACKED, "mprotect");
	vt_check(!mprotect(s->at, PAGES * PAGE, PROT_READ | PROT_WRITE));
	s->at[4 * PAGE] = 1;
	access_pages(s, IBV_WR_RDMA_READ, 4, 1);
	expect(s, 4, 1, WRITABLE, "read where the mm has it writable");

	vt_case("the leaves of memory that is gone are gone");
	vt_check(!munmap(s->at, PAGES * PAGE));
	wait_until_gone(s, 4);
	wait_until_gone(s, 700); /* another leaf, which goes by itself */
	expect(s, 0, PAGES, NONE, "unmapped");
	map_fresh(s);
}

static void test_in_parts(struct setup *s)
{
	uint8_t page[5], whole[PAGES];
	uint64_t at, next;
	size_t done = 0;

	vt_case("an answer in parts");
	access_pages(s, IBV_WR_RDMA_WRITE, 510, 5);
	vt_check(!residency(s->b->ctx, s->mr, va(s, 0), PAGES * PAGE, whole, PAGES, &next));
	vt_check(next == va(s, PAGES) && whole[509] == TRACKED && whole[510] == WRITTEN &&
		 whole[514] == WRITTEN && whole[515] == TRACKED && whole[1024] == NONE);
	for (at = va(s, 0); at < va(s, PAGES); at = next) {
		vt_check(!residency(s->b->ctx, s->mr, at, va(s, PAGES) - at, page, sizeof(page),
				    &next));
		vt_check(next > at && next <= at + sizeof(page) * PAGE);
		vt_check(!memcmp(page, whole + done, (next - at) / PAGE));
		done += (next - at) / PAGE;
	}
	vt_check(done == PAGES);

	vt_case("bounds inside pages");
	vt_check(!residency(s->b->ctx, s->mr, va(s, 509) + 4095, 2, page, sizeof(page), &next));
	vt_check(next == va(s, 510) + 1 && page[0] == TRACKED && page[1] == WRITTEN);
	vt_check(!residency(s->b->ctx, s->mr, va(s, 509) + 4095, 2, page, 1, &next));
	vt_check(next == va(s, 510));
}

static void refuse(const char *what, int is, int expected)
{
	vt_case("refused: %s", what);
	if (is != -expected)
		vt_fail("\"%s\", not \"%s\"", strerror(-is), strerror(expected));
}

static void test_ranges(struct setup *s)
{
	struct ibv_context *ctx = s->b->ctx;
	uint8_t page[8];
	uint64_t next;

	refuse("no bytes", residency(ctx, s->mr, va(s, 0), 0, page, 8, &next), EINVAL);
	refuse("a range that wraps", residency(ctx, NULL, UINT64_MAX - 4095, 4096, page, 8, &next),
	       EINVAL);
	refuse("one that wraps far", residency(ctx, NULL, va(s, 0), UINT64_MAX, page, 8, &next),
	       EINVAL);
	refuse("before the region", residency(ctx, s->mr, va(s, 0) - 1, 2, page, 8, &next), EINVAL);
	refuse("behind the region", residency(ctx, s->mr, va(s, PAGES) - 1, 2, page, 8, &next),
	       EINVAL);
	refuse("far behind it", residency(ctx, s->mr, UINT64_MAX - 1, 1, page, 8, &next), EINVAL);
	refuse("a pinned region",
	       residency(s->a->ctx, s->source.mr, vt_addr(&s->source, 0), 1, page, 8, &next),
	       EOPNOTSUPP);

	vt_case("the ends of the address space");
	vt_check(!residency(ctx, NULL, UINT64_MAX - 4095, 4095, page, 8, &next));
	vt_check(next == UINT64_MAX && page[0] == NONE);
	vt_check(!residency(ctx, NULL, 0, UINT64_MAX, page, 8, &next));
	vt_check(next == 8 * PAGE && page[0] == NONE);
	vt_case("a context without on-demand memory");
	vt_check(!residency(s->a->ctx, NULL, va(s, 510), 8 * PAGE, page, 8, &next));
	vt_check(page[0] == NONE && page[7] == NONE);
}

/* Calls that no client would make. The core or the driver refuses them, whatever the errno. */
static void test_malformed(struct setup *s)
{
	static uint8_t big[70000];
	uint64_t next, pages = (uintptr_t)big, at = va(s, 510);
	struct rodp_latency latency;
	struct rodp_mr_stats stats;
	const struct vt_attr good[] = {
		{ RODP_ATTR_RESIDENCY_VA, 8, at },
		{ RODP_ATTR_RESIDENCY_LENGTH, 8, 4096 },
		{ RODP_ATTR_RESIDENCY_PAGES, 8, pages },
		{ RODP_ATTR_RESIDENCY_NEXT, 8, (uintptr_t)&next },
		{ RODP_ATTR_RESIDENCY_MR, 0, s->mr->handle },
	};
	const struct {
		const char *what;
		unsigned int which; /* attribute of good that is replaced */
		struct vt_attr attr;
	} bad[] = {
		{ "a short VA", 0, { RODP_ATTR_RESIDENCY_VA, 4, at } },
		{ "a long VA", 0, { RODP_ATTR_RESIDENCY_VA, 16, pages } },
		{ "no VA", 0, { RODP_ATTR_RESIDENCY_LENGTH, 8, 4096 } },
		{ "a short length", 1, { RODP_ATTR_RESIDENCY_LENGTH, 1, 1 } },
		{ "no room", 2, { RODP_ATTR_RESIDENCY_PAGES, 0, pages } },
		{ "room that is not mapped", 2, { RODP_ATTR_RESIDENCY_PAGES, 8, 8 } },
		{ "room in the kernel", 2, { RODP_ATTR_RESIDENCY_PAGES, 8, ~0ull << 47 } },
		{ "a short next", 3, { RODP_ATTR_RESIDENCY_NEXT, 4, (uintptr_t)&next } },
		{ "a next that is not mapped", 3, { RODP_ATTR_RESIDENCY_NEXT, 8, 16 } },
		{ "no such region", 4, { RODP_ATTR_RESIDENCY_MR, 0, 0x7fffff } },
		{ "a PD for a region", 4, { RODP_ATTR_RESIDENCY_MR, 0, s->b->pd->handle } },
		{ "a QP for a region", 4, { RODP_ATTR_RESIDENCY_MR, 0, s->conn.b.qp->handle } },
		{ "an unknown attribute", 4, { RODP_ATTR_RESIDENCY_PID + 1, 8, 0 } },
		{ "a long PID", 4, { RODP_ATTR_RESIDENCY_PID, 8, 1 } },
	};
	const struct vt_attr stats_of[] = {
		{ RODP_ATTR_MR_STATS_MR, 0, s->mr->handle },
		{ RODP_ATTR_MR_STATS_STATS, 8, (uintptr_t)&stats },
	};
	const struct vt_attr scope[] = {
		{ RODP_ATTR_LATENCY_SCOPE, 8, RODP_LATENCY_DEVICE },
		{ RODP_ATTR_LATENCY_LATENCY, 16, (uintptr_t)&latency },
	};
	struct vt_attr attr[VT_ARRAY_SIZE(good)];
	size_t i;

	vt_case("a good call");
	vt_check(!vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, good, 5));
	vt_check((big[0] & ~ACCESSED) == WRITTEN && !big[1] && next == at + 4096);
	for (i = 0; i < VT_ARRAY_SIZE(bad); i++) {
		vt_case("malformed: %s", bad[i].what);
		memcpy(attr, good, sizeof(attr));
		attr[bad[i].which] = bad[i].attr;
		vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, attr, 5) < 0);
	}
	vt_case("malformed: too few attributes");
	for (i = 0; i < 4; i++)
		vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, good, i) < 0);
	vt_case("malformed: room for part of a structure");
	vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_MR_STATS, stats_of, 2) < 0);
	vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_MR_STATS, stats_of + 1, 1) < 0);
	vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_LATENCY, scope, 2) < 0);
	refuse("no such scope", vt_latency(s->b->ctx, 2, &latency), EINVAL);
	vt_case("malformed: no such method, no such object");
	vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_LATENCY + 1, scope, 2) < 0);
	vt_check(vt_ioctl(s->b->ctx, RODP_OBJECT_ODP + 1, RODP_METHOD_LATENCY, scope, 2) < 0);

	vt_case("the most room that there is");
	vt_check(!residency(s->b->ctx, s->mr, va(s, 0), PAGES * PAGE, big, 65535, &next));
	vt_check(next == va(s, PAGES) && big[510] == WRITTEN);
	vt_check(!residency(s->b->ctx, NULL, va(s, 0), 1ul << 40, big, 65535, &next));
	vt_check(next == va(s, 65535) && big[510] == WRITTEN && !big[65534]);
}

/* Of the memory of another process, a page. */
static int ask_of(struct setup *s, uint32_t pid, uint8_t *page)
{
	uint64_t next;
	const struct vt_attr attr[] = {
		{ RODP_ATTR_RESIDENCY_VA, 8, va(s, 510) },
		{ RODP_ATTR_RESIDENCY_LENGTH, 8, 1 },
		{ RODP_ATTR_RESIDENCY_PAGES, 1, (uintptr_t)page },
		{ RODP_ATTR_RESIDENCY_NEXT, 8, (uintptr_t)&next },
		{ RODP_ATTR_RESIDENCY_PID, 4, pid },
	};
	int err = vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, attr, 5);

	*page &= ~ACCESSED;
	return err;
}

/* Of a region it is already known whose it is. */
static int ask_both(struct setup *s)
{
	uint64_t next;
	uint8_t page;
	const struct vt_attr attr[] = {
		{ RODP_ATTR_RESIDENCY_VA, 8, va(s, 510) },
		{ RODP_ATTR_RESIDENCY_LENGTH, 8, 1 },
		{ RODP_ATTR_RESIDENCY_PAGES, 1, (uintptr_t)&page },
		{ RODP_ATTR_RESIDENCY_NEXT, 8, (uintptr_t)&next },
		{ RODP_ATTR_RESIDENCY_PID, 4, getpid() },
		{ RODP_ATTR_RESIDENCY_MR, 0, s->mr->handle },
	};

	return vt_ioctl(s->b->ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, attr, 6);
}

static void drop_ptrace(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	vt_check(!syscall(SYS_capget, &head, data));
	data[0].effective &= ~(1u << CAP_SYS_PTRACE);
	vt_check(!syscall(SYS_capset, &head, data));
}

/* Who may read the parent's memory may also ask for what the device has of it. */
static int privileged_child(struct setup *s)
{
	uint8_t page = 0xee;

	/* fork() took the right to write. */
	if (ask_of(s, getppid(), &page) || page != READABLE)
		return 6;
	if (ask_of(s, getpid(), &page) || page != NONE)
		return 7;
	if (ask_of(s, 0x7ffffff0, &page) != -ESRCH || ask_of(s, 2, &page) != -ESRCH)
		return 8;
	drop_ptrace();
	if (ask_of(s, getppid(), &page) != -EACCES || ask_of(s, 0x7ffffff0, &page) != -EACCES)
		return 9;
	return 0;
}

/* A child has the fd, and the same addresses, but none of the parent's memory is its own. */
static int child(struct setup *s)
{
	struct rodp_latency latency;
	struct rodp_mr_stats stats;
	uint8_t page = 0xee;
	uint64_t next;

	if (residency(s->b->ctx, s->mr, va(s, 510), 1, &page, 1, &next) != -EACCES)
		return 1;
	if (vt_mr_stats(s->mr, &stats) != -EACCES)
		return 2;
	if (page != 0xee)
		return 3;
	if (residency(s->b->ctx, NULL, va(s, 510), 1, &page, 1, &next) || page != NONE)
		return 4;
	if (vt_latency(s->b->ctx, RODP_LATENCY_OWN, &latency) || vt_latency_count(&latency))
		return 5;
	return geteuid() ? 0 : privileged_child(s);
}

static void test_others(struct setup *s)
{
	uint8_t page[1];
	uint64_t next;
	int status;
	pid_t pid;

	vt_case("a process that inherited the fd");
	pid = fork();
	vt_check(pid >= 0);
	if (!pid)
		_exit(child(s));
	vt_check(waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the child's step %d (status 0x%x)", WEXITSTATUS(status), status);

	refuse("a region and a PID", ask_both(s), EINVAL);
	vt_case("a region of another context");
	vt_check(residency(s->a->ctx, s->mr, va(s, 510), 1, page, 1, &next) < 0);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	int err;

	vt_start(argc, argv, &s.a, &s.b);
	if (!vt_is_rodp(s.b) || !vt_is_rodp(s.a))
		vt_skip("only rodp has this ioctl");
	set_up(&s);
	test_life(&s);
	test_in_parts(&s);
	test_ranges(&s);
	test_malformed(&s);
	test_others(&s);
	err = ibv_dereg_mr(s.mr);
	vt_check(!err);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.source);
	return vt_finish(s.a, s.b);
}
