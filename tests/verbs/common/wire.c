// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Packets as the network sees them, see wire.h. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"
#include "wire/icrc.h"

#define ETHER 14 /* bytes of an Ethernet header */
#define TAG   4 /* of a VLAN tag */
#define SPORT 0xc0de /* of forged packets */

/* Bit by bit: nothing here is fast, and nothing shares an error with the driver's. */
static u32 crc32_bits(u32 crc, const void *data, size_t len)
{
	const uint8_t *byte = data;
	int bit;

	while (len--) {
		crc ^= *byte++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* ip: the packet; bth and end: offsets of the BTH and of the ICRC. */
static uint32_t icrc_of(const uint8_t *ip, int version, size_t bth, size_t end)
{
	size_t body = bth + sizeof(struct rodp_bth);
	u32 crc = rodp_icrc_start(ip, version, crc32_bits);

	return rodp_icrc_finish(crc32_bits(crc, ip + body, end - body));
}

/* ---- capture ---- */

int vt_capture(const char *netdev)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), on = 1, room = 8 << 20;

	if (fd < 0)
		vt_fail("a packet socket: %m (it takes root)");
	at.sll_ifindex = if_nametoindex(netdev);
	if (!at.sll_ifindex)
		vt_fail("no netdev %s", netdev);
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		vt_fail("capturing on %s: %m", netdev);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	/* What came from other netdevs before bind(). */
	while (recv(fd, &on, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
	return fd;
}

static void set_tag(struct vt_packet *packet, uint16_t tci)
{
	packet->vlan = tci & 0xfff;
	packet->vlan_priority = tci >> 13;
}

/* The tag that the kernel keeps beside the packet. */
static void take_auxdata(struct vt_packet *packet, struct msghdr *msg)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_PACKET || cmsg->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(cmsg), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			set_tag(packet, aux.tp_vlan_tci);
	}
}

/* Strips the Ethernet header and a tag; false: no IP packet. */
static bool take_ether(struct vt_packet *packet)
{
	uint8_t *at = packet->bytes;
	size_t bytes = ETHER;

	if (packet->len < ETHER + TAG + sizeof(struct iphdr))
		return false;
	if (at[12] == 0x81 && at[13] == 0x00) {
		set_tag(packet, at[14] << 8 | at[15]);
		bytes += TAG;
	}
	if (!(at[bytes - 2] == 0x08 && at[bytes - 1] == 0x00) &&
	    !(at[bytes - 2] == 0x86 && at[bytes - 1] == 0xdd))
		return false;
	packet->len -= bytes;
	memmove(at, at + bytes, packet->len);
	return true;
}

/* Returns the bytes of the IP header, 0: no UDP packet without options. */
static size_t take_ip(struct vt_packet *packet)
{
	const uint8_t *ip = packet->bytes;

	packet->version = ip[0] >> 4;
	if (packet->version == 4) {
		packet->tos = ip[1];
		packet->hops = ip[8];
		packet->len = ip[2] << 8 | ip[3];
		return ip[0] == 0x45 && ip[9] == IPPROTO_UDP ? sizeof(struct iphdr) : 0;
	}
	packet->tos = ip[0] << 4 | ip[1] >> 4;
	packet->flow_label = (ip[1] & 0xf) << 16 | ip[2] << 8 | ip[3];
	packet->hops = ip[7];
	packet->len = sizeof(struct ip6_hdr) + (ip[4] << 8 | ip[5]);
	return ip[6] == IPPROTO_UDP ? sizeof(struct ip6_hdr) : 0;
}

static bool take_roce(struct vt_packet *packet)
{
	size_t ip = take_ip(packet), at = ip + sizeof(struct udphdr);
	struct udphdr udp;
	uint32_t icrc;

	if (!ip || packet->len > sizeof(packet->bytes) ||
	    packet->len < at + sizeof(struct rodp_bth) + RODP_ICRC_BYTES)
		return false;
	memcpy(&udp, packet->bytes + ip, sizeof(udp));
	packet->sport = ntohs(udp.source);
	packet->dport = ntohs(udp.dest);
	packet->udp_checksum = udp.check;
	if (packet->dport != RODP_UDP_PORT)
		return false;
	packet->bth = (const void *)(packet->bytes + at);
	packet->op = rodp_opcode_info(packet->bth->opcode);
	if (!packet->op->flags || packet->len < at + packet->op->bytes + RODP_ICRC_BYTES)
		vt_fail("a packet with opcode 0x%02x and %zu bytes", packet->bth->opcode,
			packet->len);
	packet->payload = packet->bytes + at + packet->op->bytes;
	packet->payload_len = packet->len - at - packet->op->bytes - RODP_ICRC_BYTES;
	icrc = icrc_of(packet->bytes, packet->version, at, packet->len - RODP_ICRC_BYTES);
	packet->icrc_ok = !memcmp(&icrc, packet->bytes + packet->len - RODP_ICRC_BYTES,
				  sizeof(icrc));
	return true;
}

