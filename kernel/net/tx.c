// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Outgoing packets: routes, UDP and IP headers, the ICRC. See packet.h. */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sch_generic.h>

#include "wire/crc32.h"
#include "wire/icrc.h"
#include "net/flows.h"
#include "net/packet.h"
#include "net/place.h"
#include "net/segments.h"
#include "net/socket.h"

static bool segments = true;
module_param(segments, bool, 0644);
MODULE_PARM_DESC(segments,
		 "packets that leave one after the other pass the network stack together");

static bool icrc_always;
module_param(icrc_always, bool, 0644);
MODULE_PARM_DESC(icrc_always, "packets between devices of this kernel have an ICRC, too");

static bool ecn = true;
module_param(ecn, bool, 0644);
MODULE_PARM_DESC(ecn, "packets say that congestion may be marked in them, and senders heed it");

bool rodp_flow_is_capable(const struct rodp_flow *flow)
{
	return flow->ect && READ_ONCE(ecn);
}

/* A packet, or several together, on their way out. */
struct tx_trip {
	struct rodp_dev *dev;
	struct net *net;
	struct rodp_flow *flow;
	struct sock *sock;
	struct dst_entry *dst;
	bool sealed; /* with an ICRC */
};

static void tx_push_udp(const struct rodp_route *route, struct sk_buff *skb)
{
	struct udphdr *udp = skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = route->sport;
	udp->dest = cpu_to_be16(RODP_UDP_PORT);
	udp->len = cpu_to_be16(skb->len);
	udp->check = 0; /* the ICRC covers the payload (annex A17.3.1.2: should be zero) */
}

/*
 * @id: an atomic datagram's (DF is set) means nothing (RFC 6864). Where the stack takes segments
 * apart it counts up from the first one's, and the ICRC covers it.
 */
static void tx_push_ipv4(const struct rodp_route *route, struct sk_buff *skb, u8 tos, u16 id)
{
	struct iphdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tos = tos;
	ip->tot_len = cpu_to_be16(skb->len);
	ip->id = cpu_to_be16(id);
	ip->frag_off = cpu_to_be16(IP_DF);
	ip->ttl = route->hop_limit;
	ip->protocol = IPPROTO_UDP;
	ip->check = 0; /* ip_local_out() */
	ip->saddr = route->v4.saddr;
	ip->daddr = route->v4.daddr;
}

static void tx_push_ipv6(const struct rodp_route *route, struct sk_buff *skb, u8 tos)
{
	u16 bytes = skb->len;
	struct ipv6hdr *ip = skb_push(skb, sizeof(*ip));

	skb_reset_network_header(skb);
	ip6_flow_hdr(ip, tos, route->flow_label);
	ip->payload_len = cpu_to_be16(bytes);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = route->hop_limit;
	ip->saddr = route->v6.saddr;
	ip->daddr = route->v6.daddr;
}

/* The ICRC goes into the last four bytes; the network header is in place. */
static void tx_seal(struct sk_buff *skb, u8 version)
{
	u8 *bth = skb_transport_header(skb) + sizeof(struct udphdr);
	u8 *end = skb_tail_pointer(skb) - RODP_ICRC_BYTES;
	u32 crc = rodp_icrc_start(skb_network_header(skb), version, rodp_crc32);
	__le32 icrc;

	crc = rodp_crc32(crc, bth + sizeof(struct rodp_bth), end - bth - sizeof(struct rodp_bth));
	icrc = rodp_icrc_finish(crc);
	memcpy(end, &icrc, sizeof(icrc));
}

void rodp_packet_address(const struct rodp_flow *flow, struct sk_buff *skb)
{
	u32 body = skb->len;

	rodp_packet(skb)->vlan = flow->route.vlan;
	rodp_packet(skb)->sl = flow->route.priority & 7;
	tx_push_udp(&flow->route, skb);
	if (flow->route.version == 4) {
		tx_push_ipv4(&flow->route, skb, flow->route.tos, 0);
		ip_send_check(ip_hdr(skb));
	} else {
		tx_push_ipv6(&flow->route, skb, flow->route.tos);
	}
	skb_pull(skb, skb->len - body);
}

