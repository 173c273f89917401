/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets: sk_buffs whose data begins at the BTH.
 *
 * Outgoing: rodp_packet_alloc() gives room from BTH to ICRC, the caller fills
 * headers and payload, rodp_packet_send() adds UDP, IP and the ICRC.
 * Incoming: the UDP socket checks lengths, opcode and version, then hands the
 * packet to the receiver that rodp_net_module_init() was given, which finds its QP and
 * asks for the ICRC.
 */
#ifndef RODP_NET_PACKET_H
#define RODP_NET_PACKET_H

#include <linux/skbuff.h>

#include "base/dev.h"
#include "wire/header.h"
#include "wire/opcode.h"

struct rodp_flow;
struct rodp_loan;

/* A work request that a local packet names instead of carrying its payload, see qp/lane/loan.h. */
struct rodp_lent {
	struct rodp_loan *loan; /* NULL: nothing is lent */
	u32 epoch;
	u32 wqe; /* its number in the send queue */
};

/* What is known of a checked packet; lies in skb->cb while the packet is ours. */
struct rodp_packet {
	const struct rodp_opcode_info *op;
	u32 psn;
	u32 dqpn;
	u32 payload; /* bytes, without pad and ICRC */
	u8 opcode;
	bool ackreq;
	bool solicited;
	/* Of a local packet (qp/lane/courier.h); 0 from the wire. */
	u8 status; /* enum ib_wc_status: the requester's own memory failed */
	u32 sqpn;
	/* Of a datagram: what its VLAN tag says. */
	u16 vlan; /* id, or 0 */
	u8 sl;
	u8 mtu; /* of a local packet: the sender's path MTU, a code of enum ib_mtu */
	struct rodp_lent lent;
};

static inline struct rodp_packet *rodp_packet(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct rodp_packet) > sizeof(skb->cb));
	return (struct rodp_packet *)skb->cb;
}

/* Whether it came, or goes, without a network. */
static inline bool rodp_packet_is_local(struct sk_buff *skb)
{
	return rodp_packet(skb)->sqpn;
}

static inline struct rodp_bth *rodp_packet_bth(struct sk_buff *skb)
{
	return (struct rodp_bth *)skb->data;
}

/* The extended header at `offset` of the opcode table; the opcode has it. */
static inline void *rodp_packet_header(struct sk_buff *skb, u8 offset)
{
	return skb->data + offset;
}

static inline void *rodp_packet_payload(struct sk_buff *skb)
{
	return skb->data + rodp_packet(skb)->op->bytes;
}

/*
 * A packet of opcode `opcode` with room for payload bytes; pad bytes are zeroed,
 * the rest is for the caller to fill. Process or softirq, BH disabled; NULL when
 * memory is short.
 */
struct sk_buff *rodp_packet_alloc(u8 opcode, u32 payload);

/*
 * Send the packet and consume it, whatever the result. Process or softirq, BH disabled.
 * Returns 0 when it is on its way, -EAGAIN when a queue on the way was full, or
 * a route's error. Nobody is told of later losses.
 */
int rodp_packet_send(struct rodp_dev *dev, struct rodp_flow *flow, struct sk_buff *skb);

/*
 * Write the addresses of a packet that goes without a network in front of it, where one that came
 * over a network has them: the receiver of a datagram wants to see them.
 */
void rodp_packet_address(const struct rodp_flow *flow, struct sk_buff *skb);

/* The end of the module: give up the buffers kept for packets. */
void rodp_packet_module_exit(void);

/*
 * Whether an incoming packet was sent by a device of this driver in this kernel. True only if the
 * packet's buffer came here as it was sent, not copied: a packet that was copied on its way counts as foreign.
 */
bool rodp_packet_is_ours(const struct sk_buff *skb);

/* Whether the ICRC of an incoming packet is right. */
bool rodp_packet_icrc_ok(const struct sk_buff *skb);

/*
 * Make a packet fit to be kept after the receive path returns: it lets go of
 * what it holds of the network stack.
 */
static inline void rodp_packet_keep(struct sk_buff *skb)
{
	if (rodp_packet_is_local(skb))
		return;
	skb_dst_drop(skb);
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb->dev = NULL;
}

/* Takes every well-formed packet, under rcu_read_lock() in softirq context, and owns it. */
typedef void (*rodp_packet_receiver)(struct net *net, struct sk_buff *skb);

#endif
