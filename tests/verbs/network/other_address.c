// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Between QPs of one host, too, a packet is for the QP that has the number only if that QP's device has the
 * address (IBTA vol. 1, 9.6.1, and annex A17): a second device is made beside --dev, and what is sent to its address
 * with the number of a QP of the first is lost. A packet is also for a QP of the same transport only. When the second
 * device is deleted and made anew with another address, handles that were made before lead nowhere, or to
 * the address that they were made for.
 */
#include "vt.h"

enum {
	LEN = 64,
	SEED = 8,
	QUIET_MS = 50 /* in which what was lost would have come */
};

#define OTHER_DEV     "rodpother"
#define OTHER_NETDEV  "vtother"
#define OTHER_ADDRESS "10.79.0.1"
#define NEW_ADDRESS   "10.79.1.1"

struct setup {
	struct vt_device *dev; /* of --dev */
	struct vt_end from;
	struct vt_buf x, y;
};

static struct vt_device *other_add(const char *address)
{
	struct vt_device *dev;

	vt_run("ip addr add %s/24 dev " OTHER_NETDEV, address);
	vt_run("rdma link add " OTHER_DEV " type rodp netdev " OTHER_NETDEV);
	dev = vt_open(OTHER_DEV, -1);
	vt_use_gid(dev, vt_wait_gid(dev, address));
	return dev;
}

static void other_delete(const char *address)
{
	vt_run("rdma link delete " OTHER_DEV);
	vt_run("ip addr del %s/24 dev " OTHER_NETDEV, address);
}

static void send_datagram(struct setup *s, struct ibv_ah *ah, uint32_t qpn)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->x, 0, LEN) },
		.num_sge = 1,
		.to = { .ah = ah, .qpn = qpn, .qkey = VT_QKEY },
	};

	vt_post(&s->from, &op);
	vt_expect_ok(&s->from, 1, IBV_WC_SEND);
}

static void receive_at(struct vt_end *to, struct vt_buf *buf)
{
	struct ibv_sge sge = vt_sge(buf, 0, VT_GRH + LEN);

	vt_recv(to, 2, &sge, 1);
}

/* By each of two handles to a QP of each of two devices: only the device's own leads there. */
static void test_datagrams(struct setup *s, struct vt_device *other)
{
	struct vt_device *devs[] = { s->dev, other };
	struct vt_buf bufs[2];
	struct ibv_ah *ah[2];
	struct vt_end to[2];
	int i, k;

	for (i = 0; i < 2; i++) {
		ah[i] = vt_ah(&s->from, &devs[i]->gid, s->dev->gid_index);
		vt_ud_open(&to[i], devs[i], false);
		vt_buf_make(&bufs[i], devs[i], 4096, VT_PINNED, VT_ACCESS_ALL);
		receive_at(&to[i], &bufs[i]);
	}
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 2; k++) {
			vt_case("a datagram to device %d, by the address of device %d", i, k);
			send_datagram(s, ah[k], to[i].qp->qp_num);
			if (i != k) {
				vt_expect_none(&to[i], QUIET_MS);
				continue;
			}
			vt_expect_ok(&to[i], 2, IBV_WC_RECV);
			vt_verify(bufs[i].data + VT_GRH, LEN, SEED, 0, "what was sent");
			receive_at(&to[i], &bufs[i]);
		}
	}
	for (i = 0; i < 2; i++) {
		vt_check(!ibv_destroy_ah(ah[i]));
		vt_end_close(&to[i]);
		vt_buf_free(&bufs[i]);
	}
}

/* RC: connected to the right number behind the wrong address. */
static void test_connected(struct setup *s, struct vt_device *other)
{
	struct vt_conn_attr attr = { .timeout = 10, .retry_cnt = 2 };
	struct vt_end_addr a, b;
	struct vt_conn conn;
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 3 };

	vt_case("RC, by the address of the other device");
	vt_end_open(&conn.a, s->dev, &attr);
	vt_end_open(&conn.b, s->dev, &attr);
	a = vt_end_addr(&conn.a);
	b = vt_end_addr(&conn.b);
	b.gid = other->gid;
	vt_end_connect(&conn.b, &a, &attr);
	vt_end_connect(&conn.a, &b, &attr);
	vt_recv(&conn.b, 4, NULL, 0);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 3, IBV_WC_RETRY_EXC_ERR);
	vt_expect_none(&conn.b, 1);
	vt_disconnect(&conn);
}

static void test_transport(struct setup *s)
{
	struct vt_conn_attr attr = { .timeout = 10, .retry_cnt = 2, .rd_atomic = 1 };
	struct vt_conn_attr xrc = attr;
	struct vt_end_addr a, b;
	struct vt_conn conn;
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 5 };

	vt_case("an XRC initiator, to an RC QP");
	xrc.qp_type = IBV_QPT_XRC_SEND;
	xrc.wr_api = true;
	vt_end_open(&conn.a, s->dev, &xrc);
	vt_end_open(&conn.b, s->dev, &attr);
	a = vt_end_addr(&conn.a);
	b = vt_end_addr(&conn.b);
	vt_end_connect(&conn.b, &a, &attr);
	vt_end_connect(&conn.a, &b, &xrc);
	vt_recv(&conn.b, 6, NULL, 0);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 5, IBV_WC_RETRY_EXC_ERR);
	vt_expect_none(&conn.b, 1);
	vt_disconnect(&conn);
}

/* The handle of a device that is gone; its memory may be that of the new one. */
static void test_new_device(struct setup *s, struct vt_device *old)
{
	struct ibv_ah *ah = vt_ah(&s->from, &old->gid, s->dev->gid_index);
	struct vt_device *other;
	struct vt_buf buf;
	struct vt_end to;

	vt_case("a handle to a device that was deleted");
	other_delete(OTHER_ADDRESS);
	other = other_add(NEW_ADDRESS);
	vt_ud_open(&to, other, false);
	vt_buf_make(&buf, other, 4096, VT_PINNED, VT_ACCESS_ALL);
	receive_at(&to, &buf);
	send_datagram(s, ah, to.qp->qp_num);
	vt_expect_none(&to, QUIET_MS);
	vt_check(!ibv_destroy_ah(ah));
	vt_end_close(&to);
	vt_buf_free(&buf);
	vt_close(other);
}

int main(int argc, char **argv)
{
	struct vt_device *other;
	struct setup s;

	vt_init(argc, argv);
	if (strncmp(vt_options.dev, "rodp", 4) || strcmp(vt_options.dev, vt_options.peer_dev))
		vt_skip("needs one device of rodp");
	s.dev = vt_open_a();
	vt_run("ip link add " OTHER_NETDEV " type dummy && ip link set " OTHER_NETDEV
	       " mtu 4200 up");
	other = other_add(OTHER_ADDRESS);
	vt_ud_open(&s.from, s.dev, false);
	vt_buf_make(&s.x, s.dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.x.data, LEN, SEED, 0);
	test_datagrams(&s, other);
	test_connected(&s, other);
	test_transport(&s);
	test_new_device(&s, other);
	vt_close(other);
	other_delete(NEW_ADDRESS);
	vt_run("ip link del " OTHER_NETDEV);
	vt_end_close(&s.from);
	vt_buf_free(&s.x);
	vt_close(s.dev);
	return vt_pass();
}
