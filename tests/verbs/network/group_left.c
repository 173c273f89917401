// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A QP is attached to a group when its netdev goes to another network namespace, and the device with it. The netdev
 * has lost its groups by that; when the QP goes later, the group is not left once more: it may be another
 * one's by then, of the new namespace.
 */
#include <stdlib.h>
#include <unistd.h>

#include "vt.h"

#define DEV	"rodpleft"
#define NETDEV	"vtleft"
#define NETNS	"vtleftnet"
#define ADDRESS "10.79.2.1"
#define GROUP	"239.79.2.1"

static const union ibv_gid group = {
	.raw = { [10] = 0xff, [11] = 0xff, [12] = 239, [13] = 79, [14] = 2, [15] = 1 },
};

static struct ibv_qp *attach(struct vt_device *dev)
{
	struct ibv_cq *cq = ibv_create_cq(dev->ctx, 16, NULL, NULL, 0);
	struct ibv_qp_init_attr attr = {
		.qp_type = IBV_QPT_UD,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = { 1, 1, 1, 1, 0 },
	};
	struct ibv_qp *qp = cq ? ibv_create_qp(dev->pd, &attr) : NULL;

	vt_check(qp);
	vt_check(!ibv_attach_mcast(qp, &group, 0));
	return qp;
}

/* What it has goes with itself. */
static _Noreturn void be_member(int socket)
{
	attach(vt_open(DEV, -1));
	vt_tell(socket, "", 1, -1);
	vt_hear(socket, &(char){ 0 }, 1, NULL); /* another one has joined */
	exit(0);
}

static bool is_member(void)
{
	return !system("ip -n " NETNS " maddr show dev " NETDEV " | grep -w " GROUP " >/dev/null");
}

static void make(void)
{
	vt_run("ip netns add " NETNS);
	vt_run("ip link add " NETDEV " mtu 4200 type dummy && ip link set " NETDEV " up");
	vt_run("ip addr add " ADDRESS "/24 dev " NETDEV);
	vt_run("rdma link add " DEV " type rodp netdev " NETDEV);
}

/* A socket of the kernel's joins there, as any other would. */
static void join_there(void)
{
	vt_run("ip -n " NETNS " link set " NETDEV " up");
	vt_run("ip -n " NETNS " addr add " ADDRESS "/24 dev " NETDEV);
	vt_run("ip -n " NETNS " addr add " GROUP "/32 dev " NETDEV " autojoin");
	vt_check(is_member());
}

int main(int argc, char **argv)
{
	struct vt_device *dev;
	int socket;
	pid_t pid;

	vt_init(argc, argv);
	dev = vt_open_a();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	vt_close(dev);
	make();
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		be_member(socket);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	vt_case("the netdev goes, and another one joins there");
	vt_run("ip link set " NETDEV " netns " NETNS);
	join_there();
	vt_case("the QP goes");
	vt_tell(socket, "", 1, -1);
	vt_check(!vt_reap(pid, vt_options.wait_ms, "the member"));
	if (!is_member())
		vt_fail("a group that others have joined in another namespace was left");
	vt_run("rdma link delete " DEV);
	vt_run("ip netns del " NETNS);
	return vt_pass();
}
