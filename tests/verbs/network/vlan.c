// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * For vlan.sh, which makes the VLANs: what goes out by a GID of a VLAN has the VLAN's tag, with the
 * service level as its priority, and a datagram's completion tells both. What goes out by a GID of the
 * netdev below has none.
 *
 * VLAN in the environment: the VLAN's id; 0: there is to be no tag.
 */
#include <unistd.h>

#include "wire.h"

enum {
	LEN = 6000,
	SEED = 9,
	SOON = 2000 /* ms until a packet is captured */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf abuf, bbuf;
	int capture;
	int vlan;
};

/* All packets that were captured so far, of which there are some; both: in either direction. */
static void check_tags(struct setup *s, uint8_t sl, bool both)
{
	struct vt_packet packet;
	unsigned int n[2] = {};

	while (vt_captured(s->capture, &packet, n[1] && (n[0] || !both) ? 10 : SOON)) {
		n[packet.outgoing]++;
		/* A tag of VLAN 0 is only a priority. */
		if ((packet.vlan > 0 ? packet.vlan : 0) != s->vlan)
			vt_fail("a packet has VLAN %d instead of %d", packet.vlan, s->vlan);
		if (s->vlan && packet.vlan_priority != sl)
			vt_fail("a packet has priority %d instead of %u", packet.vlan_priority, sl);
		vt_check(packet.icrc_ok);
	}
	vt_check(n[1] && (n[0] || !both));
}

static void test_connected(struct setup *s, enum ibv_qp_type type, uint8_t sl)
{
	struct vt_route route = { .sl = sl };
	struct vt_conn_attr attr = { .qp_type = type, .route = &route };
	struct vt_conn conn;

	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, LEN);
	if (type == IBV_QPT_RC) {
		vt_rdma(&conn, IBV_WR_RDMA_READ, &s->abuf, LEN, &s->bbuf, 0, LEN);
		vt_verify(s->abuf.data + LEN, LEN, SEED, 0, "what came back");
		memset(s->abuf.data + LEN, 0, LEN);
	}
	check_tags(s, sl, type == IBV_QPT_RC);
	vt_disconnect(&conn);
}

/* What the receiver is told: the next completion of an extended CQ. */
static void expect_told(struct setup *s, struct ibv_cq_ex *cq, uint8_t sl)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	struct ibv_poll_cq_attr attr = {};

	while (ibv_start_poll(cq, &attr)) {
		if (vt_now_ns() > end_ns)
			vt_fail("no datagram within %u ms", vt_options.wait_ms);
	}
	vt_check(!cq->status);
	if (ibv_wc_read_cvlan(cq) != s->vlan)
		vt_fail("the completion tells VLAN %u", ibv_wc_read_cvlan(cq));
	if (ibv_wc_read_sl(cq) != (s->vlan ? sl : 0))
		vt_fail("the completion tells service level %u", ibv_wc_read_sl(cq));
	ibv_end_poll(cq);
}

static struct ibv_cq_ex *make_cq_ex(struct vt_device *dev)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 16,
		.wc_flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_CVLAN,
	};
	struct ibv_cq_ex *cq = ibv_create_cq_ex(dev->ctx, &attr);

	if (!cq)
		vt_fail("creating a CQ that tells the VLAN: %m");
	return cq;
}

static void test_datagram(struct setup *s, uint8_t sl)
{
	struct ibv_sge room = vt_sge(&s->bbuf, LEN, VT_GRH + 100);
	struct vt_route route = { .sl = sl };
	struct ibv_cq_ex *cq = make_cq_ex(s->devs[1]);
	struct vt_end a, b;
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->abuf, 0, 100) },
		.num_sge = 1,
		.to = { .qkey = VT_QKEY },
	};

	vt_ud_open(&a, s->devs[0], false);
	vt_ud_open_on(&b, s->devs[1], ibv_cq_ex_to_cq(cq));
	vt_recv(&b, 2, &room, 1);
	op.to.ah = vt_ah_by(&a, &s->devs[1]->gid, s->devs[0]->gid_index, &route);
	op.to.qpn = b.qp->qp_num;
	vt_post(&a, &op);
	vt_expect_ok(&a, 1, IBV_WC_SEND);
	expect_told(s, cq, sl);
	vt_verify(s->bbuf.data + LEN + VT_GRH, 100, SEED, 0, "the datagram");
	check_tags(s, sl, false);
	vt_check(!ibv_destroy_ah(op.to.ah));
	vt_end_close(&a);
	vt_end_close(&b);
	vt_check(!ibv_destroy_cq(ibv_cq_ex_to_cq(cq)));
}

int main(int argc, char **argv)
{
	const char *netdev = getenv("RDMA_NETDEV"), *vlan = getenv("VLAN");
	struct setup s = {};
	uint8_t sl;

	vt_init(argc, argv);
	if (!vlan || !netdev)
		vt_skip("is run by vlan.sh");
	s.vlan = atoi(vlan);
	s.devs[0] = vt_open_a();
	s.devs[1] = vt_open_b();
	vt_buf_make(&s.abuf, s.devs[0], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.abuf.data, LEN, SEED, 0);
	s.capture = vt_capture(netdev);
	for (sl = 0; sl < 8; sl += 5) {
		vt_case("VLAN %d, service level %u: RC", s.vlan, sl);
		test_connected(&s, IBV_QPT_RC, sl);
		vt_case("VLAN %d, service level %u: UC", s.vlan, sl);
		test_connected(&s, IBV_QPT_UC, sl);
		vt_case("VLAN %d, service level %u: UD", s.vlan, sl);
		test_datagram(&s, sl);
	}
	close(s.capture);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
