/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets as the network sees them: captured from a netdev (AF_PACKET), and forged (raw IPv4). Both
 * need root. As everything of vt, nothing here returns an error.
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

/* Captures what comes and goes through the netdev from now on; a file descriptor, for close(). */
int vt_capture(const char *netdev);
/* The next RoCEv2 packet; false when none came within ms. */
bool vt_captured(int fd, struct vt_packet *packet, unsigned int ms);

/* What to forge. 0 stands for what a well-behaved peer sends, unless said. */
struct vt_forged {
	struct in_addr *from; /* default: the address of --dev's GID */
	struct in_addr *to; /* default: of --peer-dev's */
	uint8_t opcode;
	uint8_t flags; /* of the BTH, besides MigReq and the pad count */
	uint32_t pkey; /* VT_PKEY_NONE: 0; default 0xffff */
	uint32_t dqpn;
	uint32_t psn;
	bool ackreq;
	const void *body; /* behind the BTH: extended headers and payload */
	size_t body_len; /* padded by us to a multiple of 4 */
	size_t cut; /* bytes to leave out at the end, the ICRC among them */
	bool bad_icrc;
	bool options; /* of IP: 4 bytes of NOPs */
	uint8_t tos;
};

#define VT_PKEY_NONE 0x10000

/*
 * A socket to forge with, for close(): a raw one, or a plain UDP socket, which needs no privilege. With the
 * latter the kernel writes the addresses, and `from`, `options` and `tos` are not for the caller to choose.
 */
int vt_forge_open(void);
int vt_forge_open_udp(const struct vt_device *a);
/* Sends one from a to b. */
void vt_forge(int fd, const struct vt_device *a, const struct vt_device *b,
	      const struct vt_forged *forged);

#endif
