// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A peer READs a cold file of a process whose cgroup may read slowly only (io.max). The READ takes as long
 * as that says: the I/O of the faults is the process's. And all that time the process maps and unmaps
 * other memory without waiting for the disk: no fault holds the mmap lock over its I/O.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define GROUP	"fault_slow_file"
#define PAGE	4096ul
#define LEN	(512 * 1024ul)
#define RATE	(192 * 1024ul) /* bytes a second */
#define LEAST_S (LEN / RATE / 2.0)
#define MOST_MS 400 /* for an mmap() or munmap(), on a busy machine */

/* Maps and unmaps a page; how long the slower of both took, ns. */
static uint64_t map_once(void)
{
	uint64_t start = vt_now_ns(), between;
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	between = vt_now_ns();
	munmap(at, PAGE);
	return between - start > vt_now_ns() - between ? between - start : vt_now_ns() - between;
}

static void post(struct vt_conn *conn, const struct vt_buf *local, const struct ibv_mr *mr)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(local, 0, LEN) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)mr->addr,
		.rkey = mr->rkey,
	};

	vt_post(&conn->a, &op);
}

static void test(struct vt_conn *conn, const struct vt_buf *local, const struct ibv_mr *mr)
{
	uint64_t start = vt_now_ns(), longest = 0, took;
	struct ibv_wc wc;
	double seconds;
	int n;

	vt_case("a slow file");
	post(conn, local, mr);
	do {
		took = map_once();
		longest = took > longest ? took : longest;
		vt_sleep_ms(2);
		n = ibv_poll_cq(conn->a.cq, 1, &wc);
	} while (!n && vt_now_ns() - start < vt_options.wait_ms * 1000000ull);
	vt_check(n == 1 && !wc.status);
	seconds = (vt_now_ns() - start) / 1e9;
	vt_note("%.1f s; mmap() or munmap() took %lu us at most", seconds,
		(unsigned long)longest / 1000);
	if (seconds < LEAST_S)
		vt_fail("%.1f s: io.max says %.1f at least", seconds, LEAST_S);
	if (longest > MOST_MS * 1000000ull)
		vt_fail("mmap() or munmap() took %lu ms", (unsigned long)longest / 1000000);
}

static void be_member(void)
{
	const int access = IBV_ACCESS_ON_DEMAND | IBV_ACCESS_REMOTE_READ;
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
	struct ibv_mr *mr;
	uint8_t *at;

	vt_cgroup_enter(GROUP);
	dev = vt_open_b();
	at = vt_disk_map(LEN);
	/* A page at a time, so that it is not all read with the first. */
	vt_check(!madvise(at, LEN, MADV_RANDOM));
	mr = ibv_reg_mr(dev->pd, at, LEN, access);
	vt_check(mr);
	vt_buf_make(&local, dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&conn, dev, dev, NULL);
	test(&conn, &local, mr);
	vt_disconnect(&conn);
	vt_check(!ibv_dereg_mr(mr));
	vt_buf_free(&local);
	munmap(at, LEN);
	vt_close(dev);
	exit(vt_pass());
}

int main(int argc, char **argv)
{
	char limit[64];
	int status;

	vt_init(argc, argv);
	/* A report turns lockdep off, and those that come after this test are tested without it. */
	if (!access("/proc/lockdep", F_OK))
		vt_skip("lockdep reports locks of the kernel's block layer when io.max is set");
	vt_disk_make(1 << 20);
	vt_cgroup_control("io");
	vt_cgroup_make(GROUP);
	snprintf(limit, sizeof(limit), "%s rbps=%lu", vt_disk_number(), RATE);
	vt_cgroup_set(GROUP, "io.max", limit);
	status = vt_fork_run(be_member, "the member of the cgroup");
	vt_disk_end();
	vt_cgroup_end(GROUP);
	return status;
}
