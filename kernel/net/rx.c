// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Incoming packets, see rx.h. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/sock.h>

#include "wire/crc32.h"
#include "wire/icrc.h"
#include "wire/parse.h"
#include "net/drop.h"
#include "net/rx.h"

static rodp_packet_receiver rx_receiver;

void rodp_rx_set_receiver(rodp_packet_receiver receiver)
{
	rx_receiver = receiver;
}

/* The ICRC covers fixed-length network headers: no IPv4 options, no IPv6 extensions. */
static bool rx_network_ok(const struct sk_buff *skb)
{
	int bytes = skb_transport_header(skb) - skb_network_header(skb);

	if (ip_hdr(skb)->version == 4)
		return bytes == sizeof(struct iphdr);
	return ip_hdr(skb)->version == 6 && bytes == sizeof(struct ipv6hdr);
}

bool rodp_packet_icrc_ok(const struct sk_buff *skb)
{
	u32 body = skb->len - sizeof(struct rodp_bth) - RODP_ICRC_BYTES;
	u32 crc = rodp_icrc_start(skb_network_header(skb), ip_hdr(skb)->version, rodp_crc32);
	__le32 icrc;

	crc = rodp_crc32(crc, skb->data + sizeof(struct rodp_bth), body);
	memcpy(&icrc, skb->data + skb->len - RODP_ICRC_BYTES, sizeof(icrc));
	return icrc == rodp_icrc_finish(crc);
}

/* Fill in skb->cb from the headers. */
static enum rodp_parse rx_parse(struct sk_buff *skb)
{
	const struct rodp_bth *bth = rodp_packet_bth(skb);
	struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_opcode_info *op;
	enum rodp_parse result;
	u32 payload;

	result = rodp_parse(bth, skb->len, &op, &payload);
	if (result)
		return result;
	memset(pkt, 0, sizeof(*pkt));
	pkt->op = op;
	pkt->opcode = bth->opcode;
	pkt->psn = rodp_bth_psn(bth);
	pkt->dqpn = rodp_bth_qpn(bth);
	pkt->payload = payload;
	pkt->ackreq = rodp_bth_ackreq(bth);
	pkt->solicited = bth->flags & RODP_BTH_SOLICITED;
	return RODP_PARSE_OK;
}

/* Cut the datagram out of the skb: from the BTH to the end that the UDP header names. */
static bool rx_trim(struct sk_buff *skb)
{
	const struct udphdr *udp = udp_hdr(skb);
	u32 bytes = be16_to_cpu(udp->len);

	if (bytes < sizeof(*udp) + RODP_PARSE_MIN_BYTES || bytes > skb->len)
		return false;
	return !pskb_trim(skb, bytes) && skb_pull(skb, sizeof(*udp));
}

/*
 * The first of segments that left together (net/segments.h) still has the memory of all to its name
 * on some kernels. What waits is charged by that.
 */
static void rx_own_memory(struct sk_buff *skb)
{
	unsigned int own = SKB_TRUESIZE(skb_end_offset(skb));

	if (unlikely(skb->truesize > own) && rodp_packet_is_ours(skb))
		skb->truesize = own;
}

static bool rx_is_congestion_marked(const struct sk_buff *skb)
{
	u8 tos = ip_hdr(skb)->version == 4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));

	return INET_ECN_is_ce(tos);
}

void rodp_rx_count(struct rodp_dev *dev, struct sk_buff *skb)
{
	rodp_stats_inc(dev->stats, RODP_STAT_RCVD_PKTS);
	rodp_stats_add(dev->stats, RODP_STAT_RCVD_BYTES, rodp_packet(skb)->payload);
	if (rx_is_congestion_marked(skb))
		rodp_stats_inc(dev->stats, RODP_STAT_ECN_MARKED);
}

/*
 * With all headers that a packet can have, and room to spare. UDP allows 64 KiB, in fragments:
 * nobody is to copy or keep that much.
 */
#define RX_MAX_BYTES (sizeof(struct udphdr) + 128 + RODP_MTU_MAX)

int rodp_rx_udp(struct sock *sk, struct sk_buff *skb)
{
	static const enum rodp_stat bad[] = {
		[RODP_PARSE_BAD_HEADER] = RODP_STAT_BAD_HEADER,
		[RODP_PARSE_BAD_OPCODE] = RODP_STAT_BAD_OPCODE,
	};
	struct net *net = sock_net(sk);
	enum rodp_parse result = RODP_PARSE_BAD_HEADER;

	if (skb->len > RX_MAX_BYTES) {
		rodp_packet_drop_stray(net, skb, RODP_STAT_BAD_LENGTH);
		return 0;
	}
	/* Everything downstream reads headers and payload in place. */
	if (skb_linearize(skb)) {
		kfree_skb(skb);
		return 0;
	}
	rx_own_memory(skb);
	if (rx_network_ok(skb) && rx_trim(skb))
		result = rx_parse(skb);
	if (result)
		rodp_packet_drop_stray(net, skb, bad[result]);
	else if (rodp_packet(skb)->payload > RODP_MTU_MAX)
		rodp_packet_drop_stray(net, skb, RODP_STAT_BAD_LENGTH);
	else
		rx_receiver(net, skb);
	return 0;
}