/*
 * No ICRC, as TCP leaves its checksum to the netdev: the mark says that the packet has not left this
 * kernel. Whatever puts it on a wire removes the mark, and whoever receives it then drops it.
 */
static void tx_leave_unsealed(struct sk_buff *skb)
{
	memset(skb_tail_pointer(skb) - RODP_ICRC_BYTES, 0, RODP_ICRC_BYTES);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

static int tx_has_queue(struct net_device *ndev, struct netdev_nested_priv *priv)
{
	return !(ndev->priv_flags & IFF_NO_QUEUE);
}

/*
 * See struct rodp_flow. A bond, a VLAN or a bridge has no queue and is not the end of the way: what
 * is below it decides, one NIC is enough. Where a veth leads, to another namespace and perhaps a
 * NIC behind a bridge there, nobody can tell.
 */
static bool tx_is_per_cpu(struct net_device *ndev)
{
	struct netdev_nested_priv none = {};

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the netdevs below may go");
	return !tx_has_queue(ndev, &none) &&
	       !netdev_walk_all_lower_dev_rcu(ndev, tx_has_queue, &none);
}

static struct dst_entry *tx_route_ipv4(struct net *net, struct rodp_flow *flow)
{
	const struct rodp_route *route = &flow->route;
	struct flowi4 fl = {
		.flowi4_oif = route->oif,
		.flowi4_proto = IPPROTO_UDP,
		.saddr = route->v4.saddr,
		.daddr = route->v4.daddr,
		.fl4_sport = route->sport,
		.fl4_dport = cpu_to_be16(RODP_UDP_PORT),
	};
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&flow->cache, &saddr);
	if (rt)
		return &rt->dst;
	rodp_flowi4_set_tos(&fl, route->tos);
	rt = ip_route_output_key(net, &fl);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	flow->per_cpu = tx_is_per_cpu(rt->dst.dev);
	dst_cache_set_ip4(&flow->cache, &rt->dst, fl.saddr);
	return &rt->dst;
}

static struct dst_entry *tx_route_ipv6(struct net *net, const struct sock *sock,
				       struct rodp_flow *flow)
{
	const struct rodp_route *route = &flow->route;
	struct flowi6 fl = {
		.flowi6_oif = route->oif,
		.flowi6_proto = IPPROTO_UDP,
		.flowlabel = ip6_make_flowinfo(route->tos, route->flow_label),
		.saddr = route->v6.saddr,
		.daddr = route->v6.daddr,
		.fl6_sport = route->sport,
		.fl6_dport = cpu_to_be16(RODP_UDP_PORT),
	};
	struct in6_addr saddr;
	struct dst_entry *dst;

	dst = dst_cache_get_ip6(&flow->cache, &saddr);
	if (dst)
		return dst;
	/* IPv4's look-up refuses an address that the host has no more; this one does not. */
	if (!ipv6_chk_addr(net, &route->v6.saddr, NULL, 0))
		return ERR_PTR(-EADDRNOTAVAIL);
	dst = ip6_dst_lookup_flow(net, sock, &fl, NULL);
	if (IS_ERR(dst))
		return dst;
	flow->per_cpu = tx_is_per_cpu(dst->dev);
	dst_cache_set_ip6(&flow->cache, dst, &fl.saddr);
	return dst;
}

/*
 * The traffic class of a packet: one with payload may be marked by a router or a queueing discipline that
 * would else drop it. Who asked for a class with ECN bits gets these.
 */
static u8 tx_tos(const struct rodp_flow *flow, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	u8 tos = flow->route.tos;

	if (pkt->op->flags & RODP_OPF_CNP)
		return tos & ~INET_ECN_MASK; /* of no congestion notification is its sender told */
	if (!pkt->payload || (tos & INET_ECN_MASK) || !rodp_flow_is_capable(flow))
		return tos;
	return tos | INET_ECN_ECT_0;
}

/*
 * Headers and ICRC of the packet that is number @id of those that leave together. Makes the sk_buff one of
 * the IP layer's: skb->cb was ours until now.
 */
