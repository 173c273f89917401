/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A flow: where a QP's packets go, and the cached way there.
 *
 * Set while its QP is being modified, read by senders who hold one of the QP's
 * locks; the route cache is per CPU and checks itself against routing changes.
 */
#ifndef RODP_NET_FLOW_H
#define RODP_NET_FLOW_H

#include <linux/in6.h>
#include <net/dst_cache.h>
#include <rdma/ib_verbs.h>

#include "base/dev.h"

struct rodp_flow {
	struct dst_cache cache;
	u8 version; /* of IP: 4, 6, or 0 while unset */
	u8 tos; /* traffic class */
	u8 hop_limit;
	__be16 sport;
	__be32 flow_label;
	int oif; /* ifindex of the source GID's netdev: the device's, or a VLAN above it */
	u16 vlan; /* its VLAN id, or 0 */
	u8 priority; /* of packets, for queueing disciplines and VLAN tags */
	/*
	 * The way out is a device without a queue (lo, veth, bridge): what is sent on
	 * one CPU is received on that CPU, in order, and out of order with what is
	 * sent on another at the same time.
	 */
	bool per_cpu;
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
		} v4;
		struct {
			struct in6_addr saddr;
			struct in6_addr daddr;
		} v6;
	};
};

/* Sleeps if gfp may. Returns 0 or -ENOMEM. destroy: any context. */
int rodp_flow_init(struct rodp_flow *flow, gfp_t gfp);
void rodp_flow_destroy(struct rodp_flow *flow);

/*
 * Aim the flow at the far end of ah (RoCE, GRH with an sgid_attr). lqpn and rqpn
 * feed the UDP source port when ah has no flow label, as every RoCEv2 driver does.
 * Packets have the priority of the service level, which is what a VLAN's egress-qos-map translates; without
 * one, that which the IP stack gives their traffic class.
 * Returns 0 or -EINVAL (addresses of different families, a GID of another network namespace). Process or
 * softirq context.
 */
int rodp_flow_set(struct rodp_flow *flow, const struct rodp_dev *dev, const struct rdma_ah_attr *ah,
		  u32 lqpn, u32 rqpn);

/* Whether a received packet came over this flow, from its far to its near end. */
bool rodp_flow_matches(const struct rodp_flow *flow, const struct sk_buff *skb);

#endif
