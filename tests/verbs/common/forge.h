/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Forged packets: whatever a peer could send, or should not, with a valid ICRC. Raw sockets need root. As
 * everything of vt, nothing here returns an error.
 */
#ifndef VT_FORGE_H
#define VT_FORGE_H

#include "wire.h"

/* What to forge. 0 stands for what a well-behaved peer sends, unless said. */
struct vt_forged {
	struct in_addr *from; /* default: the address of the first device's GID */
	struct in_addr *to; /* default: of the second one's */
	const union ibv_gid *from6,
		*to6; /* through an IPv6 socket: both, in place of the two above */
	uint16_t sport; /* of UDP; default: one of our own */
	uint8_t opcode;
	uint8_t flags; /* of the BTH, besides MigReq and the pad count */
	uint8_t pad_xor; /* what is wrong with the pad count: 0 to 3 */
	uint32_t pkey; /* VT_PKEY_NONE: 0; default 0xffff */
	uint32_t dqpn;
	uint32_t psn;
	bool ackreq;
	const void *body; /* behind the BTH: extended headers and payload */
	size_t body_len; /* padded by us to a multiple of 4 */
	size_t cut; /* bytes to leave out at the end, the ICRC among them */
	bool bad_icrc;
	bool options; /* of IPv4: 4 bytes of NOPs */
	uint8_t tos; /* of IPv4 */
};

#define VT_PKEY_NONE 0x10000

/* Extended headers: each opcode takes those that it has. */
struct vt_headers {
	struct rodp_deth deth;
	struct rodp_xrceth xrceth;
	struct rodp_feth feth;
	struct rodp_reth reth;
	struct rodp_atomiceth atomiceth;
	struct rodp_aeth aeth;
	struct rodp_atomicacketh atomicacketh;
	struct rodp_immdt immdt;
	struct rodp_ieth ieth;
};

/*
 * The body of a packet: the extended headers of the opcode (one that does not exist has none), and len bytes of
 * payload. Returns its length, bytes: at most VT_HEADERS_BYTES more than len.
 */
size_t vt_forge_body(uint8_t *body, uint8_t opcode, const struct vt_headers *headers,
		     const void *payload, size_t len);
#define VT_HEADERS_BYTES 64

/*
 * A socket to forge with, for close(): a raw one, or a plain UDP socket, which needs no privilege. With the
 * latter the kernel writes the addresses, and `from`, `options`, `sport` and `tos` are not for the caller to choose.
 */
int vt_forge_open(void);
int vt_forge_open_udp(const struct vt_device *a);
/* A raw one, AF_INET or AF_INET6, in a network namespace by its name in ip-netns(8); NULL or "": our own. */
int vt_forge_open_in(const char *netns, int family);
/* Sends one from a to b. */
void vt_forge(int fd, const struct vt_device *a, const struct vt_device *b,
	      const struct vt_forged *forged);

#endif
