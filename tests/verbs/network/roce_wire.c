// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What stands in the headers of packets, looked at on the netdev: P_Key, MigReq and the rest of the
 * BTH as hardware sets them; traffic class, flow label, hop limit and UDP source port as the path or
 * address handle says; the ICRC. Both directions, all transports, IPv4 and IPv6.
 */
#include <unistd.h>

#include "wire.h"

enum {
	LEN = 2999,
	SEED = 5,
	SOON = 2000 /* ms until a packet is captured */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf abuf, bbuf;
	int capture;
};

/* RoCEv2 (annex A17.3.1) leaves the port to the sender; this is what all Linux drivers do. */
static uint16_t sport_of(uint32_t label)
{
	return ((label & 0x3fff) ^ (label & 0xfc000) >> 14) | 0xc000;
}

static uint16_t sport_of_qps(uint32_t near, uint32_t far)
{
	uint64_t v = (uint64_t)near * far;

	v ^= v >> 20;
	v ^= v >> 40;
	return sport_of(v & 0xfffff);
}

static void next(struct setup *s, struct vt_packet *packet, bool outgoing, const char *what)
{
	do {
		if (!vt_captured(s->capture, packet, SOON))
			vt_fail("no %s packet was seen (%s)", outgoing ? "outgoing" : "incoming",
				what);
	} while (packet->outgoing != outgoing);
}

/* What no path changes. */
static void check_bth(const struct vt_packet *packet, uint32_t dqpn)
{
	const struct rodp_bth *bth = packet->bth;

	vt_check(packet->icrc_ok);
	vt_check(packet->dport == RODP_UDP_PORT);
	vt_check(packet->udp_checksum == 0);
	vt_check(packet->vlan <= 0);
	vt_check(bth->flags & RODP_BTH_MIGREQ);
	vt_check(!(bth->flags & RODP_BTH_TVER_MASK));
	vt_check(bth->pkey == htobe16(0xffff));
	vt_check(be32toh(bth->dqpn) == dqpn); /* neither FECN nor BECN nor reserved bits */
	vt_check(!(be32toh(bth->apsn) & 0x7f000000));
	vt_check(rodp_bth_pad(bth) == (-LEN & 3) || !rodp_bth_pad(bth));
}

static unsigned int default_hops = 64;

/* Bytes between the headers and the pad. */
static size_t payload_of(const struct vt_packet *packet)
{
	size_t bth = (const uint8_t *)packet->bth - packet->bytes;

	return packet->len - bth - packet->op->bytes - rodp_bth_pad(packet->bth) - RODP_ICRC_BYTES;
}

/*
 * The traffic class that was asked for. Without ECN bits, what carries data and is acknowledged says that
 * congestion may be marked in it (ECT(0)).
 */
static uint8_t class_of(const struct vt_packet *packet, const struct vt_route *route)
{
	bool is_rc = (packet->bth->opcode & RODP_TP_MASK) == RODP_TP_RC;

	if (!is_rc || !payload_of(packet) || (route->traffic_class & 3))
		return route->traffic_class;
	return route->traffic_class | 2;
}

static void check_route(const struct vt_packet *packet, const struct vt_route *route, int version)
{
	uint8_t class = class_of(packet, route);

	vt_check(packet->version == version);
	if (packet->tos != class)
		vt_fail("traffic class 0x%02x instead of 0x%02x", packet->tos, class);
	/* The RDMA core puts the host's default in the place of what was asked for. */
	if (packet->hops != default_hops)
		vt_fail("hop limit %u instead of %u", packet->hops, default_hops);
	if (version == 6 && packet->flow_label != route->flow_label)
		vt_fail("flow label 0x%05x instead of 0x%05x", packet->flow_label,
			route->flow_label);
	if (version == 4) {
		vt_check(packet->bytes[6] == 0x40); /* DF, no fragment */
		vt_check(!packet->bytes[7]);
	}
}

static void check_sport(const struct vt_packet *packet, uint16_t sport)
{
	if (packet->sport != sport)
		vt_fail("source port 0x%04x instead of 0x%04x", packet->sport, sport);
}

