// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A CPU goes offline while a queue pair waits for memory there: when the memory comes, the
 * queue pair goes on elsewhere.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define LEN 4096
#define CPU 1

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
};

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	vt_check(!sched_setaffinity(0, sizeof(set), &set));
}

/* Returns whether the kernel did. */
static bool set_online(bool online)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);
	bool done = fd >= 0 && write(fd, online ? "1" : "0", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

/* Whatever becomes of the test. */
static void bring_back(void)
{
	set_online(true);
}

/* A WRITE from one buffer to the other, begun on CPU 1; nobody has touched the pages of `missing`. */
static void test(struct setup *s, enum vt_memory from, enum vt_memory to, bool source_is_missing)
{
	struct vt_buf a, b, *missing = source_is_missing ? &a : &b;
	struct vt_op write = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = 1, .num_sge = 1 };
	int uffd;

	vt_buf_make(&a, s->dev_a, LEN, from, VT_ACCESS_ALL);
	vt_buf_make(&b, s->dev_b, LEN, to, VT_ACCESS_ALL);
	vt_fill(b.data, LEN, 2, 0);
	vt_fill(a.data, LEN, 1, 0);
	vt_check(!madvise(missing->data, LEN, MADV_DONTNEED));
	uffd = vt_uffd_open(VT_UFFD_MISSING, missing->data, LEN);
	write.sge[0] = vt_sge(&a, 0, LEN);
	write.remote_addr = vt_addr(&b, 0);
	write.rkey = b.mr->rkey;

	run_on(CPU);
	vt_post(&s->conn.a, &write);
	vt_check(vt_uffd_wait_fault(uffd, 1000) > 0);
	run_on(0);
	vt_check(set_online(false));
	vt_uffd_zero(uffd, missing->data, LEN);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_check(set_online(true));

	if (source_is_missing)
		vt_check(!memcmp(a.data, b.data, LEN) && !b.data[0]);
	else
		vt_verify(b.data, LEN, 1, 0, "what was written");
	close(uffd);
	vt_buf_free(&a);
	vt_buf_free(&b);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	if (!set_online(true))
		vt_skip("CPU %d cannot go offline", CPU);
	vt_check(!atexit(bring_back));
	vt_connect(&s.conn, s.dev_a, s.dev_b, NULL);
	vt_case("the responder waits");
	test(&s, VT_PINNED, VT_ODP, false);
	vt_case("the requester waits");
	test(&s, VT_ODP, VT_PINNED, true);
	vt_disconnect(&s.conn);
	return vt_finish(s.dev_a, s.dev_b);
}
