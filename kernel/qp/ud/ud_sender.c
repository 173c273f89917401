// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The sender of datagrams: one work request, one packet, complete once it is on its way. Send
 * lane held throughout.
 */
#include "net/packet.h"
#include "qp/lane/courier.h"
#include "qp/lane/qpn.h"
#include "qp/lane/xfer.h"
#include "qp/queue/sq.h"
#include "qp/ud/address.h"
#include "qp/ud/mcast.h"
#include "qp/ud/ud_sender.h"

static void fill_headers(struct rodp_qp *qp, struct sk_buff *skb, const struct rodp_swqe *wqe,
			 u32 dqpn)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	struct rodp_deth *deth = rodp_packet_header(skb, op->deth);
	bool solicited = wqe->flags & RODP_WQE_SOLICITED;

	rodp_bth_fill(rodp_packet_bth(skb), rodp_packet(skb)->opcode, solicited, -wqe->length & 3,
		      qp->pkey, dqpn, false, wqe->first_psn);
	rodp_packet(skb)->solicited = solicited; /* without a network nobody else reads it */
	deth->qkey = cpu_to_be32(wqe->ud.qkey & RODP_QKEY_OWN ? qp->qkey : wqe->ud.qkey);
	deth->sqpn = cpu_to_be32(qp->ib.qp_num);
	if (op->immdt)
		((struct rodp_immdt *)rodp_packet_header(skb, op->immdt))->imm = wqe->imm_data;
}

static int fill_payload(struct rodp_qp *qp, struct sk_buff *skb, const struct rodp_swqe *wqe)
{
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = wqe->length,
		.extent = wqe->length,
	};

	if (wqe->is_inline) {
		memcpy(xfer.buf, wqe->data, wqe->length);
		return 0;
	}
	return xfer.bytes ? rodp_xfer_sgl(qp, &qp->sq.tx_park, wqe->sge, wqe->num_sge, 0, &xfer)
			  : 0;
}

/* ERR_PTR: -EAGAIN (parked), -ENOMEM, or why the source cannot be read. */
static struct sk_buff *datagram_build(struct rodp_qp *qp, const struct rodp_swqe *wqe, u32 dqpn)
{
	int opcode = rodp_opcode_request(RODP_TP_UD, wqe->message, true, true);
	struct sk_buff *skb = rodp_packet_alloc(opcode, wqe->length);
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	fill_headers(qp, skb, wqe, dqpn);
	err = fill_payload(qp, skb, wqe);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* Whether the QP that is meant is one of this host, behind the address that is meant. Under RCU. */
static bool is_near(const struct rodp_address *address, u32 dqpn)
{
	const struct rodp_qp *peer;

	if (!address->owner || !rodp_courier_is_on())
		return false;
	peer = rodp_qpn_lookup(dqpn);
	return peer && peer->dev == address->owner && peer->transport == RODP_TP_UD;
}

/* A datagram that is lost on its way is lost: nobody is told. Under RCU. */
static void datagram_send(struct rodp_qp *qp, struct rodp_address *address, u32 dqpn,
			  struct sk_buff *skb)
{
	if (address->multicast)
		rodp_mcast_loop_back(qp, address, skb);
	if (is_near(address, dqpn)) {
		rodp_packet_address(&address->flow, skb);
		rodp_courier_take(qp, dqpn, skb);
	} else {
		rodp_packet_send(qp->dev, &address->flow, skb);
	}
}

/* Returns 0, -EAGAIN (come back later), or why the work request fails, with its status set. */
static int datagram(struct rodp_qp *qp, struct rodp_swqe *wqe)
{
	struct rodp_address *address = rodp_address_lookup(qp->dev, qp->ib.pd, wqe->ud.ah_num);
	u32 dqpn = address && address->multicast ? RODP_QPN_MULTICAST : wqe->ud.qpn;
	struct sk_buff *skb;

	if (!address) {
		wqe->status = IB_WC_LOC_QP_OP_ERR;
		return -EINVAL;
	}
	skb = datagram_build(qp, wqe, dqpn);
	if (PTR_ERR(skb) == -ENOMEM) {
		rodp_lane_rest(&qp->sq.lane, 1);
		return -EAGAIN;
	}
	if (IS_ERR(skb)) {
		if (PTR_ERR(skb) != -EAGAIN)
			wqe->status = IB_WC_LOC_PROT_ERR;
		return PTR_ERR(skb);
	}
	datagram_send(qp, address, dqpn, skb);
	return 0;
}

/* The WQE to send, or NULL. */
static struct rodp_swqe *current_wqe(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (sq->cur != sq->head)
		return rodp_sq_wqe(sq, sq->cur);
	return qp->state == IB_QPS_RTS ? rodp_sq_fetch(qp) : NULL;
}

/* Nothing is in flight, ever. */
static void step_on(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	sq->una = sq->sent = sq->psn;
	sq->cur++;
	rodp_sq_retire(qp);
}

void rodp_ud_sender_run(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	int budget = RODP_SEND_BATCH;
	struct rodp_swqe *wqe;
	int err;

	if (qp->state != IB_QPS_RTS && qp->state != IB_QPS_SQD)
		return;
	while (!sq->tx_park.waiting && !sq->lane.resting && (wqe = current_wqe(qp))) {
		if (!budget--) {
			rodp_lane_rest(&sq->lane, 0);
			break;
		}
		rcu_read_lock();
		err = wqe->status ? -EINVAL : datagram(qp, wqe);
		rcu_read_unlock();
		if (!err) {
			step_on(qp);
			continue;
		}
		if (wqe->status)
			rodp_sq_fail(qp, wqe->status);
		break;
	}
}
