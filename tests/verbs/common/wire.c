// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Packets as the network sees them, see wire.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"
#include "wire/icrc.h"

#define ETHER 14 /* bytes of an Ethernet header */
#define TAG   4 /* of a VLAN tag */

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

uint32_t vt_wire_icrc(const uint8_t *ip, int version, size_t bth, size_t end)
{
	size_t body = bth + sizeof(struct rodp_bth);
	u32 crc = rodp_icrc_start(ip, version, crc32_bits);

	return rodp_icrc_finish(crc32_bits(crc, ip + body, end - body));
}

static int open_netns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		vt_fail("the network namespace %s: %m", path);
	return fd;
}

int vt_netns_enter(const char *netns)
{
	int own = open_netns("/proc/thread-self/ns/net"), other;
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	other = open_netns(path);
	vt_check(!setns(other, CLONE_NEWNET));
	close(other);
	return own;
}

void vt_netns_leave(int own)
{
	vt_check(!setns(own, CLONE_NEWNET));
	close(own);
}

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
	icrc = vt_wire_icrc(packet->bytes, packet->version, at, packet->len - RODP_ICRC_BYTES);
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
