// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The path by the network: messages are cut into packets of the path MTU. See qp/end/path.h. */
#include "net/packet.h"
#include "net/segments.h"
#include "qp/path/path.h"
#include "qp/recv/read.h"
#include "qp/recv/reply.h"
#include "qp/send/requester.h"

static int wire_send(struct rodp_end *end, struct sk_buff *skb)
{
	rodp_end_assert_either(end);
	return rodp_packet_send(end->dev, &end->flow, skb);
}

static int wire_send_together(struct rodp_end *end, struct rodp_segments *segments)
{
	rodp_end_assert_either(end);
	return rodp_segments_send(end->dev, &end->flow, segments);
}

/*
 * It came in in the namespace of the flow, the addresses are right, and what did not leave this host was sent by a device of this driver:
 * any process can send UDP to port 4791 from its host's own addresses.
 */
static enum rodp_stat wire_admit(struct rodp_end *end, struct net *net, struct sk_buff *skb)
{
	if (!rodp_route_is_in(&end->flow.route, net))
		return RODP_STAT_NO_QP;
	if (!rodp_flow_matches(&end->flow, skb))
		return RODP_STAT_WRONG_PEER;
	if ((skb->dev->flags & IFF_LOOPBACK) && !rodp_packet_is_ours(skb))
		return RODP_STAT_WRONG_PEER;
	return RODP_STAT_NONE;
}

static bool wire_expects(const struct rodp_end *end, struct sk_buff *skb)
{
	return false;
}

static u32 wire_packets(const struct rodp_end *end, u32 bytes)
{
	return bytes ? (bytes - 1) / end->mtu + 1 : 1;
}

/* READs and ATOMICs carry no payload and are one packet. */
static void wire_cut(const struct rodp_end *end, const struct rodp_swqe *wqe, u32 packet,
		     struct rodp_part *part)
{
	part->offset = packet * end->mtu;
	if (rodp_swqe_is_rd_atomic(wqe)) {
		part->payload = wqe->message == RODP_MSG_ATOMIC_WRITE ? sizeof(u64) : 0;
		part->first = part->last = true;
		return;
	}
	part->payload = min(end->mtu, wqe->length - part->offset);
	part->first = packet == 0;
	part->last = packet == wqe->packets - 1;
}

static u8 wire_check(struct rodp_sender *tx, const struct rodp_swqe *wqe)
{
	return IB_WC_SUCCESS;
}

static int wire_answer(const struct rodp_end *end, struct sk_buff *skb, u32 length, u32 offset)
{
	return rodp_packet(skb)->payload == min(end->mtu, length - offset) ? 0 : -EBADMSG;
}

static void wire_retire(struct rodp_sq *sq)
{
	rodp_end_assert_sending(sq->end);
	sq->at.tail++;
}

/* Full packets, except the last. */
static bool wire_fits(const struct rodp_end *end, struct sk_buff *skb)
{
	u32 payload = rodp_packet(skb)->payload, flags = rodp_packet(skb)->op->flags;

	if (flags & (RODP_OPF_FIRST | RODP_OPF_MIDDLE))
		return payload == end->mtu;
	if (flags & RODP_OPF_LAST)
		return payload >= 1 && payload <= end->mtu;
	return payload <= end->mtu;
}

static int wire_read(struct rodp_request *req, const struct rodp_read *read)
{
	rodp_read_step_on(req->rx, read);
	rodp_read_reply(req->rx, req->skb);
	return RODP_ANSWERED;
}

static void wire_read_again(struct rodp_receiver *rx, struct sk_buff *skb)
{
	rodp_read_reply(rx, skb);
	kfree_skb(skb);
	rodp_reply_run(rx);
}

const struct rodp_path_ops rodp_wire_path = {
	.name = "wire",
	.send = wire_send,
	.send_together = wire_send_together,
	.admit = wire_admit,
	.expects = wire_expects,
	.packets = wire_packets,
	.cut = wire_cut,
	.load = rodp_requester_fill,
	.check = wire_check,
	.answer = wire_answer,
	.retire = wire_retire,
	.fits = wire_fits,
	.read = wire_read,
	.read_again = wire_read_again,
};
