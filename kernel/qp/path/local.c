// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The local path: two QPs of one network namespace, without a network. The same packets, PSNs,
 * checks and answers as on the wire, but a message is one packet however long, and its payload is
 * lent (loan.h). See qp/end/path.h.
 */
#include "net/packet.h"
#include "qp/end/courier.h"
#include "qp/path/loan.h"
#include "qp/path/path.h"
#include "qp/recv/ack.h"
#include "qp/recv/read.h"
#include "qp/recv/responder.h"
#include "qp/send/requester.h"

/* Requests wait for room; answers find it. */
static int local_send(struct rodp_end *end, struct sk_buff *skb)
{
	if ((rodp_packet(skb)->op->flags & RODP_OPF_REQUEST) && !rodp_courier_has_room()) {
		kfree_skb(skb);
		return -EBUSY;
	}
	rodp_packet(skb)->mtu = end->attr.path_mtu;
	rodp_courier_take(end, end->dest_qpn, skb);
	return 0;
}

static enum rodp_stat local_admit(struct rodp_end *end, struct net *net, struct sk_buff *skb)
{
	return RODP_STAT_WRONG_PEER;
}

static bool local_expects(const struct rodp_end *end, struct sk_buff *skb)
{
	return end->dest_qpn == rodp_packet(skb)->sqpn;
}

static u32 local_packets(const struct rodp_end *end, u32 bytes)
{
	return 1;
}

/* An ATOMIC WRITE's word travels in its packet, so that it is stored by one instruction. */
static void local_cut(const struct rodp_end *end, const struct rodp_swqe *wqe, u32 packet,
		      struct rodp_part *part)
{
	part->offset = 0;
	part->payload = wqe->message == RODP_MSG_ATOMIC_WRITE ? sizeof(u64) : 0;
	part->first = part->last = true;
}

/* The peer fetches the payload, or delivers the answer, itself. */
static int local_load(struct rodp_sender *tx, struct sk_buff *skb, const struct rodp_part *part)
{
	struct rodp_packet *pkt = rodp_packet(skb);

	pkt->psn = part->psn;
	pkt->ackreq = true;
	pkt->solicited = part->wqe->flags & RODP_WQE_SOLICITED;
	if (pkt->op->flags & RODP_OPF_PAYLOAD)
		pkt->payload = part->wqe->length;
	rodp_loan_lend(tx->loan, tx->sq.at.cur, skb);
	return rodp_requester_fill(tx, skb, part);
}

static u8 local_check(struct rodp_sender *tx, const struct rodp_swqe *wqe)
{
	return wqe->is_inline ? IB_WC_SUCCESS : rodp_requester_check_keys(tx->sq.end, wqe, 0);
}

/* What the far end would have refused on the wire. */
static bool local_mtus_agree(const struct rodp_end *end, struct sk_buff *skb, u32 bytes)
{
	return rodp_mtus_agree(rodp_mtu_bytes(rodp_packet(skb)->mtu), end->mtu, bytes);
}

/* The peer put the data where it belongs. */
static int local_answer(const struct rodp_end *end, struct sk_buff *skb, u32 length, u32 offset)
{
	return local_mtus_agree(end, skb, length) ? 1 : -EBADMSG;
}

static void local_retire(struct rodp_sq *sq)
{
	rodp_loan_step(container_of(sq, struct rodp_sender, sq)->loan);
}

static bool local_fits(const struct rodp_end *end, struct sk_buff *skb)
{
	return local_mtus_agree(end, skb, rodp_packet(skb)->payload);
}

/* Put the data where the requester wants it. */
static int local_place_read(struct rodp_request *req, const struct rodp_read *read)
{
	struct rodp_xfer xfer = rodp_request_xfer(req, read->length, read->length, false);
	struct rodp_receiver *rx = req->rx;
	u32 psn = rodp_packet(req->skb)->psn;
	int err = 0;

	if (read->length)
		err = rodp_xfer_mr(&rx->park, read->grant.mr, read->grant.iova, &xfer);
	rx->hand.done = xfer.done;
	if (unlikely(err))
		return rodp_request_stopped_at_rkey(req, err);
	if (psn == rx->seq.epsn)
		rodp_read_step_on(rx, read);
	rodp_send_read_placed(rx, psn);
	return RODP_ANSWERED;
}

const struct rodp_path_ops rodp_local_path = {
	.name = "local",
	.direct = true,
	.send = local_send,
	.admit = local_admit,
	.expects = local_expects,
	.packets = local_packets,
	.cut = local_cut,
	.load = local_load,
	.check = local_check,
	.answer = local_answer,
	.retire = local_retire,
	.fits = local_fits,
	.read = local_place_read,
	.read_again = rodp_responder_take,
};