static void tx_complete(const struct tx_trip *trip, struct sk_buff *skb, u16 id)
{
	const struct rodp_route *route = &trip->flow->route;
	u8 tos = tx_tos(trip->flow, skb);
	bool v4 = route->version == 4;

	tx_push_udp(route, skb);
	if (v4)
		tx_push_ipv4(route, skb, tos, id);
	else
		tx_push_ipv6(route, skb, tos);
	if (trip->sealed)
		tx_seal(skb, route->version);
	else
		tx_leave_unsealed(skb);
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->protocol = v4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb->dev = trip->dst->dev;
	skb->priority = route->priority;
}

/*
 * What the stack says of a packet that it has taken: NET_XMIT_*, or a negative errno. Out of memory
 * is a queue that is full; any other error stands for packets of this kind and will not go away by
 * trying.
 */
static int tx_result(struct rodp_dev *dev, int err)
{
	if (net_xmit_eval(err) > 0 || err == -ENOBUFS || err == -ENOMEM)
		return -EAGAIN;
	if (err < 0)
		rodp_stats_inc(dev->stats, RODP_STAT_SEND_ERRORS);
	return 0;
}

/*
 * One of the others: the first one's headers stand for all, and its own are in front of its data,
 * where the stack finds them when it takes the segments apart.
 */
static void tx_append(struct sk_buff *head, struct sk_buff *skb)
{
	skb_pull(skb, skb_transport_offset(skb) + sizeof(struct udphdr));
	head->len += skb->len;
	head->data_len += skb->len;
	head->truesize += skb->truesize;
}

/*
 * The first of @count is one for all: what GRO makes of packets that it keeps whole. A socket of a tunnel, as ours
 * is, is handed them together only if they are said to be a tunnel's (udp_unexpected_gso()); without
 * skb->encapsulation nothing else looks at that. A netdev that does not know the word would take them apart.
 */
static void tx_make_gso(const struct tx_trip *trip, struct sk_buff *head, u32 count)
{
	struct skb_shared_info *info = skb_shinfo(head);
	u32 network = skb_transport_offset(head);

	info->gso_size = skb_headlen(head) - network - sizeof(struct udphdr);
	info->gso_segs = count;
	info->gso_type = SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST;
	if (trip->dst->dev->features & NETIF_F_GSO_UDP_TUNNEL)
		info->gso_type |= SKB_GSO_UDP_TUNNEL;
	if (head->ip_summed == CHECKSUM_NONE)
		head->ip_summed = CHECKSUM_UNNECESSARY; /* there is none to be made */
	udp_hdr(head)->len = cpu_to_be16(head->len - network);
}

static void tx_count(struct rodp_stats *stats, const struct rodp_segments *segs)
{
	struct sk_buff *skb;
	u32 bytes = 0;

	for (skb = segs->first; skb; skb = skb->next)
		bytes += rodp_packet(skb)->payload;
	rodp_stats_add(stats, RODP_STAT_SENT_PKTS, segs->count);
	rodp_stats_add(stats, RODP_STAT_SENT_BYTES, bytes);
}

/* Complete all segments and make them one sk_buff; none is left. */
static struct sk_buff *tx_join(const struct tx_trip *trip, struct rodp_segments *segs)
{
	struct sk_buff *head = segs->first, *skb;
	u32 count = segs->count;
	u16 id = 0;

	tx_count(trip->dev->stats, segs);
	*segs = (struct rodp_segments){};
	tx_complete(trip, head, id);
	if (count == 1)
		return head;
	skb_shinfo(head)->frag_list = head->next;
	skb_mark_not_on_list(head);
	for (skb = skb_shinfo(head)->frag_list; skb; skb = skb->next) {
		tx_complete(trip, skb, ++id);
		tx_append(head, skb);
	}
	tx_make_gso(trip, head, count);
	return head;
}

static void tx_drop(struct rodp_segments *segs)
{
	struct sk_buff *skb;

	while ((skb = rodp_segments_next(segs)))
		kfree_skb(skb);
}

static int tx_unsent(struct rodp_segments *segs, int err)
{
	tx_drop(segs);
	return err;
}

static int tx_unroutable(struct rodp_dev *dev, struct rodp_segments *segs,
			 const struct dst_entry *dst)
{
	rodp_stats_inc(dev->stats, RODP_STAT_SEND_ERRORS);
	return tx_unsent(segs, PTR_ERR(dst));
}

