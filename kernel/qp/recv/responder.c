// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The responder: executes the peer's requests in order (IBTA vol. 1, 9.7.4). Receive
 * lane held throughout.
 *
 * A request is checked once, when its turn comes. A miss while it executes keeps
 * the packet in hand; it is executed again from where it stopped, and nothing
 * behind it is looked at until then.
 */
#include "net/drop.h"
#include "net/packet.h"
#include "net/segments.h"
#include "qp/end/notice.h"
#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/atomic.h"
#include "qp/recv/flush.h"
#include "qp/recv/message.h"
#include "qp/recv/read.h"
#include "qp/recv/reply.h"
#include "qp/recv/responder.h"
#include "qp/recv/run.h"

/* Message order (9.7.4.1.2): a message is begun, continued and ended by its own kind. */
static bool responder_in_order(const struct rodp_receiver *rx, const struct rodp_opcode_info *op)
{
	u32 kind = op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE);

	if (op->flags & (RODP_OPF_MIDDLE | RODP_OPF_LAST))
		return kind && rx->message.in == kind;
	return !rx->message.in;
}

static bool responder_allows(const struct rodp_end *end, const struct rodp_opcode_info *op)
{
	u32 need = 0;

	if (op->flags & (RODP_OPF_WRITE | RODP_OPF_ATOMIC_WRITE))
		need = IB_ACCESS_REMOTE_WRITE;
	else if (op->flags & RODP_OPF_READ)
		need = IB_ACCESS_REMOTE_READ;
	else if (op->flags & RODP_OPF_ATOMIC)
		need = IB_ACCESS_REMOTE_ATOMIC;
	else if (!(op->flags & (RODP_OPF_SEND | RODP_OPF_FLUSH))) /* a FLUSH says what it needs */
		return false;
	return (end->access & need) == need;
}

/* Whether it may be executed now: in its message, in its length, of its kind. */
static bool responder_accepts(const struct rodp_receiver *rx, struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;

	return responder_in_order(rx, op) && rx->rq.end->path->fits(rx->rq.end, skb) &&
	       responder_allows(rx->rq.end, op);
}

/* A request that has an answer of its own. */
static enum rodp_verdict responder_execute_answered(struct rodp_request *req)
{
	u32 flags = rodp_packet(req->skb)->op->flags;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (flags & RODP_OPF_READ)
		return rodp_read_execute(req);
	if (flags & RODP_OPF_FLUSH)
		return rodp_flush_execute(req);
	if (flags & RODP_OPF_ATOMIC_WRITE)
		return rodp_atomic_write_execute(req);
	return rodp_atomic_execute(req);
}

/*
 * What is owed is paid before: such a request steps on before it answers. But an acknowledgement that ends at what
 * came early says that this one is missing. There the answer, which is for all before it too, is enough.
 */
static enum rodp_verdict responder_execute_paid(struct rodp_request *req)
{
	struct rodp_sequence *seq = &req->rx->seq;
	enum rodp_verdict verdict;
	bool owed;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (!rodp_packet(req->skb)->early)
		rodp_ack_pay(req->rx);
	owed = seq->ack_owed;
	seq->ack_owed = false;
	verdict = responder_execute_answered(req);
	if (verdict == RODP_KEPT)
		seq->ack_owed = owed;
	return verdict;
}

enum rodp_verdict rodp_responder_execute(struct rodp_request *req)
{
	u32 flags = rodp_packet(req->skb)->op->flags;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (flags & RODP_OPF_SEND)
		return rodp_message_send(req);
	if (flags & RODP_OPF_WRITE)
		return rodp_message_write(req);
	return responder_execute_paid(req);
}

/*
 * Annex A14: receives and keys are those of the SRQ that the packet names. All packets of a message
 * that takes a receive name the same one.
 */
enum rodp_verdict rodp_responder_execute_shared(struct rodp_request *req)
{
	const struct rodp_rq *rq = &req->rx->rq;
	struct rodp_srq *srq = rodp_srq_get(rq->end->init.xrcd, rodp_request_srqn(req->skb));
	enum rodp_verdict verdict;

	if (!srq)
		return rodp_request_refuse_invalid(req);
	req->srq = srq;
	req->pd = srq->ib.pd;
	if (rq->at.taken && srq->serial != rq->at.srq_serial)
		verdict = rodp_request_refuse_invalid(req);
	else
		verdict = rodp_responder_execute(req);
	rodp_srq_put(srq);
	return verdict;
}

