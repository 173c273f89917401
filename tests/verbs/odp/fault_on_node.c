// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Pages that the device faults in come from where the process's own would: from the nodes of its
 * cpuset, and by the memory policy that it had when it registered. Each node in turn, so that the one
 * next to the CPU is not the answer to both. Needs two nodes: numa=2.
 */
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define GROUP "fault_on_node"
#define PAGE  4096ul
#define PAGES 64
#define LEN   (PAGES * PAGE)
#define NODES 2

static void check_nodes(const struct vt_buf *buf, int node)
{
	void *at[PAGES];
	int is[PAGES], i, wrong = 0;

	for (i = 0; i < PAGES; i++)
		at[i] = buf->data + i * PAGE;
	vt_check(!syscall(SYS_move_pages, 0, (long)PAGES, at, NULL, is, 0));
	for (i = 0; i < PAGES; i++)
		wrong += is[i] != node;
	if (wrong)
		vt_fail("%d of %d pages are not on node %d; the first is on %d", wrong, PAGES, node,
			is[0]);
}

static void prefetch(struct vt_device *dev, const struct vt_buf *buf)
{
	struct ibv_sge sge = vt_sge(buf, 0, LEN);

	vt_check(!ibv_advise_mr(dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
				IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1));
}

/* In a process that is bound to the node already. */
static void test(int node)
{
	struct vt_device *dev = vt_open_b();
	struct vt_buf local, absent;
	struct vt_conn conn;

	vt_connect(&conn, dev, dev, NULL);
	vt_buf_make(&local, dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&absent, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_check(vt_small_pages(absent.data, LEN));
	vt_faults_itself(dev); /* as far as the kernel lets it */
	vt_buf_cool(&absent);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &absent, 0, LEN);
	check_nodes(&absent, node);
	if (vt_is_rodp(dev)) {
		vt_buf_cool(&absent);
		prefetch(dev, &absent);
		check_nodes(&absent, node);
	}
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_buf_free(&absent);
	vt_close(dev);
}

static void bind_cpuset(int node)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", node);
	vt_cgroup_set(GROUP, "cpuset.mems", text);
	vt_cgroup_enter(GROUP);
}

static void bind_policy(int node)
{
	unsigned long nodes = 1ul << node;

	vt_check(!syscall(SYS_set_mempolicy, MPOL_BIND, &nodes, 8 * sizeof(nodes)));
}

static int each(const char *what, void (*bind)(int node), int node)
{
	int status;
	pid_t pid = vt_fork();

	if (!pid) {
		vt_case("%s, node %d", what, node);
		bind(node);
		test(node);
		exit(vt_pass());
	}
	vt_check(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	int node, status = 0;

	vt_init(argc, argv);
	if (access("/sys/devices/system/node/node1", F_OK))
		vt_skip("one node only");
	vt_cgroup_control("cpuset");
	vt_cgroup_make(GROUP);
	for (node = 0; node < NODES && !status; node++) {
		status = each("cpuset", bind_cpuset, node);
		if (!status)
			status = each("memory policy", bind_policy, node);
	}
	vt_cgroup_end(GROUP);
	return status;
}
