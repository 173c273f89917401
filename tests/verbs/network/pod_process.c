// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process in a pod, on a device of the host (pods.sh): --address is the pod's, --peer-address that of another pod on
 * the same device. It has no CAP_NET_ADMIN. It may send by its own pod's GIDs and the device's, not by the other pod's; its
 * datagram QP hears what comes to its own pod's address, not what comes to the other's. Keys of other protection
 * domains open nothing.
 */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vt.h"

enum {
	LEN = 64,
	SEED = 71,
	QUIET_MS = 50 /* in which what was lost would have come */
};

struct setup {
	struct vt_device *dev;
	int own_gid, other_gid, host_gid;
};

static void drop_net_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	vt_check(!syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1u << CAP_NET_ADMIN);
	data[0].permitted &= ~(1u << CAP_NET_ADMIN);
	data[0].inheritable &= ~(1u << CAP_NET_ADMIN);
	vt_check(!syscall(SYS_capset, &header, data));
}

/* What INIT to RTR by this GID says, to a peer behind the same GID. */
static int connect_by(struct setup *s, int gid_index)
{
	struct vt_end end;
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
	};
	union ibv_gid gid;
	int err;

	vt_check(!ibv_query_gid(s->dev->ctx, 1, gid_index, &gid));
	vt_end_open(&end, s->dev, NULL);
	attr.dest_qp_num = end.qp->qp_num;
	attr.ah_attr = vt_ah_attr(&gid, gid_index, NULL);
	err = ibv_modify_qp(end.qp, &attr,
			    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				    IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
				    IBV_QP_MIN_RNR_TIMER);
	vt_end_close(&end);
	return err;
}

/* The same of an address handle: 0 or errno. */
static int handle_by(struct setup *s, int gid_index)
{
	struct ibv_ah_attr attr;
	union ibv_gid gid;
	struct ibv_ah *ah;

	vt_check(!ibv_query_gid(s->dev->ctx, 1, gid_index, &gid));
	attr = vt_ah_attr(&gid, gid_index, NULL);
	ah = ibv_create_ah(s->dev->pd, &attr);
	if (!ah)
		return errno;
	vt_check(!ibv_destroy_ah(ah));
	return 0;
}

static void expect_by(struct setup *s, const char *whose, int gid_index, int wanted)
{
	int rc, ud;

	vt_case("by %s GID", whose);
	rc = connect_by(s, gid_index);
	ud = handle_by(s, gid_index);
	if (rc != wanted || ud != wanted)
		vt_fail("by %s GID: RTR says %d and a handle %d instead of %d", whose, rc, ud,
			wanted);
}

/* To a QP of this process, by the address of the own pod and by that of the other. */
static void test_datagrams(struct setup *s)
{
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };
	const int gids[] = { s->own_gid, s->other_gid };
	struct vt_end from, to;
	struct vt_buf x, y;
	union ibv_gid gid;
	struct ibv_sge sge;
	int64_t strangers;
	int i;

	vt_ud_open(&from, s->dev, false);
	vt_ud_open(&to, s->dev, false);
	vt_buf_make(&x, s->dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&y, s->dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(x.data, LEN, SEED, 0);
	sge = vt_sge(&y, 0, VT_GRH + LEN);
	vt_recv(&to, 2, &sge, 1);
	op.sge[0] = vt_sge(&x, 0, LEN);
	for (i = 1; i >= 0; i--) {
		vt_case("a datagram to the %s pod's address", i ? "other" : "own");
		vt_check(!ibv_query_gid(s->dev->ctx, 1, gids[i], &gid));
		op.to.ah = vt_ah(&from, &gid, s->own_gid);
		op.to.qpn = to.qp->qp_num;
		op.to.qkey = VT_QKEY;
		strangers = vt_counter(s->dev, "rcvd_qpn_err");
		vt_post(&from, &op);
		vt_expect_ok(&from, 1, IBV_WC_SEND);
		if (i) {
			vt_expect_none(&to, QUIET_MS);
			vt_check(vt_counter(s->dev, "rcvd_qpn_err") > strangers);
		} else {
			vt_expect_ok(&to, 2, IBV_WC_RECV);
			vt_verify(y.data + VT_GRH, LEN, SEED, 0, "what was sent");
		}
		vt_check(!ibv_destroy_ah(op.to.ah));
	}
	vt_end_close(&from);
	vt_end_close(&to);
	vt_buf_free(&x);
	vt_buf_free(&y);
}

/* What another process has registered, and tells the key of, is not this connection's. */
static void test_keys(struct setup *s)
{
	struct vt_device *other = vt_open(vt_options.dev, s->own_gid);
	struct vt_op op = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = 3, .num_sge = 1 };
	struct vt_buf x, y, secret;
	struct vt_conn conn;

	vt_buf_make(&x, s->dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&y, s->dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&secret, other, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(x.data, LEN, SEED, 0);
	vt_connect(&conn, s->dev, s->dev, NULL);
	vt_case("a key of the connection's protection domain");
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &x, 0, &y, 0, LEN);
	vt_verify(y.data, LEN, SEED, 0, "what was written");
	vt_case("a key of another");
	op.sge[0] = vt_sge(&x, 0, LEN);
	op.remote_addr = vt_addr(&secret, 0);
	op.rkey = secret.mr->rkey;
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 3, IBV_WC_REM_ACCESS_ERR);
	vt_verify_zero(secret.data, LEN, "what is not the peer's");
	vt_disconnect(&conn);
	vt_buf_free(&x);
	vt_buf_free(&y);
	vt_buf_free(&secret);
	vt_close(other);
}

int main(int argc, char **argv)
{
	struct setup s;

	vt_init(argc, argv);
	drop_net_admin();
	s.dev = vt_open(vt_options.dev, -1);
	s.host_gid = vt_wait_gid(s.dev, getenv("HOST_ADDRESS"));
	s.own_gid = vt_wait_gid(s.dev, vt_options.address);
	s.other_gid = vt_wait_gid(s.dev, vt_options.peer_address);
	vt_use_gid(s.dev, s.own_gid);
	expect_by(&s, "the pod's own", s.own_gid, 0);
	expect_by(&s, "the device's own", s.host_gid, 0);
	expect_by(&s, "the other pod's", s.other_gid, EPERM);
	test_datagrams(&s);
	test_keys(&s);
	vt_close(s.dev);
	return vt_pass();
}