static void test_rc(struct setup *s, const struct vt_route *route, int version)
{
	static const enum ibv_wr_opcode ops[] = { IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ };
	struct vt_conn_attr attr = { .route = route };
	struct vt_packet packet;
	uint16_t sports[2];
	struct vt_conn conn;
	uint32_t a, b;
	size_t i;

	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	a = conn.a.qp->qp_num;
	b = conn.b.qp->qp_num;
	sports[0] = route->flow_label ? sport_of(route->flow_label) : sport_of_qps(a, b);
	sports[1] = route->flow_label ? sport_of(route->flow_label) : sport_of_qps(b, a);
	for (i = 0; i < VT_ARRAY_SIZE(ops); i++) {
		vt_rdma(&conn, ops[i], &s->abuf, 0, &s->bbuf, 0, LEN);
		next(s, &packet, true, "a request");
		check_bth(&packet, b);
		check_route(&packet, route, version);
		check_sport(&packet, sports[0]);
		vt_check(rodp_bth_psn(packet.bth) == ((conn.a.psn + i) & 0xffffff));
		next(s, &packet, false, "its answer");
		check_bth(&packet, a);
		check_route(&packet, route, version);
		check_sport(&packet, sports[1]);
		vt_check(packet.op->flags & RODP_OPF_RESPONSE);
	}
	vt_disconnect(&conn);
}

static void test_uc(struct setup *s, const struct vt_route *route, int version)
{
	struct vt_conn_attr attr = { .qp_type = IBV_QPT_UC, .route = route };
	struct vt_packet packet;
	struct vt_conn conn;

	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, LEN);
	next(s, &packet, true, "a UC request");
	check_bth(&packet, conn.b.qp->qp_num);
	check_route(&packet, route, version);
	vt_check((packet.bth->opcode & RODP_TP_MASK) == RODP_TP_UC);
	vt_check(!rodp_bth_ackreq(packet.bth));
	vt_disconnect(&conn);
}

static void send_datagram(struct setup *s, struct vt_end *a, struct vt_end *b, struct ibv_ah *ah)
{
	struct ibv_sge room = vt_sge(&s->bbuf, 0, LEN + VT_GRH);
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->abuf, 0, LEN) },
		.num_sge = 1,
		.to = { .ah = ah, .qpn = b->qp->qp_num, .qkey = VT_QKEY },
	};

	vt_recv(b, 2, &room, 1);
	vt_post(a, &op);
	vt_expect_ok(a, 1, IBV_WC_SEND);
	vt_expect_ok(b, 2, IBV_WC_RECV);
}

/* The GRH that the receiver gets shows the same traffic class, with its ECN bits. */
static void check_grh(const struct setup *s, const struct vt_route *route, int version)
{
	const uint8_t *grh = s->bbuf.data;
	uint8_t tos = version == 4 ? grh[VT_GRH - 20 + 1] : (uint8_t)(grh[0] << 4 | grh[1] >> 4);

	if (tos != route->traffic_class)
		vt_fail("the GRH says traffic class 0x%02x instead of 0x%02x", tos,
			route->traffic_class);
}

static void test_ud(struct setup *s, const struct vt_route *route, int version)
{
	const struct rodp_deth *deth;
	struct vt_packet packet;
	struct vt_end a, b;
	struct ibv_ah *ah;

	vt_ud_open(&a, s->devs[0], false);
	vt_ud_open(&b, s->devs[1], false);
	ah = vt_ah_by(&a, &s->devs[1]->gid, s->devs[0]->gid_index, route);
	send_datagram(s, &a, &b, ah);
	next(s, &packet, true, "a datagram");
	check_bth(&packet, b.qp->qp_num);
	check_route(&packet, route, version);
	vt_check(packet.sport >= 0xc000);
	if (route->flow_label)
		check_sport(&packet, sport_of(route->flow_label));
	deth = (const void *)(packet.bth + 1);
	vt_check(be32toh(deth->qkey) == VT_QKEY);
	vt_check(be32toh(deth->sqpn) == a.qp->qp_num);
	check_grh(s, route, version);
	vt_check(!ibv_destroy_ah(ah));
	vt_end_close(&a);
	vt_end_close(&b);
}

/* Connections without a flow label are spread over the paths of a network. */
static void test_entropy(struct setup *s)
{
	struct vt_conn conn[8];
	struct vt_packet packet;
	uint16_t sports[VT_ARRAY_SIZE(conn)];
	unsigned int distinct = 0;
	size_t i, j;

	for (i = 0; i < VT_ARRAY_SIZE(conn); i++) {
		vt_connect(&conn[i], s->devs[0], s->devs[1], NULL);
		vt_rdma(&conn[i], IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, 8);
		next(s, &packet, true, "a request");
		sports[i] = packet.sport;
		for (j = 0; j < i && sports[j] != sports[i]; j++)
			;
		distinct += j == i;
	}
	vt_note("%u source ports for %zu connections", distinct, VT_ARRAY_SIZE(conn));
	vt_check(distinct >= VT_ARRAY_SIZE(conn) / 2);
	for (i = 0; i < VT_ARRAY_SIZE(conn); i++)
		vt_disconnect(&conn[i]);
}

