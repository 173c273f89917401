// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory that a userfaultfd serves: missing pages, minor faults, write
 * protection. Whatever the device does with it, the handler is asked first, and
 * what it answers is what the device sees.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define PAGES 16
#define LEN   (PAGES * 4096)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn, back;
	struct vt_buf a;
	struct vt_buf b; /* what is served */
	int memfd;
	uint8_t *alias; /* of b, that nobody serves; minor mode */
};

enum access {
	REMOTE_WRITE,
	REMOTE_READ,
	LOCAL_WRITE, /* a READ of b's owner */
	LOCAL_READ,
	RECEIVE,
	ACCESSES
};

static const char *const access_names[] = { "remote WRITE", "remote READ", "target of a READ",
					    "source of a WRITE", "receive" };

static bool access_writes(enum access access)
{
	return access != REMOTE_READ && access != LOCAL_READ;
}

static void map(struct setup *s, enum vt_uffd_mode mode)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	s->memfd = -1;
	s->alias = NULL;
	if (mode == VT_UFFD_MINOR) {
		s->memfd = memfd_create("userfaultfd", 0);
		vt_check(s->memfd >= 0 && !ftruncate(s->memfd, LEN));
		s->alias = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, s->memfd, 0);
		vt_check(s->alias != MAP_FAILED);
		flags = MAP_SHARED;
	}
	s->b.data = mmap(NULL, LEN, PROT_READ | PROT_WRITE, flags, s->memfd, 0);
	vt_check(s->b.data != MAP_FAILED);
	vt_check(vt_small_pages(s->b.data, LEN));
	s->b.len = LEN;
	s->b.mr = vt_reg(s->dev_b, s->b.data, LEN, VT_ODP, VT_ACCESS_ALL);
}

static void unmap(struct setup *s)
{
	vt_check(!ibv_dereg_mr(s->b.mr));
	munmap(s->b.data, LEN);
	if (s->alias)
		munmap(s->alias, LEN);
	if (s->memfd >= 0)
		close(s->memfd);
}

/* Bytes from offset on; a has pattern number seed, or gets what b has. */
static void do_access(struct setup *s, enum access access, size_t offset, uint32_t len)
{
	struct ibv_sge room = vt_sge(&s->b, offset, len);
	struct vt_op send = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };

	switch (access) {
	case REMOTE_WRITE:
		vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->a, offset, &s->b, offset, len);
		break;
	case REMOTE_READ:
		vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, offset, &s->b, offset, len);
		break;
	case LOCAL_WRITE:
		vt_rdma(&s->back, IBV_WR_RDMA_READ, &s->b, offset, &s->a, offset, len);
		break;
	case LOCAL_READ:
		vt_rdma(&s->back, IBV_WR_RDMA_WRITE, &s->b, offset, &s->a, offset, len);
		break;
	default:
		send.sge[0] = vt_sge(&s->a, offset, len);
		vt_recv(&s->conn.b, 2, &room, 1);
		vt_post(&s->conn.a, &send);
		vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_SEND);
	}
}

/*
 * b is all pattern 1, by the handler or for it. Then the middle of it, unaligned, is
 * accessed: b has pattern 2 there, or a pattern 1. The handler is asked for each page
 * of the middle, or, when asks is not set, for none.
 */
static void check_access(struct setup *s, enum access access, struct vt_uffd *uffd, bool asks)
{
	const size_t offset = 4096 + 100, end = LEN - 4096 - 7;
	const unsigned int before = vt_uffd_answered(uffd);
	unsigned int asked;

	vt_fill(s->a.data, LEN, 2, 0);
	do_access(s, access, offset, end - offset);
	asked = vt_uffd_answered(uffd) - before;
	if (asks ? asked < PAGES - 2 : asked)
		vt_fail("the handler was asked %u times for %d pages", asked, PAGES - 2);
	if (access_writes(access)) {
		vt_verify(s->b.data, offset, 1, 0, "bytes before what was written");
		vt_verify(s->b.data + offset, end - offset, 2, offset, "what was written");
		vt_verify(s->b.data + end, LEN - end, 1, end, "bytes behind what was written");
	} else {
		vt_verify(s->a.data + offset, end - offset, 1, offset, "what was read");
	}
}

static void test_missing(struct setup *s, enum access access)
{
	struct vt_uffd *uffd;

	map(s, VT_UFFD_MISSING);
	uffd = vt_uffd_answer(VT_UFFD_MISSING, s->b.data, LEN, 1, 0);
	check_access(s, access, uffd, true);
	/* Given back, the pages are missing again, for the device as for anybody. */
	vt_check(!madvise(s->b.data, LEN, MADV_DONTNEED));
	check_access(s, access, uffd, true);
	vt_uffd_end(uffd);
	unmap(s);
}

static void test_minor(struct setup *s, enum access access)
{
	struct vt_uffd *uffd;

	map(s, VT_UFFD_MINOR);
	vt_fill(s->alias, LEN, 1, 0);
	uffd = vt_uffd_answer(VT_UFFD_MINOR, s->b.data, LEN, 0, 0);
	check_access(s, access, uffd, true);
	vt_check(!memcmp(s->alias, s->b.data, LEN));
	/* Unmapped by its owner, the page cache has them still: minor faults again. */
	vt_fill(s->alias, LEN, 1, 0);
	vt_check(!madvise(s->b.data, LEN, MADV_DONTNEED));
	check_access(s, access, uffd, true);
	vt_uffd_end(uffd);
	unmap(s);
}

/* Pages of a warm range are protected, as a snapshot tool does it: each is asked for again. */
static void test_protected(struct setup *s, enum access access)
{
	struct vt_uffd *uffd;
	int i;

	map(s, VT_UFFD_WP);
	vt_fill(s->b.data, LEN, 1, 0);
	uffd = vt_uffd_answer(VT_UFFD_WP, s->b.data, LEN, 0, 0);
	for (i = 0; i < 3; i++) {
		vt_fill(s->b.data, LEN, 1, 0);
		do_access(s, REMOTE_READ, 0, LEN);
		vt_uffd_protect(vt_uffd_fd(uffd), s->b.data, LEN, true);
		check_access(s, access, uffd, access_writes(access));
		vt_uffd_protect(vt_uffd_fd(uffd), s->b.data, LEN, false);
	}
	vt_uffd_end(uffd);
	unmap(s);
}

static void test(struct setup *s, enum vt_uffd_mode mode)
{
	static void (*const tests[])(struct setup *, enum access) = {
		[VT_UFFD_MISSING] = test_missing,
		[VT_UFFD_MINOR] = test_minor,
		[VT_UFFD_WP] = test_protected,
	};
	static const char *const names[] = { "missing", "minor", "write-protected" };
	enum access access;

	for (access = 0; access < ACCESSES; access++) {
		vt_case("%s, %s", names[mode], access_names[access]);
		vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
		vt_connect(&s->back, s->dev_b, s->dev_a, NULL);
		tests[mode](s, access);
		vt_disconnect(&s->conn);
		vt_disconnect(&s->back);
	}
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ | IBV_ODP_SUPPORT_RECV);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	test(&s, VT_UFFD_MISSING);
	test(&s, VT_UFFD_MINOR);
	test(&s, VT_UFFD_WP);
	vt_buf_free(&s.a);
	return vt_finish(s.dev_a, s.dev_b);
}