/* A SEND or WRITE packet is executed. */
static void responder_step_on(struct rodp_receiver *rx, const struct rodp_packet *pkt)
{
	struct rodp_sequence *seq = &rx->seq;

	rodp_end_assert_receiving(rx->rq.end);
	if (pkt->op->flags & RODP_OPF_END) {
		rx->message.in = 0;
		rx->message.received = 0;
		seq->msn = (seq->msn + 1) & RODP_PSN_MASK;
	}
	seq->epsn = rodp_psn_add(pkt->psn, 1);
	/* A peer that sends again what was lost, and all behind it, need not go on where that came early. */
	if (pkt->ackreq || pkt->early || seq->asked_for_time)
		rx->rq.end->transport->receive->ack(rx);
}

/* Once a gap (9.7.5.2). */
static void responder_ask_for_missing(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	if (rx->seq.nak_sent)
		return;
	rx->seq.nak_sent = true;
	rodp_send_nak(rx, rx->seq.epsn, RODP_NAK_PSN_SEQ);
}

/* The peer is answered, or refused. An answer is the acknowledgement. */
static void responder_answered(struct rodp_receiver *rx, enum rodp_verdict verdict)
{
	rodp_end_assert_receiving(rx->rq.end);
	rx->silence = (struct rodp_silence){};
	rx->seq.gap_behind = verdict == RODP_ANSWERED && rx->early.count &&
			     !rodp_early_find(&rx->early, rx->seq.epsn);
}

/* Once that answer is out: it told the peer nothing of what is behind it. */
static void responder_tell_gap(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	if (!rx->seq.gap_behind || rx->reply.active)
		return;
	rx->seq.gap_behind = false;
	if (rx->early.count)
		responder_ask_for_missing(rx);
}

/* Nothing else frees or keeps a request. */
void rodp_responder_take(struct rodp_receiver *rx, struct sk_buff *skb)
{
	struct rodp_request req = {
		.rx = rx,
		.skb = skb,
		.srq = rx->rq.srq,
		.pd = rx->rq.end->ib.pd,
	};
	u32 expected = rx->seq.epsn;
	enum rodp_verdict verdict;

	rodp_end_assert_receiving(rx->rq.end);
	verdict = rx->rq.end->transport->receive->execute(&req);
	if (verdict == RODP_KEPT) {
		if (rx->hand.skb != skb)
			rodp_packet_keep(skb);
		rx->hand.skb = skb;
		rx->rq.lane.state.stalled = true;
		return;
	}
	rx->hand = (struct rodp_pending){};
	rx->seq.gap_behind = false;
	if (verdict == RODP_DONE)
		responder_step_on(rx, rodp_packet(skb));
	else
		responder_answered(rx, verdict);
	rx->seq.asked_for_time = false;
	rodp_packet_consume(skb);
	rodp_early_advance(&rx->early, &rx->rq.lane, expected, rx->seq.epsn);
	if (unlikely(rx->reply.active))
		rodp_reply_run(rx);
	else
		rx->rq.lane.state.stalled = false;
	responder_tell_gap(rx);
}

static void responder_repeat_answer(struct rodp_receiver *rx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_rd_atomic *res = rodp_history_find(rx, pkt->psn);

	if (!res || !(pkt->op->flags & res->kind)) {
		kfree_skb(skb);
	} else if (res->kind == RODP_OPF_READ) {
		if (rodp_read_is_rest(rx->rq.end, skb, res))
			rx->rq.end->path->read_again(rx, skb);
		else
			kfree_skb(skb);
	} else {
		if (res->kind == RODP_OPF_ATOMIC)
			rodp_send_atomic_ack(rx, pkt->psn, res->original);
		else
			rodp_send_read_placed(rx, pkt->psn);
		kfree_skb(skb);
	}
}

/*
 * Executed before (9.7.5.1): acknowledge again, answer again; never execute again.
 * Consumes or keeps skb.
 */
static void responder_repeat(struct rodp_receiver *rx, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);

	rodp_stats_inc(rx->rq.end->dev->stats, RODP_STAT_DUPLICATE_REQ);
	/* One may be a probe, or have been on its way; but if nothing new comes, is it the answers that do not arrive? */
	if (rx->seq.repeated)
		rodp_flow_doubt(&rx->rq.end->flow);
	rx->seq.repeated = true;
	if (!(pkt->op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE))) {
		responder_repeat_answer(rx, skb);
		return;
	}
	if (pkt->ackreq)
		rodp_send_ack(rx);
	kfree_skb(skb);
}

/*
 * One before it is missing: ask for that, and keep this one. What the local path loses it loses in
 * one piece, with all behind it.
 */
static void responder_miss(struct rodp_receiver *rx, struct sk_buff *skb)
{
	struct rodp_stats *stats = rx->rq.end->dev->stats;

	rodp_stats_inc(stats, RODP_STAT_OUT_OF_SEQ);
	if (!rodp_packet_is_local(skb) &&
	    rodp_early_keep(&rx->early, &rx->rq.lane, rx->seq.epsn, skb))
		rodp_stats_inc(stats, RODP_STAT_KEPT_EARLY);
	else
		kfree_skb(skb);
	responder_ask_for_missing(rx);
}

