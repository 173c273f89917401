/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The network stack, as far as the driver's net/tx.c needs it: sk_buffs, one route, one netdev. What leaves is the test's
 * (ip_local_out(), ip6_local_out()).
 */
#ifndef UNIT_NET_STACK_H
#define UNIT_NET_STACK_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "wire/env.h"

/* These are the driver's, and replaced below. */
#define RODP_BASE_DEV_H
#define RODP_BASE_STATS_H
#define RODP_NET_SOCKET_H
#define RODP_WIRE_CRC32_H

typedef unsigned int gfp_t;

#define IS_ERR(pointer)	     ((unsigned long)(pointer) >= (unsigned long)-4095)
#define PTR_ERR(pointer)     ((long)(pointer))
#define ERR_PTR(err)	     ((void *)(long)(err))
#define ERR_CAST(pointer)    ((void *)(pointer))
#define ARRAY_SIZE(a)	     (sizeof(a) / sizeof(*(a)))
#define BUILD_BUG_ON(what)   _Static_assert(!(what), #what)
#define READ_ONCE(x)	     (x)
#define WRITE_ONCE(x, value) ((x) = (value))
#define htons(x)	     __cpu_to_be16(x)

#define RCU_LOCKDEP_WARN(what, why)
#define module_param(name, type, mode)
#define MODULE_PARM_DESC(name, text)
#define rcu_dereference_bh(x) (x)

enum {
	ETH_P_IP = 0x0800,
	ETH_P_IPV6 = 0x86dd,
	IP_DF = 0x4000,
	IPPROTO_UDP = 17,
	IFF_NO_QUEUE = 1,
	INET_ECN_ECT_0 = 2,
	INET_ECN_MASK = 3,
	CHECKSUM_NONE = 0,
	CHECKSUM_UNNECESSARY = 1,
	CHECKSUM_PARTIAL = 3,
	NETIF_F_HW_CSUM = 1,
	SKB_GSO_UDP_L4 = 1,
	SKB_GSO_FRAGLIST = 2,
	SKB_GSO_UDP_TUNNEL = 4,
	NETIF_F_GSO_UDP_TUNNEL = 8,
};

/* ---- the driver's surroundings ---- */

struct net {
	int dummy;
};

struct sock {
	int dummy;
};

struct rodp_stats {
	int dummy;
};

enum rodp_stat {
	RODP_STAT_SENT_PKTS,
	RODP_STAT_SENT_BYTES,
	RODP_STAT_SEND_ERRORS,
	RODP_STATS_OF_TX,
	RODP_STAT_NONE
};

struct rodp_dev {
	struct net *net;
	struct net_device *ndev;
	struct rodp_stats *stats;
};

extern u64 stack_counted[RODP_STATS_OF_TX];
extern struct sock stack_sock;

static inline void rodp_stats_add(struct rodp_stats *stats, enum rodp_stat which, u64 n)
{
	stack_counted[which] += n;
}

static inline void rodp_stats_inc(struct rodp_stats *stats, enum rodp_stat which)
{
	stack_counted[which]++;
}

static inline struct net *rodp_dev_net(const struct rodp_dev *dev)
{
	return dev->net;
}

static inline struct sock *rodp_net_sock(struct net *net, int version)
{
	return &stack_sock;
}

