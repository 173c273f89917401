// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * This host refuses for good what a QP sends: a filter on the way out drops it, its netdev's MTU is
 * smaller than the path MTU, netfilter drops it. To the device that is no full queue for ever: the
 * packets count as lost, the retransmission timer runs, and in the end the work request completes
 * with IBV_WC_RETRY_EXC_ERR. The same of a responder's answers; it is not stuck with them, and
 * takes part in the next connection.
 */
#include <unistd.h>

#include "vt.h"

#define LEN	8192
#define TIMEOUT 12 /* 17 ms */
#define RETRIES 3
#define SOON_MS 5000 /* for 64 jiffies of a full queue, and RETRIES + 1 timeouts */

struct setup {
	struct vt_device *devs[2];
	struct vt_buf a, b;
};

/* Commands; %s is the netdev of who refuses. */
struct refusal {
	const char *name;
	const char *refuse;
	const char *undo;
};

static const struct refusal refusals[] = {
	{
		"a filter on the way out",
		"tc qdisc add dev %s clsact && tc filter add dev %s egress matchall action drop",
		"tc qdisc del dev %s clsact",
	},
	{
		"the netdev's MTU",
		"ip link set dev %s mtu 1500",
		"ip link set dev %s mtu 4200 && ip route flush cache",
	},
	{
		"netfilter",
		"nft 'add table ip t; add chain ip t o { type filter hook output priority 0; }; "
		"add rule ip t o udp dport 4791 drop'",
		"nft delete table ip t",
	},
};

static void command(const char *format, const char *netns, const char *netdev)
{
	char text[256], *at;

	at = text + snprintf(text, sizeof(text), netns ? "ip netns exec %s " : "%s", netns ?: "");
	/* Each command of the line in that namespace. */
	snprintf(at, text + sizeof(text) - at, "sh -c \"");
	at += strlen(at);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(at, text + sizeof(text) - at, format, netdev, netdev);
#pragma GCC diagnostic pop
	at += strlen(at);
	snprintf(at, text + sizeof(text) - at, "\"");
	vt_run("%s", text);
}

static void transfer(struct setup *s, struct vt_conn *conn, enum ibv_wr_opcode opcode,
		     enum ibv_wc_status status)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
	uint64_t begin = vt_now_ns();

	vt_post(&conn->a, &op);
	vt_expect(&conn->a, 1, status);
	if (vt_now_ns() - begin > SOON_MS * 1000000ull)
		vt_fail("that took %lu ms", (unsigned long)(vt_now_ns() - begin) / 1000000);
}

static void test(struct setup *s, const struct refusal *refusal, enum ibv_wr_opcode opcode,
		 const char *netns, const char *netdev)
{
	struct vt_conn_attr attr = { .timeout = TIMEOUT, .retry_cnt = RETRIES };
	struct vt_conn conn;

	vt_case("%s refuses what %s sends", refusal->name,
		netns ? "the responder" : "the requester");
	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	transfer(s, &conn, opcode, IBV_WC_SUCCESS);
	command(refusal->refuse, netns, netdev);
	transfer(s, &conn, opcode, IBV_WC_RETRY_EXC_ERR);
	command(refusal->undo, netns, netdev);
	vt_disconnect(&conn);
	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	transfer(s, &conn, opcode, IBV_WC_SUCCESS);
	vt_disconnect(&conn);
}

int main(int argc, char **argv)
{
	const char *here = getenv("RDMA_NETDEV"), *there = getenv("RDMA_PEER_NETDEV");
	const char *netns = getenv("RDMA_PEER_NETNS");
	struct setup s = {};
	size_t i;

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts();
	if (!here || !there || !netns)
		vt_skip("needs the netdevs of the lab");
	vt_run("modprobe -a sch_ingress cls_matchall act_gact nf_tables 2>/dev/null || true");
	vt_buf_make(&s.a, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	for (i = 0; i < VT_ARRAY_SIZE(refusals); i++) {
		if (strstr(refusals[i].refuse, "nft ") && system("command -v nft >/dev/null"))
			continue;
		test(&s, &refusals[i], IBV_WR_RDMA_WRITE, NULL, here);
		test(&s, &refusals[i], IBV_WR_RDMA_READ, netns, there);
	}
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.devs[0], s.devs[1]);
}
