// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process without privileges, in the network namespace of two devices' connections, sends them packets from a
 * plain UDP socket: from the peer's own address, with a valid ICRC and the right PSN, which the
 * test knows and the process does not. None is taken, whichever way the connection goes: on the local path and through the
 * network of one host. The next message of the real peer is executed.
 *
 * Nor does such a process learn the PSNs: rdma(8) shows them to their owner and to those who may
 * send such packets anyway.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "forge.h"

enum {
	LEN = 64,
	SEED = 33,
	NOBODY = 65534,
	SOON = 5000 /* ms until a packet is counted */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf abuf, bbuf;
	int fd;
};

static void await(const struct setup *s, const char *reason, int64_t wanted)
{
	uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;
	int64_t n;

	while ((n = vt_counter(s->devs[1], reason)) != wanted)
		if (vt_now_ns() > end_ns)
			vt_fail("%s is %lld instead of %lld", reason, (long long)n,
				(long long)wanted);
}

/* The next request that b expects of a: a WRITE of ones. */
static void forge(struct setup *s, const struct vt_conn *conn, uint8_t opcode, uint32_t psn)
{
	struct {
		struct rodp_reth reth;
		uint8_t data[LEN];
	} __attribute__((packed)) body = {
		.reth = {
			.va = htobe64(vt_addr(&s->bbuf, 0)),
			.rkey = htobe32(s->bbuf.mr->rkey),
			.length = htobe32(LEN),
		},
	};
	struct vt_forged forged = {
		.opcode = opcode,
		.dqpn = conn->b.qp->qp_num,
		.psn = psn,
		.ackreq = true,
		.body = &body,
		.body_len = sizeof(body),
	};
	int64_t before = vt_counter(s->devs[1], "rcvd_peer_err");

	memset(body.data, 1, LEN);
	vt_forge(s->fd, s->devs[0], s->devs[1], &forged);
	await(s, "rcvd_peer_err", before + 1);
	vt_verify_zero(s->bbuf.data, LEN, "where a forged WRITE would go");
}

static void write_really(struct setup *s, struct vt_conn *conn)
{
	vt_rdma(conn, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, LEN);
	vt_verify(s->bbuf.data, LEN, SEED, 0, "what the peer wrote");
	memset(s->bbuf.data, 0, LEN);
}

static void test_forgery(struct setup *s, enum ibv_qp_type type, const char *path)
{
	struct vt_conn_attr attr = { .qp_type = type };
	struct vt_conn conn;
	uint8_t opcode = (type == IBV_QPT_RC ? RODP_TP_RC : RODP_TP_UC) | RODP_OP_WRITE_ONLY;

	vt_case("%s, %s: forged WRITEs", type == IBV_QPT_RC ? "RC" : "UC", path);
	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	forge(s, &conn, opcode, conn.a.psn);
	if (type == IBV_QPT_RC) {
		write_really(s, &conn);
		forge(s, &conn, opcode, conn.a.psn + 1);
		write_really(s, &conn);
	}
	vt_expect_state(&conn.b, IBV_QPS_RTS);
	vt_disconnect(&conn);
}

/* What rdma(8) shows of the QP to that user. */
static const char *shown_to(uid_t uid, uint32_t qpn)
{
	char member[64];

	snprintf(member, sizeof(member), "\"lqpn\":%u", qpn);
	return vt_object_with(
		vt_run("setpriv --reuid=%u --regid=%u --clear-groups rdma -dd -j resource show qp",
		       uid, uid),
		member);
}

static void test_psns(struct setup *s)
{
	static const char *const names[] = { "sq-psn", "rq-psn", "drv_send_una", "drv_send_sent",
					     "drv_recv_epsn" };
	struct vt_conn conn;
	char name[64];
	size_t i;

	vt_case("who sees PSNs");
	vt_connect(&conn, s->devs[0], s->devs[1], NULL);
	write_really(s, &conn);
	vt_check(vt_number_of(shown_to(0, conn.a.qp->qp_num), "sq-psn") ==
		 ((conn.a.psn + 1) & 0xffffff));
	for (i = 0; i < VT_ARRAY_SIZE(names); i++) {
		const char *object = shown_to(NOBODY, conn.a.qp->qp_num);

		snprintf(name, sizeof(name), "\"%s\":", names[i]);
		if (strstr(object, name) && vt_number_of(object, names[i]))
			vt_fail("another user sees %s", names[i]);
	}
	vt_disconnect(&conn);
}

/* The socket is made without privileges. */
static int open_as_nobody(const struct vt_device *dev)
{
	int fd;

	vt_check(!seteuid(NOBODY));
	fd = vt_forge_open_udp(dev);
	vt_check(!seteuid(0));
	return fd;
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_buf_make(&s.abuf, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.abuf.data, LEN, SEED, 0);
	s.fd = open_as_nobody(s.devs[0]);
	test_forgery(&s, IBV_QPT_RC, "local path");
	vt_set_local_path(false);
	test_forgery(&s, IBV_QPT_RC, "network of one host");
	vt_set_local_path(true);
	test_forgery(&s, IBV_QPT_UC, "network of one host");
	test_psns(&s);
	close(s.fd);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