static struct dst_entry *tx_route(struct net *net, const struct sock *sock, struct rodp_flow *flow)
{
	return flow->route.version == 4 ? tx_route_ipv4(net, flow) : tx_route_ipv6(net, sock, flow);
}

static const struct Qdisc *tx_queue(const struct tx_trip *trip)
{
	return rcu_dereference_bh(netdev_get_tx_queue(trip->dst->dev, 0)->qdisc);
}

/*
 * Queueing disciplines that take or refuse an sk_buff as a whole. Others (tbf, cake) may take it apart,
 * drop some of it and say that all was well.
 */
static bool tx_queue_keeps_whole(const struct Qdisc *queue)
{
	static const char *const whole[] = { "pfifo_fast", "fq_codel", "fq", "pfifo" };

	return !queue->enqueue || match_string(whole, ARRAY_SIZE(whole), queue->ops->id) >= 0;
}

/* Whether packets may leave together by this way: no capture wants each, and the queue takes them so. */
static bool tx_joins(const struct tx_trip *trip)
{
	bool joins = READ_ONCE(segments) && !dev_nit_active(trip->dst->dev) &&
		     tx_queue_keeps_whole(tx_queue(trip));

	if (unlikely(READ_ONCE(trip->flow->joins) != joins))
		WRITE_ONCE(trip->flow->joins, joins);
	return joins;
}

/* Whether each is as short as the way asks for. */
static bool tx_is_short(const struct tx_trip *trip, const struct rodp_segments *segs)
{
	u32 headers = sizeof(struct ipv6hdr) + sizeof(struct udphdr);

	return segs->first->len + headers <= dst_mtu(trip->dst);
}

/*
 * Whether the packets go to a QP of this kernel, by a netdev without a wire which neither makes checksums nor has
 * a queue, where a network may be made that damages packets.
 */
static bool tx_stays_here(const struct tx_trip *trip)
{
	return READ_ONCE(trip->flow->near) == RODP_NEAR_YES && trip->flow->per_cpu &&
	       !READ_ONCE(icrc_always) && (trip->dst->dev->features & NETIF_F_HW_CSUM) &&
	       !tx_queue(trip)->enqueue && !dev_nit_active(trip->dst->dev);
}

/* Out, as one sk_buff. */
static int tx_out(const struct tx_trip *trip, struct rodp_segments *segs)
{
	struct sk_buff *skb = tx_join(trip, segs);
	int err;

	skb_dst_set(skb, trip->dst);
	if (trip->flow->route.version == 4)
		err = ip_local_out(trip->net, trip->sock, skb);
	else
		err = ip6_local_out(trip->net, trip->sock, skb);
	return tx_result(trip->dev, err);
}

/* Out, one after the other. */
static int tx_out_each(struct rodp_dev *dev, struct rodp_flow *flow, struct rodp_segments *segs)
{
	int err = rodp_packet_send(dev, flow, rodp_segments_next(segs)), rest = err;

	while (!rest && segs->first)
		rest = rodp_packet_send(dev, flow, rodp_segments_next(segs));
	tx_drop(segs);
	return err;
}

int rodp_segments_send(struct rodp_dev *dev, struct rodp_flow *flow, struct rodp_segments *segs)
{
	struct tx_trip trip = { .dev = dev, .flow = flow };
	bool joins;

	trip.net = rodp_place_net(dev, flow->route.net);
	if (trip.net)
		trip.sock = rodp_net_sock(trip.net, flow->route.version);
	if (!trip.sock)
		return tx_unsent(segs, -ENETDOWN);
	trip.dst = tx_route(trip.net, trip.sock, flow);
	if (IS_ERR(trip.dst))
		return tx_unroutable(dev, segs, trip.dst);
	trip.sealed = !tx_stays_here(&trip);
	joins = tx_joins(&trip);
	if (segs->count == 1 || (joins && tx_is_short(&trip, segs)))
		return tx_out(&trip, segs);
	dst_release(trip.dst);
	return tx_out_each(dev, flow, segs);
}

int rodp_packet_send(struct rodp_dev *dev, struct rodp_flow *flow, struct sk_buff *skb)
{
	struct rodp_segments alone = {};

	rodp_segments_add(&alone, skb);
	return rodp_segments_send(dev, flow, &alone);
}