/* A congestion notification (annex A17.9.3). */
static void check_notification(const struct vt_packet *packet, uint32_t dqpn)
{
	const uint8_t *reserved = (const uint8_t *)(packet->bth + 1);
	int i;

	vt_check(packet->bth->opcode == (RODP_TP_CNP | RODP_OP_NOTIFY));
	vt_check(packet->icrc_ok);
	vt_check(be32toh(packet->bth->dqpn) == (RODP_BTH_BECN | dqpn));
	vt_check(rodp_bth_psn(packet->bth) == 0);
	vt_check(!(packet->tos & 3));
	vt_check(payload_of(packet) == RODP_CNP_BYTES);
	for (i = 0; i < RODP_CNP_BYTES; i++)
		vt_check(!reserved[i]);
}

/* Whoever receives a packet that a switch marked counts it, and tells its sender, which slows down. */
static void test_congestion_mark(struct setup *s)
{
	static const struct vt_route marked = { .traffic_class = 0x03 };
	struct vt_packet packet;
	int64_t before = vt_counter(s->devs[1], "np_ecn_marked_roce_packets"), after;
	struct vt_conn conn;

	vt_connect(&conn, s->devs[0], s->devs[1], &(struct vt_conn_attr){ .route = &marked });
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->abuf, 0, &s->bbuf, 0, 8);
	after = vt_counter(s->devs[1], "np_ecn_marked_roce_packets");
	if (before < 0 || after != before + 1)
		vt_fail("np_ecn_marked_roce_packets went from %lld to %lld", (long long)before,
			(long long)after);
	next(s, &packet, true, "a marked request");
	next(s, &packet, false, "a notification");
	check_notification(&packet, conn.a.qp->qp_num);
	next(s, &packet, false, "the answer, which is marked, too");
	next(s, &packet, true, "a notification");
	check_notification(&packet, conn.b.qp->qp_num);
	vt_disconnect(&conn);
}

static void set_default_hops(int version, unsigned int hops)
{
	char path[128] = "/proc/sys/net/ipv4/ip_default_ttl";
	FILE *file;

	if (version == 6)
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/hop_limit",
			 getenv("RDMA_NETDEV"));
	file = fopen(path, "w");
	if (!file || fprintf(file, "%u", hops) < 0 || fclose(file))
		vt_fail("%s: %m", path);
	default_hops = hops;
}

/* Connections made now have the host's present default; b's answers have that of b's host. */
static void test_hops(struct setup *s, int version)
{
	static const struct vt_route route;

	set_default_hops(version, 33);
	test_uc(s, &route, version);
	test_ud(s, &route, version);
	set_default_hops(version, 64);
}

static void test_family(struct setup *s, int version)
{
	static const struct vt_route routes[] = {
		{},
		{ .traffic_class = 26 << 2 },
		{ .traffic_class = 46 << 2 | 1, .flow_label = 0x12345 },
		{ .traffic_class = 2, .flow_label = 0xfffff },
		{ .traffic_class = 0xfd, .flow_label = 1 },
	};
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(routes); i++) {
		const struct vt_route *route = &routes[i];

		vt_case("IPv%d: class 0x%02x, label 0x%05x: RC", version, route->traffic_class,
			route->flow_label);
		test_rc(s, route, version);
		vt_case("IPv%d: route %zu: UC", version, i);
		test_uc(s, route, version);
		vt_case("IPv%d: route %zu: UD", version, i);
		test_ud(s, route, version);
	}
	vt_case("IPv%d: another hop limit", version);
	test_hops(s, version);
	vt_case("IPv%d: entropy of the source port", version);
	test_entropy(s);
	vt_case("IPv%d: congestion mark", version);
	test_congestion_mark(s);
}

int main(int argc, char **argv)
{
	const char *netdev = getenv("RDMA_NETDEV");
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts(); /* to look at what is between them */
	if (!netdev)
		vt_skip("RDMA_NETDEV is not set: the lab does, with --link");
	if (vt_is_rxe(s.devs[0]) || vt_is_rxe(s.devs[1]))
		vt_skip("is about rodp's packets");
	vt_buf_make(&s.abuf, s.devs[0], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], 2 * LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(s.abuf.data, LEN, SEED, 0);
	vt_set_icrc_always(true);
	s.capture = vt_capture(netdev);
	test_family(&s, 4);
	vt_use_gid(s.devs[0], vt_gid6(s.devs[0]));
	vt_use_gid(s.devs[1], vt_gid6(s.devs[1]));
	test_family(&s, 6);
	close(s.capture);
	vt_set_icrc_always(false);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
