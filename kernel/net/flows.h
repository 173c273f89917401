/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Routes and flows: where packets of a QP, or of an address handle, go.
 *
 * A route is plain data, made by rodp_route_resolve() without any lock. A flow is what senders use:
 * a route, and the cached destination behind it. Who changes the route of a flow keeps senders out
 * meanwhile; the cache is per CPU and checks itself against routing changes.
 */
#ifndef RODP_NET_FLOW_H
#define RODP_NET_FLOW_H

#include <linux/in6.h>
#include <net/dst_cache.h>
#include <rdma/ib_verbs.h>

struct net;
struct rodp_dev;

struct rodp_route {
	u8 version; /* of IP: 4, 6, or 0 while unset */
	u8 tos; /* traffic class */
	u8 hop_limit;
	u8 priority; /* of packets, for queueing disciplines and VLAN tags */
	__be16 sport;
	u16 vlan; /* id of the source GID's VLAN, or 0 */
	__be32 flow_label;
	int oif; /* ifindex of the source GID's netdev: the device's, or one above it */
	u64 net; /* cookie of the network namespace of that netdev (net/place.h); 0 while unset */
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

/* Whether a flow's packets leave this kernel. */
enum rodp_near {
	RODP_NEAR_UNKNOWN,
	RODP_NEAR_YES, /* what comes back comes in this driver's own memory: no wire is on the way */
	RODP_NEAR_NO, /* something did not arrive: not to be found out again */
};

struct rodp_flow {
	struct dst_cache cache;
	struct rodp_route route;
	/*
	 * The way out is a device without a queue, and none below it has one (lo, veth, a bridge of
	 * them; not a bond or VLAN over a NIC): what is sent on one CPU is received on that CPU, in
	 * order, and out of order with what is sent on another at the same time.
	 */
	bool per_cpu;
	bool ect; /* who sends by it slows down when the way is congested */
	/*
	 * Whether the packets that left last could have left together (net/segments.h). If not, what the
	 * next ones are collected for is one packet: one that the host's queue refuses is made again,
	 * those behind it would be lost.
	 */
	bool joins;
	/*
	 * enum rodp_near. Changed by whoever holds one of the two locks under which packets are sent, and
	 * read under the other: that one's packets may follow one late.
	 */
	int near;
};

/**
 * rodp_route_resolve() - find out how packets for an address get there
 * @route: is filled in; on error its contents are undefined.
 * @dev: whose packets they are.
 * @ah: the address: RoCE, a GRH with an sgid_attr.
 * @lqpn: number of the QP that sends.
 * @rqpn: number of the QP that receives.
 *
 * The QP numbers are what the UDP source port is made of when @ah has no flow label, as every
 * RoCEv2 driver does. The priority is the service level, which a VLAN's egress-qos-map translates;
 * without one, what the IP stack gives the traffic class.
 *
 * Context: Process or softirq. Takes no lock; does not look for an IP route.
 * Return: 0; -EINVAL: no GID, addresses of different families; -ENETDOWN: the device is not in the network
 * namespace of the GID's netdev, or has lost its port there to another.
 */
int rodp_route_resolve(struct rodp_route *route, const struct rodp_dev *dev,
		       const struct rdma_ah_attr *ah, u32 lqpn, u32 rqpn);

/**
 * rodp_route_matches() - whether a packet came along a route, from its far to its near end
 * @route: a route that is set.
 * @skb: a received packet, the network header in place.
 */
bool rodp_route_matches(const struct rodp_route *route, const struct sk_buff *skb);

/**
 * rodp_route_is_in() - whether a route's near end is in a network namespace
 * @route: a route that is set, or all zero: that one is in none.
 * @net: the network namespace.
 */
bool rodp_route_is_in(const struct rodp_route *route, const struct net *net);

/**
 * rodp_flow_init() - make a flow without a route
 * @flow: is filled in.
 * @gfp: how to allocate; sleeps if this may.
 *
 * Return: 0 or -ENOMEM.
 */
int rodp_flow_init(struct rodp_flow *flow, gfp_t gfp);

/**
 * rodp_flow_destroy() - give back what rodp_flow_init() took
 * @flow: nobody sends by it any more.
 *
 * Context: Any.
 */
void rodp_flow_destroy(struct rodp_flow *flow);

/**
 * rodp_flow_aim() - give a flow another route
 * @flow: a flow that was made.
 * @route: where packets go from now on; is copied.
 *
 * Destinations that were cached for the old route are not used any more.
 *
 * Context: Process or softirq. The caller holds the locks under which packets are sent by @flow.
 */
void rodp_flow_aim(struct rodp_flow *flow, const struct rodp_route *route);

/**
 * rodp_flow_set() - resolve a route and aim a flow at it, in one step
 *
 * Parameters, context and result are those of the two functions.
 */
int rodp_flow_set(struct rodp_flow *flow, const struct rodp_dev *dev, const struct rdma_ah_attr *ah,
		  u32 lqpn, u32 rqpn);

/**
 * rodp_flow_is_capable() - whether packets of a flow say that congestion may be marked in them
 * @flow: the flow
 *
 * So it is if who sends them heeds the marks, unless the parameter ecn says no.
 *
 * Context: any.
 */
bool rodp_flow_is_capable(const struct rodp_flow *flow);

/* For rodp_flow_prove(): nothing is known of the flow yet. */
void rodp_flow_learn(struct rodp_flow *flow, const struct sk_buff *skb);

/**
 * rodp_flow_prove() - learn from a packet that came over a flow whether a wire is on the way
 * @flow: the flow, to its sender
 * @skb: the packet, as it was received; its ICRC was right
 *
 * Context: softirq, under RCU.
 */
static inline void rodp_flow_prove(struct rodp_flow *flow, const struct sk_buff *skb)
{
	if (unlikely(READ_ONCE(flow->near) == RODP_NEAR_UNKNOWN))
		rodp_flow_learn(flow, skb);
}

/**
 * rodp_flow_doubt() - something that was sent by a flow may not have arrived
 * @flow: the flow; until it is given another route each of its packets has an ICRC, wherever it goes
 *
 * Context: any.
 */
static inline void rodp_flow_doubt(struct rodp_flow *flow)
{
	WRITE_ONCE(flow->near, RODP_NEAR_NO);
}

/* Whether a received packet came over this flow, from its far to its near end. */
static inline bool rodp_flow_matches(const struct rodp_flow *flow, const struct sk_buff *skb)
{
	return rodp_route_matches(&flow->route, skb);
}

#endif
