// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packets that leave together are, once the stack has taken them apart, what they would have been
 * alone: the same messages are sent with segments=0 and with segments=1, what came in at the other
 * host is captured, and compared byte for byte. Different may be: the PSN and the MSN, which count on;
 * the IPv4 identification, which is 0 or the one before plus 1; and the ICRC and the IPv4 header checksum,
 * which must be right. That they did leave together is seen before they are taken apart: as one frame.
 */
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"
#include "wire/psn.h"

enum {
	MAX_LEN = 65536,
	MAX_PACKETS = 300, /* of one message, and some */
	SMALL = 40, /* messages in one doorbell */
	SMALL_LEN = 100,
	SEED = 9,
	SOON = 2000, /* ms until a packet is captured */
	QUIET = 100, /* ms after which no more come */
};

/*
 * Whose packets are looked at, and where they come in. Who captures on the netdev that packets leave by
 * has them leave alone, so only one of the two is captured at a time.
 */
struct side {
	const char *from_netns, *from_netdev;
	const char *to_netns, *to_netdev;
	int capture;
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf abuf, bbuf;
	struct side requests, answers;
	struct vt_conn conn;
	unsigned int mtu;
};

struct record {
	struct vt_packet packet[MAX_PACKETS];
	size_t count;
};

/* ---- capturing ---- */

static void find_sides(struct setup *s)
{
	const char *here = vt_need_env("RDMA_NETDEV"), *there = vt_need_env("RDMA_PEER_NETDEV");
	const char *netns = vt_need_env("RDMA_NETNS"), *peer = vt_need_env("RDMA_PEER_NETNS");

	s->requests = (struct side){ netns, here, peer, there, -1 };
	s->answers = (struct side){ peer, there, netns, here, -1 };
}

static void capture_begin(struct side *side)
{
	int own = vt_netns_enter(side->to_netns);

	side->capture = vt_capture(side->to_netdev);
	vt_netns_leave(own);
}

static void capture_end(struct side *side)
{
	close(side->capture);
}

/* The stack takes segments apart where they leave, or at the socket that they are for. */
static void set_apart(const struct side *side, bool apart)
{
	vt_run("ip -n %s link set dev %s gso_max_segs %d", side->from_netns, side->from_netdev,
	       apart ? 1 : 65535);
}

/* On a machine that is busy the sender may ask whether its peer is there (a loss probe). */
static bool is_again(const struct record *record, const struct vt_packet *packet)
{
	const struct vt_packet *last = packet - 1;

	return record->count &&
	       rodp_psn_cmp(rodp_bth_psn(packet->bth), rodp_bth_psn(last->bth)) <= 0;
}

/* What came in since: all of it, until nothing comes, and each once. */
static void capture_all(const struct side *side, struct record *record)
{
	struct vt_packet *next = record->packet;

	record->count = 0;
	while (vt_captured(side->capture, next, record->count ? QUIET : SOON)) {
		if (next->outgoing || is_again(record, next))
			continue;
		if (++record->count == MAX_PACKETS)
			vt_fail("more than %d packets: some were sent again", MAX_PACKETS);
		next++;
	}
}

/* The longest frame that came in, bytes. */
static ssize_t capture_longest(const struct side *side)
{
	struct pollfd ready = { .fd = side->capture, .events = POLLIN };
	struct sockaddr_ll from;
	ssize_t longest = 0, len;
	socklen_t room;
	char byte;

	while (poll(&ready, 1, longest ? QUIET : SOON) == 1) {
		room = sizeof(from);
		len = recvfrom(side->capture, &byte, 1, MSG_TRUNC, (struct sockaddr *)&from, &room);
		if (from.sll_pkttype != PACKET_OUTGOING && len > longest)
			longest = len;
	}
	return longest;
}

/* ---- comparing ---- */

/* Of an IPv4 header: the sum of its 16-bit words, in ones' complement, is all ones. */
static bool ipv4_sum_ok(const uint8_t *ip)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16) == 0xffff;
}

static uint16_t ipv4_id(const struct vt_packet *packet)
{
	return packet->bytes[4] << 8 | packet->bytes[5];
}

