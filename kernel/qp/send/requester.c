// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The requester: cuts work requests into packets and sends them, as far as the
 * window, the peer's resources and the memory allow. Send lane held throughout.
 */
#include "net/packet.h"
#include "net/segments.h"
#include "qp/end/path.h"
#include "qp/send/answers.h"
#include "qp/send/bind.h"
#include "qp/send/flight.h"
#include "qp/send/requester.h"
#include "qp/send/timer.h"
#include "qp/xfer/xfer.h"

enum ib_wc_status rodp_requester_check_keys(const struct rodp_end *end, const struct rodp_swqe *wqe,
					    u32 access)
{
	struct rodp_mr *mr;
	u8 i;

	rodp_end_assert_sending(end);
	for (i = 0; i < wqe->num_sge; i++) {
		if (!wqe->sge[i].length)
			continue;
		mr = rodp_mr_get(end->dev, end->ib.pd, wqe->sge[i].lkey, access, wqe->sge[i].addr,
				 wqe->sge[i].length);
		if (!mr)
			return IB_WC_LOC_PROT_ERR;
		rodp_mr_put(mr);
	}
	return IB_WC_SUCCESS;
}

static enum ib_wc_status requester_check_rd_atomic(const struct rodp_end *end,
						   const struct rodp_swqe *wqe)
{
	if (!end->max_rd_atomic)
		return IB_WC_LOC_QP_OP_ERR;
	if (wqe->message == RODP_MSG_FLUSH)
		return IB_WC_SUCCESS;
	if (wqe->message != RODP_MSG_READ && wqe->length != sizeof(u64))
		return IB_WC_LOC_LEN_ERR;
	if (wqe->message == RODP_MSG_ATOMIC_WRITE) /* its source is read when it is sent */
		return IB_WC_SUCCESS;
	return rodp_requester_check_keys(end, wqe, IB_ACCESS_LOCAL_WRITE);
}

enum ib_wc_status rodp_requester_check(struct rodp_sender *tx, struct rodp_swqe *wqe,
				       const struct rodp_send_wqe *slot)
{
	rodp_end_assert_sending(tx->sq.end);
	if (rodp_swqe_is_rd_atomic(wqe))
		return requester_check_rd_atomic(tx->sq.end, wqe);
	return tx->sq.end->path->check(tx, wqe);
}

/* No memory windows either: nothing that is done here without a message. */
enum ib_wc_status rodp_requester_check_unacked(struct rodp_sender *tx, struct rodp_swqe *wqe,
					       const struct rodp_send_wqe *slot)
{
	enum rodp_transport tp = tx->sq.end->transport->tp;

	rodp_end_assert_sending(tx->sq.end);
	return wqe->no_message || rodp_opcode_request(tp, wqe->message, true, true) < 0
		       ? IB_WC_LOC_QP_OP_ERR
		       : IB_WC_SUCCESS;
}

static void requester_fill_reth(struct rodp_reth *reth, const struct rodp_part *part)
{
	const struct rodp_swqe *wqe = part->wqe;

	reth->va = cpu_to_be64(wqe->remote_addr + part->offset);
	reth->rkey = cpu_to_be32(wqe->rkey);
	reth->length = cpu_to_be32(part->extent);
}

static void requester_fill_atomiceth(struct rodp_atomiceth *eth, const struct rodp_swqe *wqe)
{
	bool swap = wqe->message == RODP_MSG_CMP_SWAP;

	eth->va = cpu_to_be64(wqe->remote_addr);
	eth->rkey = cpu_to_be32(wqe->rkey);
	eth->swap_add = cpu_to_be64(swap ? wqe->swap : wqe->compare_add);
	eth->compare = cpu_to_be64(swap ? wqe->compare_add : 0);
}

static void requester_fill_headers(struct sk_buff *skb, const struct rodp_part *part)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	const struct rodp_swqe *wqe = part->wqe;

	if (op->xrceth)
		((struct rodp_xrceth *)rodp_packet_header(skb, op->xrceth))->srqn = cpu_to_be32(
			wqe->srqn & RODP_QPN_MASK);
	if (op->reth)
		requester_fill_reth(rodp_packet_header(skb, op->reth), part);
	if (op->feth)
		((struct rodp_feth *)rodp_packet_header(skb, op->feth))->bits = cpu_to_be32(
			wqe->flush);
	if (op->atomiceth)
		requester_fill_atomiceth(rodp_packet_header(skb, op->atomiceth), wqe);
	if (op->immdt)
		((struct rodp_immdt *)rodp_packet_header(skb, op->immdt))->imm = wqe->imm_data;
	if (op->ieth)
		((struct rodp_ieth *)rodp_packet_header(skb, op->ieth))->rkey = cpu_to_be32(
			wqe->invalidate_rkey);
}

