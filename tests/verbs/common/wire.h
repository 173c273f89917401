/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets as the network sees them, captured from a netdev (AF_PACKET). Needs root. As everything of vt, nothing
 * here returns an error.
 */
#ifndef VT_WIRE_H
#define VT_WIRE_H

#include "vt.h"
#include "wire/header.h"
#include "wire/opcode.h"

#define VT_WIRE_BYTES 8192

/* A RoCEv2 packet. Numbers are in host order. */
struct vt_packet {
	uint8_t bytes[VT_WIRE_BYTES]; /* from the IP header to the ICRC */
	size_t len;
	bool outgoing;
	int vlan; /* the tag's VLAN id, or -1 */
	int vlan_priority; /* the tag's PCP, or -1 */
	int version; /* of IP */
	uint8_t tos; /* or traffic class */
	uint32_t flow_label; /* IPv6 */
	uint8_t hops; /* TTL or hop limit */
	uint16_t sport, dport, udp_checksum;
	const struct rodp_bth *bth;
	const struct rodp_opcode_info *op;
	const uint8_t *payload;
	size_t payload_len; /* with pad, without ICRC */
	bool icrc_ok;
};

/* The calling thread goes to the network namespace of this name in ip-netns(8), with what it opens there. */
int vt_netns_enter(const char *netns);
/* And back; own: what vt_netns_enter() returned. */
void vt_netns_leave(int own);

/* Captures what comes and goes through the netdev from now on; a file descriptor, for close(). */
int vt_capture(const char *netdev);
/* The next RoCEv2 packet; false when none came within ms. */
bool vt_captured(int fd, struct vt_packet *packet, unsigned int ms);

/*
 * The ICRC of a packet. ip: its IP header, of this version; bth and end: the offsets of the BTH and of the
 * place of the ICRC.
 */
uint32_t vt_wire_icrc(const uint8_t *ip, int version, size_t bth, size_t end);

#endif