/* Takes out what may differ. */
static void level(struct vt_packet *packet)
{
	size_t bth = (const uint8_t *)packet->bth - packet->bytes;

	if (packet->version == 4) {
		memset(packet->bytes + 4, 0, 2);
		memset(packet->bytes + 10, 0, 2);
	}
	memset(packet->bytes + bth + 9, 0, 3);
	if (packet->op->aeth)
		memset(packet->bytes + bth + packet->op->aeth + 1, 0, 3);
	memset(packet->bytes + packet->len - RODP_ICRC_BYTES, 0, RODP_ICRC_BYTES);
}

/* first: the PSN of the first packet. */
static void check_packet(const struct record *record, size_t i, uint32_t first)
{
	const struct vt_packet *packet = &record->packet[i];
	uint32_t psn = rodp_bth_psn(packet->bth);

	vt_check(packet->icrc_ok);
	vt_check(packet->udp_checksum == 0);
	if (psn != ((first + i) & 0xffffff))
		vt_fail("packet %zu of %zu has PSN %u behind a first of %u", i, record->count, psn,
			first);
	vt_check(packet->version == 6 || ipv4_sum_ok(packet->bytes));
}

/* How many times packets left together, by their numbers; 0: they have none. */
static size_t count_lists(const struct record *record)
{
	size_t lists = 0, i;

	if (record->packet[0].version == 6)
		return 0;
	for (i = 0; i < record->count; i++) {
		uint16_t id = ipv4_id(&record->packet[i]);

		if (id && (!i || id != ipv4_id(&record->packet[i - 1]) + 1))
			vt_fail("packet %zu has the identification %u", i, id);
		lists += !id;
	}
	return lists;
}

static void compare(struct record *alone, struct record *together)
{
	const uint32_t alone_psn = rodp_bth_psn(alone->packet[0].bth);
	const uint32_t together_psn = rodp_bth_psn(together->packet[0].bth);
	size_t i, lists = count_lists(together), n = alone->count;

	if (together->count != n)
		vt_fail("%zu packets alone, %zu together", n, together->count);
	if (count_lists(alone) && count_lists(alone) != n)
		vt_fail("with segments=0, %zu of %zu packets left alone", count_lists(alone), n);
	if (lists > n / 8 + 2)
		vt_fail("%zu packets left in %zu parts", n, lists);
	for (i = 0; i < n; i++) {
		struct vt_packet *a = &alone->packet[i], *b = &together->packet[i];

		check_packet(alone, i, alone_psn);
		check_packet(together, i, together_psn);
		level(a);
		level(b);
		if (a->len != b->len || memcmp(a->bytes, b->bytes, a->len))
			vt_fail("packet %zu of %zu differs", i, n);
	}
}

/* ---- messages ---- */

static void do_write(struct setup *s, uint32_t len, uint32_t imm)
{
	struct vt_op op = {
		.opcode = imm ? IBV_WR_RDMA_WRITE_WITH_IMM : IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->abuf, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->bbuf, 0),
		.rkey = s->bbuf.mr->rkey,
		.imm = imm,
	};

	vt_fill(s->abuf.data, len, SEED, len);
	memset(s->bbuf.data, 0, len);
	if (imm)
		vt_recv(&s->conn.b, 2, NULL, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	if (imm)
		vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV_RDMA_WITH_IMM);
	vt_verify(s->bbuf.data, len, SEED, len, "written");
}

static void write_plain(struct setup *s, uint32_t len)
{
	do_write(s, len, 0);
}

static void write_imm(struct setup *s, uint32_t len)
{
	do_write(s, len, 0x12345678);
}

static void read_plain(struct setup *s, uint32_t len)
{
	vt_fill(s->bbuf.data, len, SEED, len);
	memset(s->abuf.data, 0, len);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->abuf, 0, &s->bbuf, 0, len);
	vt_verify(s->abuf.data, len, SEED, len, "read");
}

