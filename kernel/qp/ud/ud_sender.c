// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The sender of datagrams: one work request, one packet, complete once it is on its way. Send
 * lane held throughout.
 */
#include <rdma/ib_addr.h>

#include "net/packet.h"
#include "qp/end/courier.h"
#include "qp/end/qpn.h"
#include "qp/send/flight.h"
#include "qp/send/requester.h"
#include "qp/ud/address.h"
#include "qp/ud/mcast.h"
#include "qp/ud/ud_sender.h"

/* The largest datagram that the netdev carries, all headers told off, bytes. */
static u32 ud_sender_max_bytes(const struct rodp_dev *dev)
{
	return rodp_mtu_bytes(iboe_get_mtu(READ_ONCE(dev->ndev->mtu)));
}

static enum ib_wc_status ud_sender_check(struct rodp_sender *tx, struct rodp_swqe *wqe,
					 const struct rodp_send_wqe *slot)
{
	enum ib_wc_status status = rodp_requester_check_unacked(tx, wqe, slot);

	if (status)
		return status;
	wqe->ud.qpn = READ_ONCE(slot->ud.remote_qpn) & RODP_QPN_MASK;
	wqe->ud.qkey = READ_ONCE(slot->ud.remote_qkey);
	wqe->ud.ah_num = READ_ONCE(slot->ud.ah_num);
	return wqe->length > ud_sender_max_bytes(tx->sq.end->dev) ? IB_WC_LOC_LEN_ERR
								  : IB_WC_SUCCESS;
}

static void ud_sender_fill_headers(const struct rodp_end *end, struct sk_buff *skb,
				   const struct rodp_swqe *wqe, u32 dqpn)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	struct rodp_deth *deth = rodp_packet_header(skb, op->deth);
	bool solicited = wqe->flags & RODP_WQE_SOLICITED;

	rodp_bth_fill(rodp_packet_bth(skb), rodp_packet(skb)->opcode, solicited, -wqe->length & 3,
		      end->pkey, dqpn, false, wqe->first_psn);
	rodp_packet(skb)->solicited = solicited; /* without a network nobody else reads it */
	deth->qkey = cpu_to_be32(wqe->ud.qkey & RODP_QKEY_OWN ? end->qkey : wqe->ud.qkey);
	deth->sqpn = cpu_to_be32(end->ib.qp_num);
	if (op->immdt)
		((struct rodp_immdt *)rodp_packet_header(skb, op->immdt))->imm = wqe->imm_data;
}

/* ERR_PTR: -EAGAIN (parked), -ENOMEM, or why the source cannot be read. */
static struct sk_buff *ud_sender_build(struct rodp_sender *tx, struct rodp_swqe *wqe, u32 dqpn)
{
	int opcode = rodp_opcode_request(tx->sq.end->transport->tp, wqe->message, true, true);
	struct sk_buff *skb = rodp_packet_alloc(opcode, wqe->length);
	struct rodp_part whole = { .wqe = wqe, .payload = wqe->length };
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	ud_sender_fill_headers(tx->sq.end, skb, wqe, dqpn);
	err = rodp_requester_fill(tx, skb, &whole);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* Whether the QP that is meant is one of this host, behind the address that is meant. Under RCU. */
static bool ud_sender_is_near(const struct rodp_end *end, const struct rodp_address *address,
			      u32 dqpn)
{
	const struct rodp_end *peer;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the address and the peer may be freed");
	if (!address->owner || !rodp_courier_is_on())
		return false;
	peer = rodp_qpn_lookup_peer(end, dqpn);
	return peer && peer->dev->serial == address->owner;
}

/* A datagram that is lost on its way is lost: nobody is told. Under RCU. */
static void ud_sender_send(struct rodp_end *end, struct rodp_address *address, u32 dqpn,
			   struct sk_buff *skb)
{
	rodp_end_assert_sending(end);
	if (address->multicast)
		rodp_mcast_loop_back(end, address, skb);
	if (ud_sender_is_near(end, address, dqpn)) {
		rodp_packet_address(&address->flow, skb);
		rodp_courier_take(end, dqpn, skb);
	} else {
		rodp_packet_send(end->dev, &address->flow, skb);
	}
}

/* What others on this host are to get waits for room with the courier, whatever else becomes of it. */
static bool ud_sender_may_send(struct rodp_sender *tx)
{
	if (rodp_courier_has_room())
		return true;
	rodp_lane_rest(&tx->sq.lane, 0);
	return false;
}

/* Returns 0, -EAGAIN (come back later), or why the work request fails, with its status set. */
static int ud_sender_datagram(struct rodp_sender *tx, struct rodp_swqe *wqe)
{
	struct rodp_end *end = tx->sq.end;
	struct rodp_address *address = rodp_address_lookup(end->dev, end->ib.pd, wqe->ud.ah_num);
	u32 dqpn = address && address->multicast ? RODP_QPN_MULTICAST : wqe->ud.qpn;
	struct sk_buff *skb;

	if (!address) {
		wqe->status = IB_WC_LOC_QP_OP_ERR;
		return -EINVAL;
	}
	if (!ud_sender_may_send(tx))
		return -EAGAIN;
	skb = ud_sender_build(tx, wqe, dqpn);
	if (PTR_ERR(skb) == -ENOMEM) {
		rodp_lane_rest(&tx->sq.lane, 1);
		return -EAGAIN;
	}
	if (IS_ERR(skb)) {
		if (PTR_ERR(skb) != -EAGAIN)
			wqe->status = IB_WC_LOC_PROT_ERR;
		return PTR_ERR(skb);
	}
	ud_sender_send(end, address, dqpn, skb);
	return 0;
}

/* Nothing is in flight, ever. */
static void ud_sender_step_on(struct rodp_sender *tx)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.una = tx->flight.sent = tx->flight.psn;
	tx->sq.at.cur++;
	rodp_flight_retire(tx);
}

/* Returns whether to go on. */
static bool ud_sender_send_one(struct rodp_sender *tx, struct rodp_swqe *wqe)
{
	int err;

	rcu_read_lock();
	err = wqe->status ? -EINVAL : ud_sender_datagram(tx, wqe);
	rcu_read_unlock();
	if (!err)
		ud_sender_step_on(tx);
	else if (wqe->status)
		rodp_flight_fail(tx, wqe->status);
	return !err;
}

static void ud_sender_run(struct rodp_sender *tx)
{
	int budget = RODP_SEND_BATCH;
	struct rodp_swqe *wqe;

	rodp_end_assert_sending(tx->sq.end);
	while (!tx->source.waiting && !tx->sq.lane.state.resting &&
	       (wqe = rodp_flight_current(tx))) {
		if (!budget--) {
			rodp_lane_rest(&tx->sq.lane, 0);
			break;
		}
		if (!ud_sender_send_one(tx, wqe))
			break;
	}
}

const struct rodp_send_ops rodp_ud_send_ops = {
	.check = ud_sender_check,
	.run = ud_sender_run,
};
