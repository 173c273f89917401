// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Addresses come and go while QPs run: a new one is a GID at once; without its address a QP sends nothing,
 * and gives up when its retries are over or goes on when the address is back, whichever is first;
 * others do not notice. The same for routes.
 */
#include "vt.h"

enum {
	LEN = 8000,
	SEED = 11,
	AWHILE = 100 /* ms in which nothing is to come through */
};

/* A second network between the two hosts. */
struct family {
	const char *name;
	const char *own, *peer; /* addresses */
	int prefix; /* length, bits */
	const char *how; /* more arguments of ip addr add */
	const char *astray; /* arguments of ip route: by a gateway that is not there */
};

static const struct family families[] = {
	{ "IPv4", "10.81.0.1", "10.81.0.2", 24, "", "10.81.0.2/32 via 10.81.0.99" },
	{ "IPv6", "fd81::1", "fd81::2", 64, "nodad", "fd81::2/128 via fd81::99" },
};

struct setup {
	struct vt_device *devs[2];
	struct vt_conn old; /* by the addresses that the lab gave */
	struct vt_buf abuf, bbuf;
	const struct family *family;
};

VT_PRINTF(1, 2) static void ip(const char *format, ...)
{
	char command[256] = "ip ";
	va_list args;

	va_start(args, format);
	vsnprintf(command + 3, sizeof(command) - 3, format, args);
	va_end(args);
	if (system(command))
		vt_fail("%s", command);
}

static void own_address(const struct setup *s, const char *verb)
{
	const struct family *f = s->family;

	ip("addr %s %s/%d dev %s %s", verb, f->own, f->prefix, vt_need_env("RDMA_NETDEV"),
	   *verb == 'a' ? f->how : "");
}

static void peer_address(const struct setup *s, const char *verb)
{
	const struct family *f = s->family;

	ip("-n %s addr %s %s/%d dev %s %s", vt_need_env("RDMA_PEER_NETNS"), verb, f->peer,
	   f->prefix, vt_need_env("RDMA_PEER_NETDEV"), *verb == 'a' ? f->how : "");
}

/* To and fro, every byte checked. */
static void use(struct setup *s, struct vt_conn *conn)
{
	vt_rdma(conn, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, LEN);
	vt_verify(s->bbuf.data, LEN, SEED, 0, "what was written");
	vt_rdma(conn, IBV_WR_RDMA_READ, &s->abuf, LEN, &s->bbuf, 0, LEN);
	vt_verify(s->abuf.data + LEN, LEN, SEED, 0, "what was read");
	memset(s->bbuf.data, 0, LEN);
	memset(s->abuf.data + LEN, 0, LEN);
}

static void connect_new(struct setup *s, struct vt_conn *conn, const struct vt_conn_attr *attr)
{
	vt_use_gid(s->devs[0], vt_wait_gid(s->devs[0], s->family->own));
	vt_use_gid(s->devs[1], vt_wait_gid(s->devs[1], s->family->peer));
	vt_connect(conn, s->devs[0], s->devs[1], attr);
}

static void post_write(struct setup *s, struct vt_conn *conn)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 4,
		.sge = { vt_sge(&s->abuf, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->bbuf, 0),
		.rkey = s->bbuf.mr->rkey,
	};

	vt_post(&conn->a, &op);
}

/* These give up after 0.5 s, and after 8.6 s. */
static const struct vt_conn_attr hasty = { .timeout = 15, .retry_cnt = 3 };
static const struct vt_conn_attr patient = { .timeout = 18, .retry_cnt = 7 };

static void take_address(struct setup *s)
{
	own_address(s, "del");
	vt_wait_no_gid(s->devs[0], s->family->own);
}

static void give_address(struct setup *s)
{
	own_address(s, "add");
	vt_wait_gid(s->devs[0], s->family->own);
}

static void take_route(struct setup *s)
{
	ip("route add %s", s->family->astray);
}

static void give_route(struct setup *s)
{
	ip("route del %s", s->family->astray);
}

/* What is posted while `take` holds is not sent, and comes through after `give`. */
static void expect_pause(struct setup *s, struct vt_conn *conn, void (*take)(struct setup *),
			 void (*give)(struct setup *))
{
	int64_t before = vt_counter(s->devs[0], "send_err");

	take(s);
	post_write(s, conn);
	vt_expect_none(&conn->a, AWHILE);
	vt_verify_zero(s->bbuf.data, LEN, "what must not arrive");
	if (take == take_address)
		vt_check(vt_counter(s->devs[0], "send_err") > before);
	give(s);
	vt_expect_ok(&conn->a, 4, IBV_WC_RDMA_WRITE);
	vt_verify(s->bbuf.data, LEN, SEED, 0, "what was written at last");
	memset(s->bbuf.data, 0, LEN);
	use(s, conn);
	use(s, &s->old);
}