/* The last packet of a message, or of a repair, and enough of the others to keep the window open. */
static bool requester_asks(const struct rodp_sender *tx, const struct rodp_part *part)
{
	const struct rodp_flight *flight = &tx->flight;

	return tx->sq.end->transport->acked &&
	       (part->last || flight->unrequested >= RODP_WINDOW / 2 || flight->again == 1 ||
		rodp_repair_asks(&flight->repair, part->psn));
}

/* The payload if it is of one entry and present, which it mostly is: the shortest way. */
static bool requester_gather_one(struct rodp_sender *tx, struct sk_buff *skb,
				 const struct rodp_part *part)
{
	const struct rodp_end *end = tx->sq.end;
	const struct rodp_sge *sge = part->wqe->sge;
	struct rodp_mr *mr;
	u64 iova;

	if (part->wqe->num_sge != 1 || !part->hold)
		return false;
	iova = sge->addr + part->offset;
	mr = rodp_hold_get(part->hold, end->dev, end->ib.pd, sge->lkey, 0, iova, part->payload);
	return mr &&
	       rodp_mr_read(mr, iova, rodp_packet_payload(skb), part->payload) == part->payload;
}

/* The payload, from the memory of the scatter/gather list. */
static int requester_gather(struct rodp_sender *tx, struct sk_buff *skb,
			    const struct rodp_part *part)
{
	const struct rodp_swqe *wqe = part->wqe;
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = part->payload,
		.extent = wqe->length - part->offset,
		.pd = tx->sq.end->ib.pd,
		.hold = part->hold,
	};

	return rodp_xfer_sgl(&tx->source, wqe->sge, wqe->num_sge, part->offset, &xfer);
}

int rodp_requester_fill(struct rodp_sender *tx, struct sk_buff *skb, const struct rodp_part *part)
{
	rodp_end_assert_sending(tx->sq.end);
	if (!part->payload)
		return 0;
	if (!part->wqe->is_inline)
		return requester_gather_one(tx, skb, part) ? 0 : requester_gather(tx, skb, part);
	memcpy(rodp_packet_payload(skb), part->wqe->data + part->offset, part->payload);
	return 0;
}

