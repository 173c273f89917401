/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Segments: packets of one flow that make one trip through the host's network stack, as one sk_buff
 * for generic segmentation offload. Each is complete, ICRC included, before they leave; the stack
 * takes them apart in front of a netdev that has no use for them together, and in front of the
 * peer's socket. docs/architecture.md, "Segments".
 *
 * Here is how they are collected, in order. Pure functions, any context.
 */
#ifndef RODP_NET_SEGMENTS_H
#define RODP_NET_SEGMENTS_H

#include "net/flows.h"
#include "net/packet.h"

/*
 * Bytes from BTH to ICRC of all segments together. They are one IP datagram until they are taken
 * apart, and netdevs take less than 64 KiB with the link layer's header (GSO_LEGACY_MAX_SIZE).
 */
#define RODP_SEGMENTS_BYTES (65536u - 256)
/* As many as a process may send by UDP_SEGMENT. */
#define RODP_SEGMENTS_MAX 64u

/* All zero: none. */
struct rodp_segments {
	struct sk_buff *first; /* they are linked by `next` */
	struct sk_buff *last;
	u32 count;
	u32 bytes; /* from BTH to ICRC, of all */
};

/*
 * Whether a packet may be the next segment. None is longer than the first: that one's length is what
 * the stack compares with the MTU.
 */
static inline bool rodp_segments_fit(const struct rodp_segments *segments,
				     const struct sk_buff *skb)
{
	return !segments->first ||
	       (segments->count < RODP_SEGMENTS_MAX && skb->len <= segments->first->len &&
		segments->bytes + skb->len <= RODP_SEGMENTS_BYTES);
}

/* Whether a packet of this flow may be the next segment, now. */
static inline bool rodp_segments_join(const struct rodp_segments *segments,
				      const struct rodp_flow *flow, const struct sk_buff *skb)
{
	return !segments->first || (READ_ONCE(flow->joins) && rodp_segments_fit(segments, skb));
}

/* Add one that fits. */
static inline void rodp_segments_add(struct rodp_segments *segments, struct sk_buff *skb)
{
	skb->next = NULL;
	if (segments->first)
		segments->last->next = skb;
	else
		segments->first = skb;
	segments->last = skb;
	segments->count++;
	segments->bytes += skb->len;
}

/* Take the first one away, or NULL. */
static inline struct sk_buff *rodp_segments_next(struct rodp_segments *segments)
{
	struct sk_buff *skb = segments->first;

	if (!skb)
		return NULL;
	segments->first = skb->next;
	segments->count--;
	segments->bytes -= skb->len;
	skb->next = NULL;
	return skb;
}

/**
 * rodp_segments_send() - send packets together
 * @dev: the device that they are from.
 * @flow: where they go.
 * @segments: at least one; none is left, whatever the result.
 *
 * One alone is sent as rodp_packet_send() does; so are all, one after the other, while anybody
 * captures packets on the netdev, or if one is longer than its MTU. The flow then says so to who
 * collects the next ones.
 *
 * Context: As rodp_packet_send().
 * Return: As rodp_packet_send(). With an error none was sent; without one, what the stack refused
 * behind the first packet is lost as in a network.
 */
int rodp_segments_send(struct rodp_dev *dev, struct rodp_flow *flow,
		       struct rodp_segments *segments);

#endif
