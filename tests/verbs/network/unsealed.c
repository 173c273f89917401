// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Between two hosts that are network namespaces of one kernel packets have no ICRC, once a QP has heard of its peer: its place
 * is zero, as the far netdev shows. They have one, and it is right: while somebody captures where they leave; with icrc_always; by a netdev that
 * makes no checksums; through a queueing discipline; and always those of UC, whose sender would not notice that they are dropped.
 */
#include <unistd.h>

#include "wire.h"

enum {
	LEN = 10000,
	SEED = 6,
	SOON = 2000, /* ms until a packet is captured */
	QUIET = 100, /* ms after which no more come */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf a, b;
	const char *netdev, *peer_netdev, *peer_netns;
};

static bool has_icrc(const struct vt_packet *packet)
{
	static const uint8_t none[RODP_ICRC_BYTES];

	if (!memcmp(packet->bytes + packet->len - RODP_ICRC_BYTES, none, sizeof(none)))
		return false;
	vt_check(packet->icrc_ok);
	return true;
}

/* Where requests come in or, `here`, where they leave. */
static int capture_requests(const struct setup *s, bool here)
{
	int own = here ? -1 : vt_netns_enter(s->peer_netns);
	int capture = vt_capture(here ? s->netdev : s->peer_netdev);

	if (own >= 0)
		vt_netns_leave(own);
	return capture;
}

static void write_over(struct setup *s, struct vt_conn *conn, uint64_t seed)
{
	vt_fill(s->a.data, LEN, seed, 0);
	vt_rdma(conn, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, LEN);
}

/* Requests of a QP that has heard of its peer: with or without. */
static void test_requests(struct setup *s, enum ibv_qp_type type, bool here, bool sealed)
{
	struct vt_conn_attr attr = { .qp_type = type };
	struct vt_packet packet;
	struct vt_conn conn;
	size_t seen = 0;
	int capture;

	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	write_over(s, &conn, SEED);
	capture = capture_requests(s, here);
	write_over(s, &conn, SEED + 1);
	while (vt_captured(capture, &packet, seen ? QUIET : SOON)) {
		if (packet.outgoing != here)
			continue;
		seen++;
		if (has_icrc(&packet) != sealed)
			vt_fail("a request has %s ICRC", sealed ? "no" : "an");
	}
	if (!seen)
		vt_fail("no request was seen");
	if (type == IBV_QPT_RC)
		vt_verify(s->b.data, LEN, SEED + 1, 0, "written");
	vt_disconnect(&conn);
	close(capture);
}

/* Nobody knows yet whether a wire is on the way. */
static void test_first(struct setup *s)
{
	struct vt_packet packet;
	struct vt_conn conn;
	int capture;

	vt_connect(&conn, s->devs[0], s->devs[1], NULL);
	capture = capture_requests(s, false);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, 8);
	do {
		if (!vt_captured(capture, &packet, SOON))
			vt_fail("no request was seen");
	} while (packet.outgoing);
	vt_check(has_icrc(&packet));
	vt_disconnect(&conn);
	close(capture);
}

static void test_all(struct setup *s)
{
	const char *name = s->netdev;

	vt_case("the first one");
	test_first(s);
	vt_case("nobody looks");
	test_requests(s, IBV_QPT_RC, false, false);
	vt_case("captured where they leave");
	test_requests(s, IBV_QPT_RC, true, true);
	vt_case("UC");
	test_requests(s, IBV_QPT_UC, false, true);
	vt_case("icrc_always");
	vt_set_icrc_always(true);
	test_requests(s, IBV_QPT_RC, false, true);
	vt_set_icrc_always(false);
	vt_case("a netdev that makes no checksums");
	vt_run("ethtool -K %s tx off >/dev/null", name);
	test_requests(s, IBV_QPT_RC, false, true);
	vt_run("ethtool -K %s tx on >/dev/null", name);
	vt_case("a queueing discipline");
	vt_run("tc qdisc add dev %s root pfifo", name);
	test_requests(s, IBV_QPT_RC, false, true);
	vt_run("tc qdisc del dev %s root", name);
	vt_case("nobody looks any more");
	test_requests(s, IBV_QPT_RC, false, false);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts();
	if (vt_is_rxe(s.devs[0]) || vt_is_rxe(s.devs[1]))
		vt_skip("is about rodp's packets");
	s.netdev = vt_need_env("RDMA_NETDEV");
	s.peer_netdev = vt_need_env("RDMA_PEER_NETDEV");
	s.peer_netns = vt_need_env("RDMA_PEER_NETNS");
	vt_buf_make(&s.a, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_set_segments(false); /* so that each can be looked at */
	test_all(&s);
	vt_set_segments(true);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.devs[0], s.devs[1]);
}