/* Short messages, posted at once. */
static void write_small(struct setup *s, uint32_t len)
{
	struct ibv_send_wr wr[SMALL] = {}, *bad;
	struct ibv_sge sge[SMALL];
	int i;

	vt_fill(s->abuf.data, SMALL * len, SEED, 0);
	memset(s->bbuf.data, 0, SMALL * len);
	for (i = 0; i < SMALL; i++) {
		sge[i] = vt_sge(&s->abuf, i * len, len);
		wr[i].wr_id = i;
		wr[i].opcode = IBV_WR_RDMA_WRITE;
		wr[i].sg_list = &sge[i];
		wr[i].num_sge = 1;
		wr[i].send_flags = i == SMALL - 1 ? IBV_SEND_SIGNALED : 0;
		wr[i].wr.rdma.remote_addr = vt_addr(&s->bbuf, i * len);
		wr[i].wr.rdma.rkey = s->bbuf.mr->rkey;
		wr[i].next = i == SMALL - 1 ? NULL : &wr[i + 1];
	}
	vt_check(!ibv_post_send(s->conn.a.qp, wr, &bad));
	vt_expect_ok(&s->conn.a, SMALL - 1, IBV_WC_RDMA_WRITE);
	vt_verify(s->bbuf.data, SMALL * len, SEED, 0, "written");
}

/* ---- cases ---- */

static struct record alone, together;

static void test_same(struct setup *s, struct side *side,
		      void (*transfer)(struct setup *s, uint32_t len), uint32_t len)
{
	capture_begin(side);
	vt_set_segments(false);
	transfer(s, len);
	capture_all(side, &alone);
	vt_set_segments(true);
	transfer(s, len); /* its first packet leaves alone still */
	capture_all(side, &together);
	transfer(s, len);
	capture_all(side, &together);
	capture_end(side);
	compare(&alone, &together);
}

static void test_lengths(struct setup *s)
{
	static const uint32_t lens[] = { 1, 4095, 8193, 10007, 61441, 65533, MAX_LEN };
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(lens); i++) {
		uint32_t len = lens[i];

		vt_case("IPv%d, path MTU %u, %u bytes", s->conn.a.dev->gid.raw[0] ? 6 : 4, s->mtu,
			len);
		test_same(s, &s->requests, write_plain, len);
		test_same(s, &s->requests, write_imm, len);
		test_same(s, &s->answers, read_plain, len);
	}
	vt_case("path MTU %u, %d messages of %d bytes", s->mtu, SMALL, SMALL_LEN);
	test_same(s, &s->requests, write_small, SMALL_LEN);
}

/* Nobody takes them apart on the way: one frame is longer than any packet. */
static void test_whole(struct setup *s, struct side *side,
		       void (*transfer)(struct setup *s, uint32_t len))
{
	ssize_t longest;

	set_apart(side, false);
	capture_begin(side);
	transfer(s, MAX_LEN);
	longest = capture_longest(side);
	capture_end(side);
	set_apart(side, true);
	if (longest < 16000)
		vt_fail("the longest frame has %zd bytes", longest);
}

static void test_family(struct setup *s, const unsigned int *mtus, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		s->mtu = mtus[i];
		vt_connect(&s->conn, s->devs[0], s->devs[1],
			   &(struct vt_conn_attr){ .mtu = s->mtu });
		test_lengths(s);
		vt_case("path MTU %u: requests are one frame", s->mtu);
		test_whole(s, &s->requests, write_plain);
		vt_case("path MTU %u: an answer is one frame", s->mtu);
		test_whole(s, &s->answers, read_plain);
		vt_disconnect(&s->conn);
	}
}

int main(int argc, char **argv)
{
	static const unsigned int mtus[] = { 1024, 256, 4096 };
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts();
	if (vt_is_rxe(s.devs[0]) || vt_is_rxe(s.devs[1]))
		vt_skip("is about rodp's packets");
	vt_buf_make(&s.abuf, s.devs[0], MAX_LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], MAX_LEN, VT_PINNED, VT_ACCESS_ALL);
	find_sides(&s);
	set_apart(&s.requests, true);
	set_apart(&s.answers, true);
	vt_set_icrc_always(true);
	test_family(&s, mtus, VT_ARRAY_SIZE(mtus));
	vt_use_gid(s.devs[0], vt_gid6(s.devs[0]));
	vt_use_gid(s.devs[1], vt_gid6(s.devs[1]));
	test_family(&s, mtus, 1); /* what differs is the header in front */
	vt_set_icrc_always(false);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