static void test_pauses(struct setup *s)
{
	struct vt_conn conn;

	connect_new(s, &conn, &patient);
	vt_case("%s: the address goes and comes", s->family->name);
	expect_pause(s, &conn, take_address, give_address);
	vt_case("%s: the route goes and comes", s->family->name);
	expect_pause(s, &conn, take_route, give_route);
	vt_disconnect(&conn);
}

static void test_end(struct setup *s)
{
	struct vt_conn conn;

	vt_case("%s: the address goes for good", s->family->name);
	connect_new(s, &conn, &hasty);
	use(s, &conn);
	take_address(s);
	post_write(s, &conn);
	vt_expect(&conn.a, 4, IBV_WC_RETRY_EXC_ERR);
	vt_expect_state(&conn.a, IBV_QPS_ERR);
	vt_verify_zero(s->bbuf.data, LEN, "what must not arrive");
	use(s, &s->old);
	vt_disconnect(&conn);
	vt_case("%s: the address is there again", s->family->name);
	give_address(s);
	connect_new(s, &conn, &hasty);
	use(s, &conn);
	vt_case("%s: the peer's address goes", s->family->name);
	peer_address(s, "del");
	vt_wait_no_gid(s->devs[1], s->family->peer);
	post_write(s, &conn);
	vt_expect(&conn.a, 4, IBV_WC_RETRY_EXC_ERR);
	use(s, &s->old);
	vt_disconnect(&conn);
	peer_address(s, "add");
}

static void send_datagram(struct setup *s, struct vt_end *a, struct vt_to to)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 5,
		.sge = { vt_sge(&s->abuf, 0, 100) },
		.num_sge = 1,
		.to = to,
	};

	vt_post(a, &op);
	vt_expect_ok(a, 5, IBV_WC_SEND);
}

/* An address handle outlives the address; its datagrams are lost meanwhile. */
static void test_datagrams(struct setup *s)
{
	struct ibv_sge room = vt_sge(&s->bbuf, 0, VT_GRH + 100);
	struct vt_end a, b;
	struct vt_to to;

	vt_case("%s: datagrams", s->family->name);
	vt_use_gid(s->devs[0], vt_wait_gid(s->devs[0], s->family->own));
	vt_use_gid(s->devs[1], vt_wait_gid(s->devs[1], s->family->peer));
	vt_ud_open(&a, s->devs[0], false);
	vt_ud_open(&b, s->devs[1], false);
	to = (struct vt_to){ .ah = vt_ah(&a, &s->devs[1]->gid, s->devs[0]->gid_index),
			     .qpn = b.qp->qp_num,
			     .qkey = VT_QKEY };
	vt_recv(&b, 6, &room, 1);
	send_datagram(s, &a, to);
	vt_expect_ok(&b, 6, IBV_WC_RECV);
	take_address(s);
	vt_recv(&b, 7, &room, 1);
	send_datagram(s, &a, to);
	vt_expect_none(&b, 50);
	give_address(s);
	send_datagram(s, &a, to);
	vt_expect_ok(&b, 7, IBV_WC_RECV);
	memset(s->bbuf.data, 0, LEN);
	vt_check(!ibv_destroy_ah(to.ah));
	vt_end_close(&a);
	vt_end_close(&b);
}

static void test_family(struct setup *s, const struct family *family)
{
	struct vt_conn conn;

	s->family = family;
	vt_case("%s: a new address", family->name);
	vt_check(vt_find_gid(s->devs[0], family->own) < 0);
	own_address(s, "add");
	peer_address(s, "add");
	use(s, &s->old);
	connect_new(s, &conn, NULL);
	use(s, &conn);
	vt_disconnect(&conn);
	test_pauses(s);
	test_end(s);
	test_datagrams(s);
	own_address(s, "del");
	peer_address(s, "del");
	vt_wait_no_gid(s->devs[0], family->own);
	vt_wait_no_gid(s->devs[1], family->peer);
	use(s, &s->old);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	size_t i;

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts();
	if (vt_is_rxe(s.devs[0]))
		vt_skip("is about what rodp does");
	vt_connect(&s.old, s.devs[0], s.devs[1], NULL);
	vt_buf_make(&s.abuf, s.devs[0], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.abuf.data, LEN, SEED, 0);
	for (i = 0; i < VT_ARRAY_SIZE(families); i++)
		test_family(&s, &families[i]);
	vt_disconnect(&s.old);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