static void responder_tell_established(struct rodp_receiver *rx)
{
	if (rx->seq.established_told || rx->rq.end->state != IB_QPS_RTR)
		return;
	rx->seq.established_told = true;
	rx->rq.lane.tell |= RODP_TELL_COMM_EST;
}

/* The packet with the PSN that is expected. */
static void responder_next(struct rodp_receiver *rx, struct sk_buff *skb)
{
	struct rodp_request req = { .rx = rx, .skb = skb };

	rx->seq.nak_sent = false;
	rx->seq.repeated = false;
	responder_tell_established(rx);
	if (likely(responder_accepts(rx, skb))) {
		rodp_responder_take(rx, skb);
		return;
	}
	rodp_request_refuse_invalid(&req);
	kfree_skb(skb);
}

static void responder_packet(struct rodp_lane *lane, struct sk_buff *skb)
{
	struct rodp_receiver *rx = to_rodp_receiver(lane);
	s32 order = rodp_psn_cmp(rodp_packet(skb)->psn, rx->seq.epsn);

	lockdep_assert_held(&lane->lock);
	if (!rodp_end_receives(rx->rq.end)) {
		rodp_packet_drop(rx->rq.end->dev, skb, RODP_STAT_WRONG_STATE);
	} else if (order > 0) {
		responder_miss(rx, skb);
	} else if (order < 0) {
		responder_repeat(rx, skb);
	} else {
		responder_next(rx, skb);
	}
}

static void responder_packets(struct rodp_lane *lane, struct rodp_segments *segs)
{
	rodp_run_take(to_rodp_receiver(lane), segs);
	if (segs->first)
		responder_packet(lane, rodp_segments_next(segs));
}

/*
 * UC (9.7.4, 9.8.3): a gap loses the message that it is in, a packet that begins one is always
 * welcome, and nobody is told anything.
 */
static void responder_unacked_packet(struct rodp_lane *lane, struct sk_buff *skb)
{
	struct rodp_receiver *rx = to_rodp_receiver(lane);
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_dev *dev = rx->rq.end->dev;

	lockdep_assert_held(&lane->lock);
	if (!rodp_end_receives(rx->rq.end)) {
		rodp_packet_drop(dev, skb, RODP_STAT_WRONG_STATE);
		return;
	}
	if (pkt->psn != rx->seq.epsn)
		rodp_stats_inc(dev->stats, RODP_STAT_OUT_OF_SEQ);
	if (pkt->psn != rx->seq.epsn || (pkt->op->flags & RODP_OPF_BEGIN))
		rodp_request_abandon(rx);
	if (!responder_accepts(rx, skb)) {
		rodp_request_abandon(rx);
		rx->seq.epsn = rodp_psn_add(pkt->psn, 1);
		rodp_packet_drop(dev, skb, RODP_STAT_UC_REFUSED);
		return;
	}
	rx->seq.epsn = pkt->psn;
	responder_tell_established(rx);
	rodp_responder_take(rx, skb);
}

static void responder_absent_packet(struct rodp_lane *lane, struct sk_buff *skb)
{
	lockdep_assert_held(&lane->lock);
	rodp_packet_drop(to_rodp_receiver(lane)->rq.end->dev, skb, RODP_STAT_WRONG_STATE);
}

/* Of the packets that wait, the last so many are looked at: as many as come together. */
#define RESPONDER_LOOK_BACK RODP_SEGMENTS_MAX

/*
 * Whether a packet that waits is one that the peer has sent before: its timer ran out, and it has gone
 * back. @at: the PSN of what waits for memory.
 */
static bool responder_goes_back(const struct rodp_receiver *rx, struct sk_buff *skb, u32 at)
{
	const struct sk_buff_head *backlog = &rx->rq.lane.backlog;
	u32 psn = rodp_packet(skb)->psn;

	lockdep_assert_held(&backlog->lock);
	if (rodp_psn_cmp(psn, at) <= 0)
		return true;
	/* An answer that is made again, and the peer has it by now: it asks for what comes next. */
	return at != rx->seq.epsn && !skb_queue_is_first(backlog, skb) &&
	       rodp_psn_cmp(psn, rodp_packet(skb_queue_prev(backlog, skb))->psn) <= 0;
}

/*
 * Of the packets that wait, the one that the peer has gone back to, or NULL: it has not. *times: how many it
 * has sent before.
 */
static struct sk_buff *responder_asked_again(struct rodp_receiver *rx, u32 *times)
{
	struct sk_buff_head *backlog = &rx->rq.lane.backlog;
	struct sk_buff *skb, *first = NULL;
	u32 at, n;

	*times = 0;