/* One packet of whatever kind; false: it is not ours. */
static bool take(int fd, struct vt_packet *packet)
{
	uint8_t control[256];
	struct sockaddr_ll from;
	struct iovec iov = { packet->bytes, sizeof(packet->bytes) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	len = recvmsg(fd, &msg, 0);
	if (len < 0)
		vt_fail("capturing: %m");
	packet->len = len;
	packet->outgoing = from.sll_pkttype == PACKET_OUTGOING;
	packet->vlan = packet->vlan_priority = -1;
	take_auxdata(packet, &msg);
	return take_ether(packet) && take_roce(packet);
}

bool vt_captured(int fd, struct vt_packet *packet, unsigned int ms)
{
	uint64_t end_ns = vt_now_ns() + ms * 1000000ull, now;
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	while ((now = vt_now_ns()) < end_ns) {
		if (poll(&ready, 1, (end_ns - now) / 1000000 + 1) == 1 && take(fd, packet))
			return true;
	}
	return false;
}

/* ---- forgery ---- */

int vt_forge_open(void)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		vt_fail("a raw socket: %m (it takes root)");
	return fd;
}

static struct in_addr addr_of(const struct vt_device *dev)
{
	struct in_addr addr;

	memcpy(&addr, dev->gid.raw + 12, sizeof(addr));
	return addr;
}

/* Datagrams of one socket may not be cut up, and so the kernel numbers them 0. */
int vt_forge_open_udp(const struct vt_device *a)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = addr_of(a),
				  .sin_port = htons(SPORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), pmtu = IP_PMTUDISC_DO;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &pmtu, sizeof(pmtu)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		vt_fail("a UDP socket: %m");
	return fd;
}

static void put_bth(uint8_t *at, const struct vt_forged *forged)
{
	struct rodp_bth bth;
	uint16_t pkey = forged->pkey ? forged->pkey : RODP_DEFAULT_PKEY;

	rodp_bth_fill(&bth, forged->opcode, false, -forged->body_len & 3, pkey, forged->dqpn,
		      forged->ackreq, forged->psn);
	bth.flags |= forged->flags;
	memcpy(at, &bth, sizeof(bth));
}

static void put_ip(uint8_t *at, const struct vt_forged *forged, struct in_addr from,
		   struct in_addr to, size_t header, size_t len, bool raw)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = header / 4,
		.tos = forged->tos,
		.tot_len = htons(len),
		.id = raw ? htons(0x4791) : 0, /* raw: not 0, or the kernel makes one up */
		.frag_off = htons(IP_DF),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = from.s_addr,
		.daddr = to.s_addr,
	};

	memcpy(at, &ip, sizeof(ip));
	memset(at + sizeof(ip), IPOPT_NOP, header - sizeof(ip));
}

static bool is_raw(int fd)
{
	socklen_t len = sizeof(int);
	int type;

	vt_check(!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len));
	return type == SOCK_RAW;
}

void vt_forge(int fd, const struct vt_device *a, const struct vt_device *b,
	      const struct vt_forged *forged)
{
	struct in_addr from = forged->from ? *forged->from : addr_of(a);
	struct in_addr to = forged->to ? *forged->to : addr_of(b);
	size_t header = sizeof(struct iphdr) + (forged->options ? 4 : 0);
	size_t bth = header + sizeof(struct udphdr), body = bth + sizeof(struct rodp_bth);
	size_t end = body + forged->body_len + (-forged->body_len & 3);
	size_t len = end + RODP_ICRC_BYTES - forged->cut;
	struct udphdr udp = {
		.source = htons(SPORT),
		.dest = htons(RODP_UDP_PORT),
		.len = htons(len - header),
	};
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = to };
	uint8_t packet[VT_WIRE_BYTES] = {};
	bool raw = is_raw(fd);
	size_t skip = raw ? 0 : bth; /* what the kernel writes */
	uint32_t icrc;

	vt_check(end + RODP_ICRC_BYTES <= sizeof(packet));
	if (!raw)
		at.sin_port = htons(RODP_UDP_PORT);
	put_ip(packet, forged, from, to, header, len, raw);
	memcpy(packet + header, &udp, sizeof(udp));
	put_bth(packet + bth, forged);
	memcpy(packet + body, forged->body, forged->body_len);
	icrc = icrc_of(packet, 4, bth, end) ^ (forged->bad_icrc ? 1 : 0);
	memcpy(packet + end, &icrc, sizeof(icrc));
	if (sendto(fd, packet + skip, len - skip, 0, (struct sockaddr *)&at, sizeof(at)) !=
	    (ssize_t)(len - skip))
		vt_fail("sending a forged packet: %m");
}
