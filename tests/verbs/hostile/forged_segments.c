// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packets that a process has the kernel cut from one buffer (UDP_SEGMENT), from a peer's exact addresses. Cut
 * where they are meant to be, each is a packet, whose IPv4 identification counts up, and is executed. Cut anywhere
 * else they are none: nothing is written, the connection does not notice, and each piece that reaches the device
 * is counted.
 */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forge.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
	PACKETS = 8,
	LEN = 512, /* of each WRITE */
	PACKET = sizeof(struct rodp_bth) + sizeof(struct rodp_reth) + LEN + RODP_ICRC_BYTES,
	SPORT = 0xc0de,
	SEED = 4,
	MOST = 64, /* pieces of one buffer that every kernel allows */
};

struct setup {
	struct vt_device *devs[2];
	struct vt_buf a, b;
	struct vt_conn conn;
	int fd;
};

/* A packet as the stack will send it, from the IP header on. */
struct packet {
	struct iphdr ip;
	struct udphdr udp;
	struct rodp_bth bth;
	struct rodp_reth reth;
	uint8_t payload[LEN];
	uint32_t icrc;
} __attribute__((packed));

static in_addr_t addr_of(const struct vt_device *dev)
{
	in_addr_t addr;

	memcpy(&addr, dev->gid.raw + 12, sizeof(addr));
	return addr;
}

static uint64_t place(size_t i)
{
	return i * LEN;
}

/* WRITE number i of the buffer. */
static void make(struct setup *s, struct packet *packet, size_t i)
{
	*packet = (struct packet){
		.ip = { .version = 4,
			.ihl = 5,
			.tot_len = htons(sizeof(*packet)),
			.id = htons(i),
			.frag_off = htons(IP_DF),
			.protocol = IPPROTO_UDP,
			.saddr = addr_of(s->devs[0]),
			.daddr = addr_of(s->devs[1]) },
		.udp = { .source = htons(SPORT),
			 .dest = htons(RODP_UDP_PORT),
			 .len = htons(sizeof(packet->udp) + PACKET) },
		.reth = { .va = htobe64(vt_addr(&s->b, place(i))),
			  .rkey = htobe32(s->b.mr->rkey),
			  .length = htobe32(LEN) },
	};
	rodp_bth_fill(&packet->bth, RODP_TP_RC | RODP_OP_WRITE_ONLY, false, 0, RODP_DEFAULT_PKEY,
		      s->conn.b.qp->qp_num, false, s->conn.a.psn + i);
	vt_fill(packet->payload, LEN, SEED, place(i));
	packet->icrc = vt_wire_icrc((const uint8_t *)packet, 4, offsetof(struct packet, bth),
				    offsetof(struct packet, icrc));
}

/* All of them, as one buffer that is cut every `size` bytes. */
static void send_cut(struct setup *s, int size)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = addr_of(s->devs[1]),
				  .sin_port = htons(RODP_UDP_PORT) };
	uint8_t buffer[PACKETS * PACKET];
	ssize_t len = sizeof(buffer);
	struct packet packet;
	size_t i;

	for (i = 0; i < PACKETS; i++) {
		make(s, &packet, i);
		memcpy(buffer + i * PACKET, &packet.bth, PACKET);
	}
	if (len > size * MOST)
		len = size * MOST;
	if (setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)))
		vt_fail("UDP_SEGMENT of %d: %m", size);
	if (sendto(s->fd, buffer, len, 0, (struct sockaddr *)&to, sizeof(to)) != len)
		vt_fail("a buffer cut every %d bytes: %m", size);
}

static int64_t dropped(const struct vt_device *dev)
{
	static const char *const names[] = { "rcvd_header_err", "rcvd_opcode_err", "rcvd_icrc_err",
					     "rcvd_length_err" };
	int64_t values[VT_ARRAY_SIZE(names)], sum = 0;
	size_t i;

	vt_counters(dev, names, VT_ARRAY_SIZE(names), values);
	for (i = 0; i < VT_ARRAY_SIZE(names); i++)
		sum += values[i] > 0 ? values[i] : 0;
	return sum;
}

/* The expected PSN is behind what was forged: begin anew. */
static void test_right(struct setup *s)
{
	uint64_t end = vt_now_ns() + 5000000000ull;

	vt_case("cut where they are meant to be");
	memset(s->b.data, 0, s->b.len);
	send_cut(s, PACKET);
	while (s->b.data[PACKETS * LEN - 1] != vt_pattern(SEED, PACKETS * LEN - 1) &&
	       vt_now_ns() < end)
		usleep(1000);
	vt_verify(s->b.data, PACKETS * LEN, SEED, 0, "written by pieces");
	vt_reconnect(&s->conn, true);
}

static void test_wrong(struct setup *s, int size)
{
	int64_t before = dropped(s->devs[1]);

	vt_case("cut every %d bytes", size);
	memset(s->b.data, 0, s->b.len);
	send_cut(s, size);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &s->b, 0, PACKETS * LEN);
	vt_verify_zero(s->b.data, s->b.len, "where the pieces would go");
	vt_verify_zero(s->a.data, PACKETS * LEN, "what was read");
	if (dropped(s->devs[1]) <= before)
		vt_fail("not one piece was counted");
	/* One PSN is used up: what is forged next must be what comes next. */
	vt_reconnect(&s->conn, true);
}

int main(int argc, char **argv)
{
	static const int sizes[] = { 1,		 3,	     12,	 15,	     16,
				     17,	 31,	     32,	 33,	     PACKET / 2,
				     PACKET - 4, PACKET - 1, PACKET + 1, PACKET + 4, 1400 };
	struct setup s = {};
	size_t i;

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts(); /* on one host, what a process sends is not from a peer */
	vt_buf_make(&s.a, s.devs[0], 8192, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.devs[1], 8192, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.devs[0], s.devs[1], NULL);
	s.fd = vt_forge_open_udp(s.devs[0]);
	test_right(&s);
	for (i = 0; i < VT_ARRAY_SIZE(sizes); i++)
		test_wrong(&s, sizes[i]);
	close(s.fd);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.devs[0], s.devs[1]);
}