	lockdep_assert_held(&rx->rq.lane.lock);
	/* What waits for memory: the packet in hand, or the answer to the one before. */
	at = rx->hand.skb ? rodp_packet(rx->hand.skb)->psn
			  : rodp_psn_add(rx->seq.epsn, RODP_PSN_MASK);
	spin_lock(&backlog->lock);
	skb = skb_peek_tail(backlog);
	for (n = 0; skb && n < RESPONDER_LOOK_BACK; n++) {
		if (responder_goes_back(rx, skb, at)) {
			if (!first ||
			    rodp_psn_cmp(rodp_packet(skb)->psn, rodp_packet(first)->psn) < 0)
				first = skb;
			++*times;
		}
		skb = skb_queue_is_first(backlog, skb) ? NULL : skb_queue_prev(backlog, skb);
	}
	spin_unlock(&backlog->lock);
	return first;
}

static void responder_note_silence(struct rodp_receiver *rx)
{
	lockdep_assert_held(&rx->rq.lane.lock);
	if (!rx->silence.since && rodp_park_waits(&rx->park))
		rx->silence.since = ktime_get_ns();
}

/*
 * Whether a packet that the peer has sent before came too soon for its timer, if that is as long as
 * ours, as it mostly is: then it looks whether something was lost (send/timer.c), once.
 */
static bool responder_is_probed(const struct rodp_receiver *rx)
{
	lockdep_assert_held(&rx->rq.lane.lock);
	return !rx->silence.probed && ktime_get_ns() - rx->silence.since < rx->rq.end->timeout / 2;
}

/* Nothing was lost: it is answered by the answer that it waits for. */
static void responder_note_probe(struct rodp_receiver *rx, struct sk_buff *skb)
{
	lockdep_assert_held(&rx->rq.lane.lock);
	rx->silence.probed = true;
	rx->seq.asked_for_time = rx->hand.skb;
	rodp_lane_forget(&rx->rq.lane, skb);
}

/*
 * Parked. A peer that has gone back cannot know that we are at it, and would give up in the end. So
 * it is asked for time, and sends again later what is dropped here. What is before the PSN that it is
 * told counts as executed.
 */
static void responder_ask_for_time(struct rodp_receiver *rx)
{
	u32 psn, times;
	struct sk_buff *again = responder_asked_again(rx, &times);

	if (!again)
		return;
	if (times == 1 && responder_is_probed(rx)) {
		responder_note_probe(rx, again);
		return;
	}
	psn = rodp_packet(again)->psn;
	if (rodp_psn_cmp(psn, rx->seq.epsn) > 0)
		psn = rx->seq.epsn;
	rodp_lane_purge(&rx->rq.lane);
	rx->seq.asked_for_time = rx->hand.skb;
	rx->seq.nak_sent = true; /* it sends all again that is dropped */
	rodp_send_wait(rx, psn);
}

/* Go on with what is in hand, or flush. */
static void responder_go_on(struct rodp_receiver *rx)
{
	struct rodp_end *end = rx->rq.end;

	if (rodp_end_receives(end) && !rx->park.waiting && !rx->rq.lane.state.resting) {
		if (rx->hand.skb)
			rodp_responder_take(rx, rx->hand.skb);
		else if (rx->reply.active)
			rodp_reply_run(rx);
		responder_tell_gap(rx);
	}
	if (rodp_end_is_broken(end))
		rodp_receiver_flush(rx);
}

static void responder_run(struct rodp_lane *lane)
{
	struct rodp_receiver *rx = to_rodp_receiver(lane);

	lockdep_assert_held(&lane->lock);
	responder_note_silence(rx);
	if (rodp_park_waits(&rx->park) && rodp_end_receives(rx->rq.end))
		responder_ask_for_time(rx);
	responder_go_on(rx);
	if (rodp_end_receives(rx->rq.end))
		rodp_notice_pay(rx->rq.end, lane);
	if (!rodp_lane_has_first(&rx->rq.lane)) /* the acknowledgement is for that, too */
		rodp_ack_pay(rx);
	responder_note_silence(rx);
}

static void responder_unacked_run(struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	responder_go_on(to_rodp_receiver(lane));
}

const struct rodp_lane_ops rodp_responder_lane_ops = {
	.packet = responder_packet,
	.packets = responder_packets,
	.run = responder_run,
	.after = rodp_receiver_after,
};

const struct rodp_lane_ops rodp_responder_shared_lane_ops = {
	.packet = responder_packet,
	.run = responder_run,
	.after = rodp_receiver_after,
};

const struct rodp_lane_ops rodp_responder_unacked_lane_ops = {
	.packet = responder_unacked_packet,
	.run = responder_unacked_run,
	.after = rodp_receiver_after,
};

const struct rodp_lane_ops rodp_responder_absent_lane_ops = {
	.packet = responder_absent_packet,
	.run = responder_unacked_run,
	.after = rodp_receiver_after,
};
