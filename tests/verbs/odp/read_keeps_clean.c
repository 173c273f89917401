// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A READ of a peer leaves pages as they are: after clear_refs none of them is soft-dirty again, though
 * all of them were writable; and pages that are shared with a child since fork() stay shared. A WRITE
 * makes them dirty and unshares them, which proves that the looks can tell. With pages that are all
 * present, with some that were never touched between them, and with a last one that a userfaultfd
 * holds up: what the kernel saw of the others before that wait is no wish to write to them.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define PAGE		   4096
#define PAGES		   64
#define LEN		   ((size_t)PAGES * PAGE)

#define PAGEMAP_SOFT_DIRTY (1ull << 55)
#define PAGEMAP_PFN	   ((1ull << 55) - 1)

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf local, remote;
};

static void read_pagemap(const void *at, uint64_t *entry)
{
	off_t offset = (uintptr_t)at / PAGE * sizeof(*entry);
	int fd = open("/proc/self/pagemap", O_RDONLY);

	vt_check(fd >= 0);
	vt_check(pread(fd, entry, PAGES * sizeof(*entry), offset) ==
		 (ssize_t)(PAGES * sizeof(*entry)));
	close(fd);
}

/* Forgets which pages were written to; skips on kernels that keep no record of it. */
static void forget_dirty(const struct vt_buf *buf)
{
	uint64_t entry[PAGES];
	int fd = open("/proc/self/clear_refs", O_WRONLY), i;

	if (fd < 0 || write(fd, "4", 1) != 1)
		vt_skip("no /proc/self/clear_refs: %m");
	close(fd);
	read_pagemap(buf->data, entry);
	for (i = 0; i < PAGES; i++) {
		if (entry[i] & PAGEMAP_SOFT_DIRTY)
			vt_skip("this kernel has no soft-dirty bits");
	}
}

static int dirty_pages(const struct vt_buf *buf)
{
	uint64_t entry[PAGES];
	int i, n = 0;

	read_pagemap(buf->data, entry);
	for (i = 0; i < PAGES; i++)
		n += !!(entry[i] & PAGEMAP_SOFT_DIRTY);
	return n;
}

/* Writes to every `step`th page, so that the page tables let it be written. */
static void touch(struct vt_buf *buf, int step)
{
	int i;

	for (i = 0; i < PAGES; i += step)
		buf->data[i * PAGE] = i;
}

static void test_dirty(struct setup *s, int step, const char *what)
{
	int n;

	vt_case("%s", what);
	vt_buf_cool(&s->remote);
	touch(&s->remote, step);
	forget_dirty(&s->remote);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->local, 0, &s->remote, 0, LEN);
	n = dirty_pages(&s->remote);
	/* A page that came is new, which the kernel counts as written. */
	if (n > PAGES - PAGES / step)
		vt_fail("after a READ %d of %d pages are soft-dirty, %d at most were new", n, PAGES,
			PAGES - PAGES / step);
	if (step == 1 && n)
		vt_fail("after a READ %d of %d pages are soft-dirty", n, PAGES);
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->local, 0, &s->remote, 0, LEN);
	n = dirty_pages(&s->remote);
	if (n != PAGES)
		vt_fail("after a WRITE only %d of %d pages are soft-dirty", n, PAGES);
}

static void test_held_up(struct setup *s)
{
	uint8_t *last = s->remote.data + LEN - PAGE;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->remote, 0),
		.rkey = s->remote.mr->rkey,
	};
	int fd, n;

	vt_case("a userfaultfd holds the last page up");
	vt_buf_cool(&s->remote);
	fd = vt_uffd_open(VT_UFFD_MISSING, last, PAGE);
	memset(s->remote.data, 1, LEN - PAGE);
	vt_post(&s->conn.a, &op);
	if (!vt_uffd_wait_fault(fd, vt_options.wait_ms))
		vt_fail("no fault arrived at the userfaultfd");
	forget_dirty(&s->remote);
	vt_uffd_zero(fd, last, PAGE);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_READ);
	n = dirty_pages(&s->remote);
	if (n > 1) /* the last one is new */
		vt_fail("after a READ %d of %d pages are soft-dirty", n, PAGES);
	close(fd);
}

/* A child that holds the pages as they are. */
static pid_t share(void)
{
	pid_t pid = vt_fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static int moved_pages(const uint64_t *before, const struct vt_buf *buf)
{
	uint64_t after[PAGES];
	int i, n = 0;

	read_pagemap(buf->data, after);
	for (i = 0; i < PAGES; i++)
		n += (before[i] & PAGEMAP_PFN) != (after[i] & PAGEMAP_PFN);
	return n;
}

static void test_shared(struct setup *s)
{
	uint64_t before[PAGES];
	pid_t pid;
	int n;

	vt_case("pages shared with a child");
	vt_buf_cool(&s->remote);
	touch(&s->remote, 1);
	pid = share();
	read_pagemap(s->remote.data, before);
	if (!(before[0] & PAGEMAP_PFN))
		vt_skip("pagemap shows no frames: not root?");
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->local, 0, &s->remote, 0, LEN);
	n = moved_pages(before, &s->remote);
	if (n)
		vt_fail("a READ unshared %d of %d pages", n, PAGES);
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->local, 0, &s->remote, 0, LEN);
	n = moved_pages(before, &s->remote);
	if (n != PAGES)
		vt_fail("a WRITE unshared only %d of %d pages", n, PAGES);
	kill(pid, SIGKILL);
	vt_reap(pid, vt_options.wait_ms, "the child");
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	vt_need_odp(s.b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_buf_make(&s.local, s.a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.remote, s.b, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_check(vt_small_pages(s.remote.data, LEN));
	vt_connect(&s.conn, s.a, s.b, NULL);
	test_dirty(&s, 1, "all pages present");
	test_dirty(&s, 2, "every other page absent");
	test_dirty(&s, PAGES / 2, "most pages absent");
	test_shared(&s);
	test_held_up(&s);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.local);
	vt_buf_free(&s.remote);
	return vt_finish(s.a, s.b);
}