/* ERR_PTR: -EAGAIN (parked), -ENOMEM, or why the source cannot be read. */
static struct sk_buff *requester_build(struct rodp_sender *tx, const struct rodp_part *part)
{
	const struct rodp_swqe *wqe = part->wqe;
	const struct rodp_end *end = tx->sq.end;
	u8 opcode = rodp_opcode_of(end->transport->tp, wqe->message, part->first, part->last);
	struct sk_buff *skb = rodp_packet_alloc(opcode, part->payload);
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	rodp_bth_fill(rodp_packet_bth(skb), opcode, part->last && (wqe->flags & RODP_WQE_SOLICITED),
		      -part->payload & 3, end->pkey, end->dest_qpn, part->asks, part->psn);
	requester_fill_headers(skb, part);
	err = end->path->load(tx, skb, part);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* Nobody will say that it arrived. */
void rodp_requester_sent_unacked(struct rodp_sender *tx, bool last)
{
	rodp_end_assert_sending(tx->sq.end);
	tx->flight.una = tx->flight.sent;
	if (last)
		rodp_flight_retire(tx);
}

/* A probe says nothing of the network: the peer may be slow. */
static void requester_count_again(const struct rodp_sender *tx)
{
	const struct rodp_flight *flight = &tx->flight;

	if (!(flight->again && flight->probing))
		rodp_stats_inc(tx->sq.end->dev->stats, RODP_STAT_RETRANSMITS);
}

/* The packet is on its way: count, and step to the next one. */
static void requester_advance(struct rodp_sender *tx, const struct rodp_part *part)
{
	const struct rodp_send_ops *send = tx->sq.end->transport->send;
	struct rodp_flight *flight = &tx->flight;
	bool whole = rodp_swqe_is_rd_atomic(part->wqe);
	u32 behind = rodp_psn_add(part->wqe->first_psn,
				  whole ? part->wqe->packets : flight->cur_packet + 1);

	rodp_end_assert_sending(tx->sq.end);
	rodp_lane_sends(&tx->sq.lane, part->payload);
	if (rodp_psn_cmp(part->psn, flight->sent) < 0)
		requester_count_again(tx);
	else if (part->asks && !flight->rtt.since)
		rodp_rtt_begin(&flight->rtt, part->psn, ktime_get_ns());
	if (rodp_psn_cmp(behind, flight->sent) > 0)
		flight->sent = behind;
	flight->unrequested = part->asks ? 0 : flight->unrequested + 1;
	if (part->last) {
		flight->rd_atomic += whole;
		tx->sq.at.cur++;
		flight->cur_packet = 0;
	} else {
		flight->cur_packet++;
	}
	rodp_flight_repaired(tx, behind);
	if (send->sent)
		send->sent(tx, part->last);
}

/*
 * Whether a packet that was given to the path counts as sent. If this host's own queue is full
 * (verbs/network/qdisc_drops) it is made again a little later: going back costs the whole window.
 * What is lost further on, and what is refused for long, is the timer's to notice.
 */
static bool requester_is_sent(struct rodp_sender *tx, int err)
{
	struct rodp_lane *lane = &tx->sq.lane;

	if (err == -EBUSY) {
		rodp_lane_rest(lane, 0);
		return false;
	}
	if (err == -EAGAIN)
		return !rodp_lane_refused(lane);
	lane->state.refused = 0;
	return true;
}

/* Packets that are made and have not left. */
struct requester_batch {
	struct rodp_segments segments;
	struct rodp_flight_mark mark; /* before the first of them */
	struct rodp_hold hold; /* what the last one's payload is from */
	bool sent; /* some have left */
};

/* Send what is collected. Returns 0, or -EAGAIN: it is to be made again. */
static int requester_flush(struct rodp_sender *tx, struct requester_batch *batch)
{
	struct rodp_end *end = tx->sq.end;

	if (!batch->segments.first)
		return 0;
	if (!requester_is_sent(tx, end->path->send_together(end, &batch->segments))) {
		rodp_flight_return(tx, &batch->mark);
		return -EAGAIN;
	}
	batch->sent = true;
	return 0;
}

/* One more, behind those that are collected. */
static int requester_collect(struct rodp_sender *tx, struct requester_batch *batch,
			     struct sk_buff *skb, const struct rodp_part *part)
{
	if (!rodp_segments_join(&batch->segments, &tx->sq.end->flow, skb) &&
	    requester_flush(tx, batch)) {
		kfree_skb(skb);
		return -EAGAIN;
	}
	if (!batch->segments.first)
		batch->mark = rodp_flight_mark(tx);
	rodp_segments_add(&batch->segments, skb);
	requester_advance(tx, part);
	return 0;
}

static int requester_send_alone(struct rodp_sender *tx, struct requester_batch *batch,
				struct sk_buff *skb, const struct rodp_part *part)
{
	struct rodp_end *end = tx->sq.end;

	if (!requester_is_sent(tx, end->path->send(end, skb)))
		return -EAGAIN;
	batch->sent = true;
	requester_advance(tx, part);
	return 0;
}

/* What is sent without acknowledgements is complete with that, and cannot be made again. */
static bool requester_collects(const struct rodp_end *end)
{
	return end->path->send_together && end->transport->acked;
}

/* Make one packet, and send it or keep it to be sent. Returns 0 or why to stop. */
static int requester_send(struct rodp_sender *tx, struct rodp_swqe *wqe,
			  struct requester_batch *batch)
{
	struct rodp_end *end = tx->sq.end;
	struct rodp_part part = {
		.wqe = wqe,
		.psn = rodp_psn_add(wqe->first_psn, tx->flight.cur_packet),
		.hold = &batch->hold,
	};
	struct sk_buff *skb;

