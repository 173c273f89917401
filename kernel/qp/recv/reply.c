// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Answers to READs, and the memory of READs and ATOMICs whose answers may have to
 * be given again (IBTA vol. 1, 9.4.5, 9.7.5.2). Receive lane held throughout.
 */
#include "net/packet.h"
#include "qp/lane/courier.h"
#include "qp/lane/tell.h"
#include "qp/lane/xfer.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/reply.h"

struct rodp_rd_atomic *rodp_rq_remember(struct rodp_qp *qp, u32 kind, u32 psn, u32 packets)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_rd_atomic *res = &rq->rd_atomic[rq->rd_atomic_next++ % rq->rd_atomic_size];

	res->kind = kind;
	res->first_psn = psn;
	res->packets = packets;
	res->valid = true;
	return res;
}

struct rodp_rd_atomic *rodp_rq_recall(struct rodp_qp *qp, u32 psn)
{
	struct rodp_rq *rq = &qp->rq;
	u32 i;

	for (i = 0; i < rq->rd_atomic_size; i++) {
		struct rodp_rd_atomic *res = &rq->rd_atomic[i];

		if (res->valid && rodp_psn_distance(res->first_psn, psn) < res->packets)
			return res;
	}
	return NULL;
}

void rodp_reply_start(struct rodp_qp *qp, u32 psn, u64 va, u32 length, u32 rkey, bool duplicate)
{
	qp->rq.reply = (struct rodp_reply){
		.active = true,
		.duplicate = duplicate,
		.psn = psn,
		.packets = max(1u, DIV_ROUND_UP(length, qp->mtu)),
		.va = va,
		.length = length,
		.rkey = rkey,
		.srqn = qp->rq.srqn,
	};
}

/* False: the memory is not, or no longer, the peer's to read. */
static bool reply_grant(struct rodp_qp *qp, struct rodp_grant *grant, u64 va, u32 bytes)
{
	const struct rodp_reply *reply = &qp->rq.reply;
	struct ib_pd *pd = qp->ib.pd;
	struct rodp_srq *srq = NULL;
	bool granted = false;

	if (qp->init.xrcd) {
		srq = rodp_srq_get(qp->init.xrcd, reply->srqn);
		pd = srq ? srq->ib.pd : NULL;
	}
	if (pd)
		granted = rodp_xfer_grant(qp, pd, grant, reply->rkey, IB_ACCESS_REMOTE_READ, va,
					  bytes);
	if (srq)
		rodp_srq_put(srq);
	return granted;
}

/* Payload of the next packet. -EAGAIN: parked. */
static int reply_fill(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_reply *reply = &qp->rq.reply;
	u32 offset = reply->packet * qp->mtu;
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = rodp_packet(skb)->payload,
		.extent = reply->length - offset,
	};
	struct rodp_grant grant;
	int err;

	if (!xfer.bytes)
		return 0;
	if (!reply_grant(qp, &grant, reply->va + offset, xfer.bytes))
		return -EACCES;
	err = rodp_xfer_mr(&qp->rq.park, grant.mr, grant.iova, &xfer);
	rodp_grant_put(&grant);
	return err;
}

static struct sk_buff *reply_build(struct rodp_qp *qp)
{
	struct rodp_reply *reply = &qp->rq.reply;
	bool first = reply->packet == 0, last = reply->packet == reply->packets - 1;
	u8 opcode = rodp_opcode_read_response(qp->transport, first, last);
	u32 payload = min(qp->mtu, reply->length - reply->packet * qp->mtu);
	struct sk_buff *skb = rodp_packet_alloc(opcode, payload);
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	rodp_bth_fill(rodp_packet_bth(skb), opcode, false, -payload & 3, qp->pkey, qp->dest_qpn,
		      false, reply->psn);
	if (rodp_packet(skb)->op->aeth)
		rodp_aeth_fill(rodp_packet_header(skb, rodp_packet(skb)->op->aeth),
			       RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED, qp->rq.msn);
	err = reply_fill(qp, skb);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* The memory is not, or no longer, the peer's to read. */
static void reply_refuse(struct rodp_qp *qp)
{
	struct rodp_reply *reply = &qp->rq.reply;

	reply->active = false;
	rodp_send_nak(qp, reply->psn, RODP_NAK_REM_ACCESS);
	rodp_qp_fail(qp, &qp->rq.lane, RODP_TELL_QP_ACCESS_ERR);
}

/* One packet. Returns 0, or why to stop for now. */
static int reply_step(struct rodp_qp *qp)
{
	struct rodp_reply *reply = &qp->rq.reply;
	struct sk_buff *skb = reply_build(qp);
	int err;

	if (IS_ERR(skb)) {
		err = PTR_ERR(skb);
		if (err == -ENOMEM)
			rodp_lane_rest(&qp->rq.lane, 1);
		else if (err != -EAGAIN)
			reply_refuse(qp);
		return err;
	}
	err = rodp_packet_send(qp->dev, &qp->flow, skb);
	if (err == -EAGAIN) {
		/* Trap T18: nobody would miss this packet before a timeout. Make it again. */
		rodp_lane_rest(&qp->rq.lane, 1);
		return err;
	}
	reply->psn = rodp_psn_add(reply->psn, 1);
	if (++reply->packet == reply->packets)
		reply->active = false;
	return 0;
}

void rodp_reply_run(struct rodp_qp *qp)
{
	int budget = RODP_SEND_BATCH;

	while (qp->rq.reply.active && !qp->rq.lane.resting) {
		if (!budget--) {
			rodp_lane_rest(&qp->rq.lane, 0);
			return;
		}
		if (reply_step(qp))
			return;
	}
}
