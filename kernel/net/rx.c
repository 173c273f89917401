// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Incoming packets, see rx.h. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/sock.h>
#include <net/udp.h>

#include "wire/crc32.h"
#include "wire/icrc.h"
#include "wire/parse.h"
#include "net/drop.h"
#include "net/rx.h"
#include "net/segments.h"

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

/*
 * It has not left this kernel (net/tx.c): it is in the memory in which it was sent, and no netdev has made, or
 * checked, its UDP checksum, of which there is none.
 */
static bool rx_has_not_left(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL && !udp_hdr(skb)->check &&
	       rodp_packet_is_ours(skb);
}

bool rodp_packet_icrc_ok(const struct sk_buff *skb)
{
	u32 body = skb->len - sizeof(struct rodp_bth) - RODP_ICRC_BYTES;
	__le32 icrc;
	u32 crc;

	if (rx_has_not_left(skb))
		return true;
	crc = rodp_icrc_start(skb_network_header(skb), ip_hdr(skb)->version, rodp_crc32);
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

static bool rx_is_congestion_marked(const struct sk_buff *skb)
{
	u8 tos = ip_hdr(skb)->version == 4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));

	return INET_ECN_is_ce(tos);
}

bool rodp_rx_count(struct rodp_dev *dev, const struct rodp_segments *segs)
{
	u32 bytes = 0, marked = 0;
	struct sk_buff *skb;

	for (skb = segs->first; skb; skb = skb->next) {
		bytes += rodp_packet(skb)->payload;
		marked += rx_is_congestion_marked(skb);
	}
	rodp_stats_add(dev->stats, RODP_STAT_RCVD_PKTS, segs->count);
	rodp_stats_add(dev->stats, RODP_STAT_RCVD_BYTES, bytes);
	if (unlikely(marked))
		rodp_stats_add(dev->stats, RODP_STAT_ECN_MARKED, marked);
	return marked;
}

/*
 * With all headers that a packet can have, and room to spare. UDP allows 64 KiB, in fragments:
 * nobody is to copy or keep that much.
 */
#define RX_MAX_BYTES (128 + RODP_MTU_MAX)

/* From BTH to ICRC. RODP_STAT_NONE: it is well-formed, and skb->cb says what it is. */
static enum rodp_stat rx_look(struct sk_buff *skb)
{
	static const enum rodp_stat bad[] = {
		[RODP_PARSE_BAD_HEADER] = RODP_STAT_BAD_HEADER,
		[RODP_PARSE_BAD_OPCODE] = RODP_STAT_BAD_OPCODE,
	};
	enum rodp_parse result = rx_parse(skb);

	if (result)
		return bad[result];
	return rodp_packet(skb)->payload > RODP_MTU_MAX ? RODP_STAT_BAD_LENGTH : RODP_STAT_NONE;
}

/* Well-formed packets go on, with those of the same trip. */
static void rx_collect(struct net *net, struct rodp_segments *segs, struct sk_buff *skb,
		       enum rodp_stat bad)
{
	if (bad == RODP_STAT_NONE)
		rodp_segments_add(segs, skb);
	else
		rodp_packet_drop_stray(net, skb, bad);
}

static void rx_hand_on(struct net *net, struct rodp_segments *segs)
{
	if (segs->first)
		rx_receiver(net, segs);
}

/*
 * The first of segments (net/segments.h) that the stack took apart still has the memory of all to its
 * name on some kernels. What waits is charged by that.
 */
static void rx_own_memory(struct sk_buff *skb)
{
	unsigned int own = SKB_TRUESIZE(skb_end_offset(skb));

	if (unlikely(skb->truesize > own) && rodp_packet_is_ours(skb))
		skb->truesize = own;
}

/* A datagram, from the UDP header on. */
static void rx_datagram(struct net *net, struct sk_buff *skb)
{
	enum rodp_stat bad = RODP_STAT_BAD_HEADER;
	struct rodp_segments segs = {};

	if (skb->len > sizeof(struct udphdr) + RX_MAX_BYTES) {
		rodp_packet_drop_stray(net, skb, RODP_STAT_BAD_LENGTH);
		return;
	}
	/* Everything downstream reads headers and payload in place. */
	if (skb_linearize(skb)) {
		kfree_skb(skb);
		return;
	}
	rx_own_memory(skb);
	if (rx_network_ok(skb) && rx_trim(skb))
		bad = rx_look(skb);
	rx_collect(net, &segs, skb, bad);
	rx_hand_on(net, &segs);
}

/*
 * Whether these are segments that left together (net/segments.h) and that nobody else has: a capture has
 * a clone.
 */
static bool rx_is_together(const struct sk_buff *skb)
{
	return (skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST) && rodp_packet_is_ours(skb) &&
	       !skb_cloned(skb);
}

/* The network headers say how long this datagram is. The checksum that IPv4 has of them is behind us. */
static void rx_set_length(struct sk_buff *skb)
{
	udp_hdr(skb)->len = cpu_to_be16(skb->len);
	if (ip_hdr(skb)->version == 4)
		ip_hdr(skb)->tot_len = cpu_to_be16(skb_network_header_len(skb) + skb->len);
	else
		ipv6_hdr(skb)->payload_len = cpu_to_be16(skb->len);
}

/* Those behind the first one, which is no longer and has no memory but its own then. */
static struct sk_buff *rx_take_rest(struct sk_buff *head)
{
	struct sk_buff *rest = skb_shinfo(head)->frag_list, *skb;

	skb_shinfo(head)->frag_list = NULL;
	skb_gso_reset(head);
	for (skb = rest; skb; skb = skb->next)
		head->truesize -= skb->truesize;
	head->len -= head->data_len;
	head->data_len = 0;
	rx_set_length(head);
	return rest;
}

/*
 * Take segments apart as the stack would, and hand them on together. One behind the first is whole, from
 * BTH to ICRC, and its own headers are in front of it.
 */
static void rx_segments(struct net *net, struct sk_buff *head)
{
	struct sk_buff *rest = rx_take_rest(head), *skb, *next;
	struct net_device *ndev = head->dev;
	struct rodp_segments segs = {};

	rx_collect(net, &segs, head,
		   rx_network_ok(head) && rx_trim(head) ? rx_look(head) : RODP_STAT_BAD_HEADER);
	for (skb = rest; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		skb->dev = ndev;
		rx_collect(net, &segs, skb,
			   skb_is_nonlinear(skb) ? RODP_STAT_BAD_HEADER : rx_look(skb));
	}
	rx_hand_on(net, &segs);
}

/* Segments that somebody else has too, or that others made: the stack takes them apart. */
static void rx_by_stack(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *next;

	__skb_push(skb, -skb_mac_offset(skb));
	skb = udp_rcv_segment(sk, skb, ip_hdr(skb)->version == 4);
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		__skb_pull(skb, skb_transport_offset(skb));
		rx_datagram(net, skb);
	}
}

int rodp_rx_udp(struct sock *sk, struct sk_buff *skb)
{
	struct net *net = sock_net(sk);

	if (!skb_is_gso(skb))
		rx_datagram(net, skb);
	else if (rx_is_together(skb))
		rx_segments(net, skb);
	else
		rx_by_stack(net, sk, skb);
	return 0;
}