/* Bit by bit: shares no error with the kernel's. */
static inline u32 rodp_crc32(u32 crc, const void *data, size_t bytes)
{
	const u8 *byte = data;
	int bit;

	while (bytes--) {
		crc ^= *byte++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* ---- netdevs and routes ---- */

struct Qdisc_ops {
	char id[16];
};

struct Qdisc {
	int (*enqueue)(void);
	const struct Qdisc_ops *ops;
};

struct netdev_queue {
	struct Qdisc *qdisc;
};

struct net_device {
	u64 features;
	unsigned int priv_flags;
	struct netdev_queue queue;
	bool watched; /* somebody captures here */
};

struct netdev_nested_priv {
	int dummy;
};

struct dst_entry {
	struct net_device *dev;
	u32 mtu;
	int refs;
};

struct rtable {
	struct dst_entry dst;
};

struct dst_cache {
	int dummy;
};

struct flowi4 {
	int flowi4_oif, flowi4_proto;
	__be32 saddr, daddr;
	__be16 fl4_sport, fl4_dport;
};

struct flowi6 {
	int flowi6_oif, flowi6_proto;
	__be32 flowlabel;
	struct in6_addr saddr, daddr;
	__be16 fl6_sport, fl6_dport;
};

extern struct rtable stack_route;

#define rodp_flowi4_set_tos(fl, tos)	     ((void)0)
#define dst_cache_get_ip4(cache, saddr)	     ((void)(saddr), (struct rtable *)NULL)
#define dst_cache_get_ip6(cache, saddr)	     ((void)(saddr), (struct dst_entry *)NULL)
#define dst_cache_set_ip4(cache, dst, saddr) ((void)0)
#define dst_cache_set_ip6(cache, dst, saddr) ((void)0)
#define ip_route_output_key(net, fl)	     ((void)(fl), stack_route.dst.refs++, &stack_route)
#define ip6_dst_lookup_flow(net, sock, fl, final) \
	((void)(fl), stack_route.dst.refs++, &stack_route.dst)
#define ipv6_chk_addr(net, addr, dev, strict)	     true
#define ip6_make_flowinfo(tclass, label)	     (label)
#define netdev_walk_all_lower_dev_rcu(dev, fn, priv) ((void)(fn), 0)
#define netdev_get_tx_queue(dev, index)		     (&(dev)->queue)
#define dev_nit_active(dev)			     ((dev)->watched)
#define dst_mtu(dst)				     ((dst)->mtu)
#define dst_release(dst)			     ((void)(dst)->refs--)
#define net_xmit_eval(err)			     ((err) == 2 ? 0 : (err))

static inline int match_string(const char *const *array, size_t n, const char *string)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(array[i], string))
			return i;
	return -EINVAL;
}

static inline void ip6_flow_hdr(struct ipv6hdr *ip, unsigned int tclass, __be32 label)
{
	*(__be32 *)ip = cpu_to_be32(6u << 28 | tclass << 20) | label;
}

/* ---- sk_buffs ---- */

struct skb_shared_info {
	struct sk_buff *frag_list;
	u16 gso_size, gso_segs;
	u32 gso_type;
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	struct dst_entry *dst;
	char cb[48] __attribute__((aligned(8)));
	u32 len, data_len, truesize;
	u8 *head, *data, *tail;
	u32 network_header, transport_header;
	u32 csum_start, csum_offset;
	int ip_summed, priority;
	__be16 protocol;
	struct skb_shared_info info;
};

#define skb_shinfo(skb)			(&(skb)->info)
#define skb_headlen(skb)		((skb)->len - (skb)->data_len)
#define skb_tail_pointer(skb)		((skb)->tail)
#define skb_transport_header(skb)	((skb)->head + (skb)->transport_header)
#define skb_network_header(skb)		((skb)->head + (skb)->network_header)
#define skb_transport_offset(skb)	((int)(skb_transport_header(skb) - (skb)->data))
#define skb_network_offset(skb)		((int)(skb_network_header(skb) - (skb)->data))
#define skb_reset_transport_header(skb) ((skb)->transport_header = (skb)->data - (skb)->head)
#define skb_reset_network_header(skb)	((skb)->network_header = (skb)->data - (skb)->head)
#define skb_mark_not_on_list(skb)	((void)((skb)->next = NULL))
#define skb_dst_set(skb, entry)		((void)((skb)->dst = (entry)))
#define skb_dst_drop(skb)		((void)(skb))
#define skb_orphan(skb)			((void)(skb))
#define nf_reset_ct(skb)		((void)(skb))
#define udp_hdr(skb)			((struct udphdr *)skb_transport_header(skb))
#define ip_hdr(skb)			((struct iphdr *)skb_network_header(skb))
#define ipv6_hdr(skb)			((struct ipv6hdr *)skb_network_header(skb))

static inline void *skb_push(struct sk_buff *skb, u32 bytes)
{
	skb->data -= bytes;
	skb->len += bytes;
	assert(skb->data >= skb->head);
	return skb->data;
}

static inline void *skb_pull(struct sk_buff *skb, u32 bytes)
{
	assert(bytes <= skb_headlen(skb));
	skb->data += bytes;
	skb->len -= bytes;
	return skb->data;
}

void kfree_skb(struct sk_buff *skb);
#define napi_consume_skb(skb, budget) kfree_skb(skb)
void ip_send_check(struct iphdr *ip);
int ip_local_out(struct net *net, struct sock *sock, struct sk_buff *skb);
int ip6_local_out(struct net *net, struct sock *sock, struct sk_buff *skb);

/* ---- what flows.h names ---- */

#define unlikely(x)	     (x)
#define cmpxchg(p, old, new) __sync_val_compare_and_swap(p, old, new)

struct rdma_ah_attr;

union ib_gid {
	u8 raw[16];
};

#endif
