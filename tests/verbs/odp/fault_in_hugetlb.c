// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Huge pages that the device faults in are charged to the hugetlb cgroup of the process; at its limit
 * a peer's WRITE is an error, and gets no page. Needs huge pages: boot with hugepages=N. Kernels that
 * lend no threads of the process charge nobody: skipped there.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define GROUP "fault_in_hugetlb"
#define HUGE  (2ul << 20)
#define PAGES 8
#define LIMIT 4 /* of them */

struct setup {
	struct vt_device *dev;
	struct vt_buf local;
	struct ibv_mr *mr;
	uint8_t *at;
};

static int64_t charged(void)
{
	return vt_cgroup_get(GROUP, "hugetlb.2MB.current", NULL) / (int64_t)HUGE;
}

/* On a connection of its own, which may end with it. */
static enum ibv_wc_status write_page(struct setup *s, int i)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = i,
		.sge = { vt_sge(&s->local, 0, 8) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + i * HUGE,
		.rkey = s->mr->rkey,
	};
	struct vt_conn conn;
	struct ibv_wc wc;

	vt_connect(&conn, s->dev, s->dev, NULL);
	vt_post(&conn.a, &op);
	wc = vt_wait(&conn.a);
	vt_disconnect(&conn);
	return wc.status;
}

static void test(struct setup *s)
{
	enum ibv_wc_status status;
	int i;

	for (i = 0; i < LIMIT; i++) {
		vt_case("huge page %d", i);
		status = write_page(s, i);
		if (status)
			vt_fail("%s", ibv_wc_status_str(status));
		if (charged() != i + 1)
			vt_fail("charged with %ld huge pages, not %d", (long)charged(), i + 1);
	}
	vt_case("one more than the limit");
	status = write_page(s, i);
	if (!status || charged() != LIMIT)
		vt_fail("%s, and charged with %ld huge pages of %d", ibv_wc_status_str(status),
			(long)charged(), LIMIT);
}

static void be_member(void)
{
	const int access = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND;
	struct setup s = {};

	vt_cgroup_enter(GROUP);
	s.dev = vt_open_b();
	s.at = mmap(NULL, PAGES * HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	if (s.at == MAP_FAILED)
		vt_skip("no huge pages: %m");
	s.mr = ibv_reg_mr(s.dev->pd, s.at, PAGES * HUGE, access);
	vt_check(s.mr);
	if (!vt_faults_itself(s.dev))
		vt_skip("this kernel lends no threads of the process");
	vt_buf_make(&s.local, s.dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	test(&s);
	vt_check(!ibv_dereg_mr(s.mr));
	vt_buf_free(&s.local);
	munmap(s.at, PAGES * HUGE);
	vt_close(s.dev);
	exit(vt_pass());
}

int main(int argc, char **argv)
{
	char limit[32];
	int status;

	vt_init(argc, argv);
	vt_cgroup_control("hugetlb");
	vt_cgroup_make(GROUP);
	snprintf(limit, sizeof(limit), "%lu", LIMIT * HUGE);
	vt_cgroup_set(GROUP, "hugetlb.2MB.max", limit);
	status = vt_fork_run(be_member, "the member of the cgroup");
	vt_cgroup_end(GROUP);
	return status;
}