	end->path->cut(end, wqe, tx->flight.cur_packet, &part);
	part.extent = rodp_answers_wanted(tx, &part);
	part.asks = requester_asks(tx, &part);
	skb = requester_build(tx, &part);
	if (PTR_ERR(skb) == -ENOMEM)
		rodp_lane_rest(&tx->sq.lane, 1);
	else if (IS_ERR(skb) && PTR_ERR(skb) != -EAGAIN)
		wqe->status = IB_WC_LOC_PROT_ERR;
	if (IS_ERR(skb))
		return PTR_ERR(skb);
	return requester_collects(end) ? requester_collect(tx, batch, skb, &part)
				       : requester_send_alone(tx, batch, skb, &part);
}

/* Whether the window, the fence and the peer's resources let wqe's next packet go. */
static bool requester_may_send(const struct rodp_sender *tx, const struct rodp_swqe *wqe)
{
	const struct rodp_flight *flight = &tx->flight;
	u32 psn = rodp_psn_add(wqe->first_psn, flight->cur_packet);

	if (rodp_psn_distance(flight->una, psn) >= RODP_WINDOW)
		return false;
	if (flight->cur_packet)
		return true;
	if ((wqe->flags & RODP_WQE_FENCE) && flight->rd_atomic)
		return false;
	if (wqe->no_message)
		return rodp_bind_may_run(&tx->sq, wqe);
	return !rodp_swqe_is_rd_atomic(wqe) || flight->rd_atomic < tx->sq.end->max_rd_atomic;
}

/* Because the way is congested. */
static bool requester_is_held_back(struct rodp_sender *tx)
{
	return rodp_lane_is_held_back(&tx->sq.lane, tx->flight.rtt.smoothed);
}

/* The next work request to send from, if anything may be sent now; a bad one that is the oldest fails. */
static struct rodp_swqe *requester_next(struct rodp_sender *tx)
{
	struct rodp_swqe *wqe;

	if (tx->source.waiting || tx->flight.rnr_wait || tx->sq.lane.state.resting)
		return NULL;
	if (!tx->flight.again && rodp_repair_holds(&tx->flight.repair, tx->flight.una))
		return NULL;
	wqe = rodp_flight_current(tx);
	if (!wqe)
		return NULL;
	if (likely(!wqe->status))
		return requester_may_send(tx, wqe) && !requester_is_held_back(tx) ? wqe : NULL;
	if (tx->sq.at.tail == tx->sq.at.cur)
		rodp_flight_fail(tx, wqe->status);
	return NULL;
}

/* The next packet of a work request, or all that one without a message asks for. */
static int requester_step(struct rodp_sender *tx, struct rodp_swqe *wqe,
			  struct requester_batch *batch)
{
	int err;

	if (!wqe->no_message)
		return requester_send(tx, wqe, batch);
	rodp_hold_put(&batch->hold); /* it may be what is to be invalidated */
	err = requester_flush(tx, batch);
	if (!err)
		rodp_bind_run(tx, wqe);
	return err;
}

/* Returns whether a packet was sent. */
static bool requester_send_batch(struct rodp_sender *tx)
{
	struct requester_batch batch = {};
	int budget = RODP_SEND_BATCH;
	struct rodp_swqe *wqe;

	while ((wqe = requester_next(tx))) {
		if (!budget--) {
			rodp_lane_rest(&tx->sq.lane, 0);
			break;
		}
		/* A bad one fails when all before it is done: that leaves first. */
		if (requester_step(tx, wqe, &batch) &&
		    (requester_flush(tx, &batch) || !wqe->status))
			break;
	}
	requester_flush(tx, &batch);
	rodp_hold_put(&batch.hold);
	return batch.sent;
}

/* @may_move: to this CPU. */
static void requester_run(struct rodp_sender *tx, bool may_move)
{
	bool was_idle = !rodp_sender_in_flight(tx);

	rodp_end_assert_sending(tx->sq.end);
	rodp_flight_catch_up(tx);
	if (!rodp_home_is_here(&tx->sq.lane.home, may_move)) {
		rodp_lane_schedule(&tx->sq.lane, 0);
		return;
	}
	if (requester_send_batch(tx))
		rodp_sender_timer_watch(tx, was_idle);
	else if (!was_idle)
		rodp_sender_timer_hasten(tx);
}

void rodp_requester_run(struct rodp_sender *tx)
{
	requester_run(tx, !rodp_sender_in_flight(tx));
}

/* What arrives out of order is lost without a peer that asks again: never move. */
void rodp_requester_run_unacked(struct rodp_sender *tx)
{
	requester_run(tx, false);
}
