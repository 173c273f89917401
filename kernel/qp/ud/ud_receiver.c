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
#include "qp/lane/tell.h"
#include "qp/lane/xfer.h"
#include "qp/queue/rq.h"
#include "qp/ud/ud_receiver.h"

/* What the datagram is not wanted for, or RODP_STAT_COUNT: it is. */
static enum rodp_stat objection(const struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_deth *deth = rodp_packet_header(skb, pkt->op->deth);

	if (!rodp_qp_may_receive(qp))
		return RODP_STAT_WRONG_STATE;
	if (be32_to_cpu(deth->qkey) != qp->qkey)
		return RODP_STAT_BAD_QKEY;
	return pkt->payload > qp->mtu ? RODP_STAT_BAD_LENGTH : RODP_STAT_COUNT;
}

/* The packet's own network header; an IPv4 one stands at the end (annex A17.4.5.1). */
static void fill_grh(u8 *grh, const struct sk_buff *skb)
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
static int place_part(struct rodp_qp *qp, void *buf, u32 at, u32 bytes, u32 total)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_xfer xfer = {
		.buf = buf,
		.bytes = bytes,
		.done = rq->hand_done - at,
		.extent = total - at,
		.write = true,
	};
	int err;

	if (rq->hand_done >= at + bytes)
		return 0;
	err = rodp_xfer_sgl(qp, &rq->park, rq->rwqe.sge, rq->rwqe.num_sge, at, &xfer);
	rq->hand_done = at + xfer.done;
	return err;
}

static int place(struct rodp_qp *qp, struct sk_buff *skb)
{
	u32 payload = rodp_packet(skb)->payload, total = RODP_GRH_BYTES + payload;
	u8 grh[RODP_GRH_BYTES];
	int err;

	fill_grh(grh, skb);
	err = place_part(qp, grh, 0, RODP_GRH_BYTES, total);
	return err ?: place_part(qp, rodp_packet_payload(skb), RODP_GRH_BYTES, payload, total);
}

static void complete_datagram(struct rodp_qp *qp, struct sk_buff *skb)
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
	rodp_rq_complete(qp, &cqe, pkt->solicited);
}

/* Our own receive is bad, whoever sent what. */
static void fail(struct rodp_qp *qp, enum ib_wc_status status)
{
	struct rodp_cqe cqe = { .status = status, .opcode = IB_WC_RECV };

	rodp_rq_complete(qp, &cqe, true);
	rodp_qp_fail(qp, &qp->rq.lane, 0);
}

static bool dropped(struct rodp_qp *qp, enum rodp_stat why)
{
	rodp_stats_inc(qp->dev->stats, why);
	return false;
}

/* Returns true when skb is to be kept: the lane is parked with it in hand. */
static bool take(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	int err = rq->rwqe_taken ? 0 : rodp_rq_take(qp);

	if (err == -ENOENT)
		return dropped(qp, RODP_STAT_OUT_OF_BUFFER);
	if (err) {
		fail(qp, IB_WC_LOC_QP_OP_ERR);
		return false;
	}
	if (RODP_GRH_BYTES + rodp_packet(skb)->payload > rq->rwqe.length)
		return dropped(qp, RODP_STAT_BAD_LENGTH); /* the receive is for the next one */
	err = place(qp, skb);
	if (err == -EAGAIN)
		return true;
	if (err)
		fail(qp, IB_WC_LOC_PROT_ERR);
	else
		complete_datagram(qp, skb);
	return false;
}

/* Consumes or keeps skb. */
static void carry_out(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	bool kept = take(qp, skb);

	if (kept && rq->hand != skb)
		rodp_packet_keep(skb);
	rq->hand = kept ? skb : NULL;
	rq->lane.stalled = kept;
	if (kept)
		return;
	rq->hand_done = 0;
	kfree_skb(skb);
}

static void ud_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	enum rodp_stat why = objection(qp, skb);

	if (why == RODP_STAT_COUNT)
		carry_out(qp, skb);
	else
		rodp_packet_drop(qp->dev, skb, why);
}

static void ud_run(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;

	if (qp->state != IB_QPS_ERR && rq->hand && !rq->park.waiting && !rq->lane.resting)
		carry_out(qp, rq->hand);
	if (qp->state == IB_QPS_ERR)
		rodp_rq_run_flush(qp);
}

const struct rodp_lane_ops rodp_ud_receiver_ops = {
	.packet = ud_packet,
	.run = ud_run,
	.after = rodp_qp_after,
};
