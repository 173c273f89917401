// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The receiver of datagrams (IBTA vol. 1, 9.8.3). Receive lane held throughout.
 *
 * They come from anywhere: what is not for this QP, or finds no receive that it fits, is dropped and
 * counted, and takes nothing with it. A datagram that meets an absent page is kept in
 * hand as a request is (responder.c); those behind it wait in the lane, which drops what it has no room for.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "net/drop.h"
#include "net/packet.h"
#include "qp/end/tell.h"
#include "qp/queue/srq.h"
#include "qp/recv/receiver.h"
#include "qp/ud/ud_receiver.h"
#include "qp/xfer/xfer.h"

/* What the datagram is not wanted for, or RODP_STAT_NONE. */
static enum rodp_stat ud_receiver_objection(const struct rodp_end *end, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_deth *deth = rodp_packet_header(skb, pkt->op->deth);

	if (!rodp_end_receives(end))
		return RODP_STAT_WRONG_STATE;
	if (be32_to_cpu(deth->qkey) != end->qkey)
		return RODP_STAT_BAD_QKEY;
	return pkt->payload > end->mtu ? RODP_STAT_BAD_LENGTH : RODP_STAT_NONE;
}

/* The packet's own network header; an IPv4 one stands at the end (annex A17.4.5.1). */
static void ud_receiver_fill_grh(u8 *grh, const struct sk_buff *skb)
{
	if (ip_hdr(skb)->version == 4) {
		memset(grh, 0, RODP_GRH_BYTES - sizeof(struct iphdr));
		memcpy(grh + RODP_GRH_BYTES - sizeof(struct iphdr), ip_hdr(skb),
		       sizeof(struct iphdr));
	} else {
		memcpy(grh, ipv6_hdr(skb), sizeof(struct ipv6hdr));
	}
}

/* A part of what goes into the receive's buffers: bytes at `at` of them, unless already there. */
static int ud_receiver_place_part(struct rodp_receiver *rx, void *buf, u32 at, u32 bytes, u32 total)
{
	const struct rodp_srq *srq = rx->rq.srq;
	struct rodp_xfer xfer = {
		.buf = buf,
		.bytes = bytes,
		.done = rx->hand.done - at,
		.extent = total - at,
		.pd = srq ? srq->ib.pd : rx->rq.end->ib.pd,
		.write = true,
	};
	int err;

	if (rx->hand.done >= at + bytes)
		return 0;
	err = rodp_xfer_sgl(&rx->park, rx->rq.rwqe.sge, rx->rq.rwqe.num_sge, at, &xfer);
	rx->hand.done = at + xfer.done;
	return err;
}

static int ud_receiver_place(struct rodp_receiver *rx, struct sk_buff *skb)
{
	u32 payload = rodp_packet(skb)->payload, total = RODP_GRH_BYTES + payload;
	u8 grh[RODP_GRH_BYTES];
	int err;

	ud_receiver_fill_grh(grh, skb);
	err = ud_receiver_place_part(rx, grh, 0, RODP_GRH_BYTES, total);
	if (err)
		return err;
	return ud_receiver_place_part(rx, rodp_packet_payload(skb), RODP_GRH_BYTES, payload, total);
}

static void ud_receiver_complete(struct rodp_receiver *rx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_deth *deth = rodp_packet_header(skb, pkt->op->deth);
	struct rodp_cqe cqe = {
		.status = IB_WC_SUCCESS,
		.opcode = IB_WC_RECV,
		.byte_len = RODP_GRH_BYTES + pkt->payload,
		.src_qp = be32_to_cpu(deth->sqpn) & RODP_QPN_MASK,
		.wc_flags = IB_WC_GRH,
		.sl = pkt->sl,
		.vlan_id = pkt->vlan,
	};

	if (pkt->op->immdt) {
		cqe.wc_flags |= IB_WC_WITH_IMM;
		cqe.imm_data = ((struct rodp_immdt *)rodp_packet_header(skb, pkt->op->immdt))->imm;
	}
	rodp_rq_complete(&rx->rq, &cqe, pkt->solicited);
}

/* Our own receive is bad, whoever sent what. */
static void ud_receiver_fail(struct rodp_receiver *rx, enum ib_wc_status status)
{
	struct rodp_cqe cqe = { .status = status, .opcode = IB_WC_RECV };

	rodp_rq_complete(&rx->rq, &cqe, true);
	rodp_end_fail(rx->rq.end, &rx->rq.lane, 0);
}

static bool ud_receiver_drop(struct rodp_receiver *rx, enum rodp_stat why)
{
	rodp_stats_inc(rx->rq.end->dev->stats, why);
	return false;
}

/* Returns true when skb is to be kept: the lane is parked with it in hand. */
static bool ud_receiver_take(struct rodp_receiver *rx, struct sk_buff *skb)
{
	struct rodp_rq *rq = &rx->rq;
	int err = rq->at.taken ? 0 : rodp_rq_take(rq, rq->srq);

	if (err == -ENOENT)
		return ud_receiver_drop(rx, RODP_STAT_OUT_OF_BUFFER);
	if (err) {
		ud_receiver_fail(rx, IB_WC_LOC_QP_OP_ERR);
		return false;
	}
	/* The receive is for the next one. */
	if (RODP_GRH_BYTES + rodp_packet(skb)->payload > rq->rwqe.length)
		return ud_receiver_drop(rx, RODP_STAT_BAD_LENGTH);
	err = ud_receiver_place(rx, skb);
	if (err == -EAGAIN)
		return true;
	if (err)
		ud_receiver_fail(rx, IB_WC_LOC_PROT_ERR);
	else
		ud_receiver_complete(rx, skb);
	return false;
}

/* Consumes or keeps skb. */
static void ud_receiver_carry_out(struct rodp_receiver *rx, struct sk_buff *skb)
{
	bool kept;

	rodp_end_assert_receiving(rx->rq.end);
	kept = ud_receiver_take(rx, skb);
	if (kept && rx->hand.skb != skb)
		rodp_packet_keep(skb);
	rx->hand.skb = kept ? skb : NULL;
	rx->rq.lane.state.stalled = kept;
	if (kept)
		return;
	rx->hand.done = 0;
	kfree_skb(skb);
}

static void ud_receiver_packet(struct rodp_lane *lane, struct sk_buff *skb)
{
	struct rodp_receiver *rx = to_rodp_receiver(lane);
	enum rodp_stat why;

	lockdep_assert_held(&lane->lock);
	why = ud_receiver_objection(rx->rq.end, skb);
	if (why == RODP_STAT_NONE)
		ud_receiver_carry_out(rx, skb);
	else
		rodp_packet_drop(rx->rq.end->dev, skb, why);
}

static void ud_receiver_run(struct rodp_lane *lane)
{
	struct rodp_receiver *rx = to_rodp_receiver(lane);
	struct rodp_end *end = rx->rq.end;

	lockdep_assert_held(&lane->lock);
	if (rodp_end_receives(end) && rx->hand.skb && !rx->park.waiting && !lane->state.resting)
		ud_receiver_carry_out(rx, rx->hand.skb);
	if (rodp_end_is_broken(end))
		rodp_receiver_flush(rx);
}

const struct rodp_lane_ops rodp_ud_receiver_lane_ops = {
	.packet = ud_receiver_packet,
	.run = ud_receiver_run,
	.after = rodp_receiver_after,
};
