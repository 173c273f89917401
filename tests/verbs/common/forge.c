// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Forged packets, see forge.h. */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forge.h"

#define SPORT 0xc0de

/* A packet while it is made: where its headers are, and where it ends. */
struct draft {
	uint8_t bytes[VT_WIRE_BYTES];
	int version; /* of IP */
	size_t header; /* bytes of the IP header */
	size_t bth, body, end; /* offsets; end: of the ICRC */
	size_t len; /* that is sent */
};

static int open_raw(int family)
{
	int fd = socket(family, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		vt_fail("a raw socket: %m (it takes root)");
	return fd;
}

int vt_forge_open(void)
{
	return open_raw(AF_INET);
}

int vt_forge_open_in(const char *netns, int family)
{
	int own, fd;

	if (!netns || !*netns)
		return open_raw(family);
	own = vt_netns_enter(netns);
	fd = open_raw(family);
	vt_netns_leave(own);
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

/* A header that lies at this offset of a packet, counted from the BTH; 0: it has none. */
static void put_header(uint8_t *body, uint8_t at, const void *header, size_t bytes)
{
	if (at)
		memcpy(body + at - sizeof(struct rodp_bth), header, bytes);
}

size_t vt_forge_body(uint8_t *body, uint8_t opcode, const struct vt_headers *headers,
		     const void *payload, size_t len)
{
	const struct rodp_opcode_info *op = rodp_opcode_info(opcode);
	size_t bytes = op->flags ? op->bytes - sizeof(struct rodp_bth) : 0;

	vt_check(bytes <= VT_HEADERS_BYTES);
	put_header(body, op->deth, &headers->deth, sizeof(headers->deth));
	put_header(body, op->xrceth, &headers->xrceth, sizeof(headers->xrceth));
	put_header(body, op->feth, &headers->feth, sizeof(headers->feth));
	put_header(body, op->reth, &headers->reth, sizeof(headers->reth));
	put_header(body, op->atomiceth, &headers->atomiceth, sizeof(headers->atomiceth));
	put_header(body, op->aeth, &headers->aeth, sizeof(headers->aeth));
	put_header(body, op->atomicacketh, &headers->atomicacketh, sizeof(headers->atomicacketh));
	put_header(body, op->immdt, &headers->immdt, sizeof(headers->immdt));
	put_header(body, op->ieth, &headers->ieth, sizeof(headers->ieth));
	memcpy(body + bytes, payload, len);
	return bytes + len;
}

static int option_of(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	vt_check(!getsockopt(fd, SOL_SOCKET, option, &value, &len));
	return value;
}

static void put_bth(struct draft *draft, const struct vt_forged *forged)
{
	uint16_t pkey = forged->pkey ? forged->pkey : RODP_DEFAULT_PKEY;
	uint8_t pad = (-forged->body_len & 3) ^ (forged->pad_xor & 3);
	struct rodp_bth bth;

	rodp_bth_fill(&bth, forged->opcode, false, pad, pkey, forged->dqpn, forged->ackreq,
		      forged->psn);
	bth.flags |= forged->flags;
	memcpy(draft->bytes + draft->bth, &bth, sizeof(bth));
}

static void put_udp(struct draft *draft, const struct vt_forged *forged)
{
	struct udphdr udp = {
		.source = htons(forged->sport ? forged->sport : SPORT),
		.dest = htons(RODP_UDP_PORT),
		.len = htons(draft->len - draft->header),
	};

	memcpy(draft->bytes + draft->header, &udp, sizeof(udp));
}

static void put_ipv4(struct draft *draft, const struct vt_forged *forged, struct in_addr from,
		     struct in_addr to, bool raw)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = draft->header / 4,
		.tos = forged->tos,
		.tot_len = htons(draft->len),
		.id = raw ? htons(0x4791) : 0, /* raw: not 0, or the kernel makes one up */
		.frag_off = htons(IP_DF),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = from.s_addr,
		.daddr = to.s_addr,
	};

	memcpy(draft->bytes, &ip, sizeof(ip));
	memset(draft->bytes + sizeof(ip), IPOPT_NOP, draft->header - sizeof(ip));
}

static void put_ipv6(struct draft *draft, const struct vt_forged *forged)
{
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6u << 28),
		.ip6_plen = htons(draft->len - draft->header),
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = 64,
	};

	memcpy(&ip.ip6_src, forged->from6->raw, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, forged->to6->raw, sizeof(ip.ip6_dst));
	memcpy(draft->bytes, &ip, sizeof(ip));
}

/* Where everything is. */
static void lay_out(struct draft *draft, int version, const struct vt_forged *forged)
{
	draft->version = version;
	if (version == 4)
		draft->header = sizeof(struct iphdr) + (forged->options ? 4 : 0);
	else
		draft->header = sizeof(struct ip6_hdr);
	draft->bth = draft->header + sizeof(struct udphdr);
	draft->body = draft->bth + sizeof(struct rodp_bth);
	draft->end = draft->body + forged->body_len + (-forged->body_len & 3);
	draft->len = draft->end + RODP_ICRC_BYTES - forged->cut;
	vt_check(draft->end + RODP_ICRC_BYTES <= sizeof(draft->bytes));
}

/* Everything behind the IP header, which must be there: the ICRC covers it. */
static void fill(struct draft *draft, const struct vt_forged *forged)
{
	uint32_t icrc;

	put_udp(draft, forged);
	put_bth(draft, forged);
	memcpy(draft->bytes + draft->body, forged->body, forged->body_len);
	icrc = vt_wire_icrc(draft->bytes, draft->version, draft->bth, draft->end);
	icrc ^= forged->bad_icrc ? 1 : 0;
	memcpy(draft->bytes + draft->end, &icrc, sizeof(icrc));
}

static void send_off(int fd, const struct draft *draft, size_t skip, const void *to,
		     socklen_t bytes)
{
	ssize_t len = draft->len - skip;

	if (sendto(fd, draft->bytes + skip, len, 0, to, bytes) != len)
		vt_fail("sending a forged packet of %zd bytes: %m", len);
}

static void forge_ipv6(int fd, const struct vt_forged *forged)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	struct draft draft = {};

	vt_check(forged->from6 && forged->to6);
	memcpy(&at.sin6_addr, forged->to6->raw, sizeof(at.sin6_addr));
	lay_out(&draft, 6, forged);
	put_ipv6(&draft, forged);
	fill(&draft, forged);
	send_off(fd, &draft, 0, &at, sizeof(at));
}

void vt_forge(int fd, const struct vt_device *a, const struct vt_device *b,
	      const struct vt_forged *forged)
{
	struct in_addr from = forged->from ? *forged->from : addr_of(a);
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = forged->to ? *forged->to : addr_of(b) };
	bool raw = option_of(fd, SO_TYPE) == SOCK_RAW;
	struct draft draft = {};

	if (option_of(fd, SO_DOMAIN) == AF_INET6) {
		forge_ipv6(fd, forged);
		return;
	}
	if (!raw)
		at.sin_port = htons(RODP_UDP_PORT);
	lay_out(&draft, 4, forged);
	put_ipv4(&draft, forged, from, at.sin_addr, raw);
	fill(&draft, forged);
	send_off(fd, &draft, raw ? 0 : draft.bth, &at, sizeof(at)); /* the kernel writes the rest */
}
