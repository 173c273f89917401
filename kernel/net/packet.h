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
struct rodp_lender;
struct rodp_segments;

/* A work request that a local packet names instead of carrying its payload, see qp/path/loan.h. */
struct rodp_lent {
	struct rodp_lender *lender; /* NULL: nothing is lent, the payload is in the packet */
	u32 epoch;
	u32 wqe; /* its number in the send queue */
};

/* What is known of a checked packet; lies in skb->cb while the packet is the driver's. */
struct rodp_packet {
	const struct rodp_opcode_info *op;
	u32 psn;
	u32 dqpn;
	u32 payload; /* bytes, without pad and ICRC */
	u8 opcode;
	bool ackreq : 1;
	bool solicited : 1;
	bool early : 1; /* it was kept until its turn came (qp/lane/early.h) */
	/* Of a local packet (qp/end/courier.h); 0 from the wire. */
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

/**
 * rodp_packet_alloc() - make a packet to be sent
 * @opcode: its opcode.
 * @payload: bytes of payload that it has room for.
 *
 * Pad bytes are zero; headers and payload are the caller's to fill in.
 *
 * Context: BH disabled.
 * Return: the packet, or NULL: no memory.
 */
struct sk_buff *rodp_packet_alloc(u8 opcode, u32 payload);

/**
 * rodp_packet_send() - send a packet
 * @dev: the device that it is from.
 * @flow: where it goes.
 * @skb: the packet, from BTH to ICRC; is consumed, whatever the result.
 *
 * Adds UDP and IP headers and the ICRC. Later losses are not reported, and what the host refuses
 * for good (a firewall's rule, an MTU that is smaller now) is such a loss. But a full queue and a
 * filter that drops answer the same: who tries again sees to it that there is an end to that.
 *
 * Context: BH disabled; the locks under which @flow may change are held, see flows.h.
 * Return: 0; -EAGAIN: a queue on the way was full, or a filter dropped it; -ENETDOWN: the device
 * is not in the flow's network namespace any more; or the error of a route that is not there.
 */
int rodp_packet_send(struct rodp_dev *dev, struct rodp_flow *flow, struct sk_buff *skb);

/**
 * rodp_packet_address() - write the network headers of a packet that goes without a network
 * @flow: where it goes.
 * @skb: the packet.
 *
 * The receiver of a datagram is handed its addresses. They are in front of the packet's data, where
 * a packet from the network has them; VLAN and service level are in struct rodp_packet.
 *
 * Context: As rodp_packet_send().
 */
void rodp_packet_address(const struct rodp_flow *flow, struct sk_buff *skb);

/**
 * rodp_packet_module_exit() - free the pages that packets are cut from
 *
 * Context: Process, when no packet is sent any more.
 */
void rodp_packet_module_exit(void);

/**
 * rodp_packet_is_ours() - whether a received packet was sent by a device of this driver in this kernel
 * @skb: the packet. One whose buffer was copied on its way counts as foreign.
 *
 * Context: Any.
 */
bool rodp_packet_is_ours(const struct sk_buff *skb);

/**
 * rodp_packet_icrc_ok() - whether the ICRC of a received packet is right
 * @skb: a packet that rodp_rx_udp() handed on, the network header in place.
 *
 * Context: Any. Reads every byte of it.
 */
bool rodp_packet_icrc_ok(const struct sk_buff *skb);

/**
 * rodp_packet_consume() - free a packet that was used
 * @skb: the packet. One that is dropped is freed by kfree_skb(), which tools that look for lost packets see.
 *
 * Context: BH disabled.
 */
static inline void rodp_packet_consume(struct sk_buff *skb)
{
	napi_consume_skb(skb, 1);
}

/**
 * rodp_packet_keep() - make a received packet fit to be kept after the receive path returned
 * @skb: the packet. It drops its references to the network stack.
 *
 * Context: Softirq, under RCU.
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

/*
 * Is called with well-formed packets, at least one, all with the same way behind them; it owns them.
 * Context: softirq, under rcu_read_lock().
 */
typedef void (*rodp_packet_receiver)(struct net *net, struct rodp_segments *segs);

#endif
