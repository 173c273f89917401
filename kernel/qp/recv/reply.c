// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Answers to READs, and the memory of READs and ATOMICs whose answers may have to
 * be given again (IBTA vol. 1, 9.4.5, 9.7.5.2). Receive lane held throughout.
 */
#include "net/packet.h"
#include "net/segments.h"
#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/queue/srq.h"
#include "qp/recv/ack.h"
#include "qp/recv/reply.h"
#include "qp/xfer/xfer.h"

/* Packets that one run sends before it lets others in. */
#define REPLY_BATCH 64

struct rodp_rd_atomic *rodp_history_add(struct rodp_receiver *rx, u32 kind, u32 psn, u32 packets)
{
	struct rodp_history *history = &rx->history;
	struct rodp_rd_atomic *res;

	rodp_end_assert_receiving(rx->rq.end);
	res = &history->entry[history->next++ % history->size];
	res->kind = kind;
	res->first_psn = psn;
	res->packets = packets;
	res->valid = true;
	return res;
}

struct rodp_rd_atomic *rodp_history_find(struct rodp_receiver *rx, u32 psn)
{
	struct rodp_rd_atomic *res = rx->history.entry;
	u32 i;

	rodp_end_assert_receiving(rx->rq.end);
	for (i = 0; i < rx->history.size; i++, res++)
		if (res->valid && rodp_psn_distance(res->first_psn, psn) < res->packets)
			return res;
	return NULL;
}

static bool reply_grant_in(struct rodp_receiver *rx, struct ib_pd *pd, struct rodp_grant *grant,
			   u64 va, u32 bytes)
{
	const struct rodp_end *end = rx->rq.end;

	rodp_end_assert_receiving(end);
	return rodp_grant_get(grant, end->dev, pd, end->serial, rx->reply.rkey,
			      IB_ACCESS_REMOTE_READ, va, bytes);
}

bool rodp_reply_grant(struct rodp_receiver *rx, struct rodp_grant *grant, u64 va, u32 bytes)
{
	return reply_grant_in(rx, rx->rq.end->ib.pd, grant, va, bytes);
}

bool rodp_reply_grant_shared(struct rodp_receiver *rx, struct rodp_grant *grant, u64 va, u32 bytes)
{
	struct rodp_srq *srq = rodp_srq_get(rx->rq.end->init.xrcd, rx->reply.srqn);
	bool granted;

	if (!srq)
		return false;
	granted = reply_grant_in(rx, srq->ib.pd, grant, va, bytes);
	rodp_srq_put(srq);
	return granted;
}

/* Payload of the next packet. -EAGAIN: parked. */
static int reply_fill(struct rodp_receiver *rx, struct sk_buff *skb)
{
	struct rodp_reply *reply = &rx->reply;
	u32 offset = reply->packet * rx->rq.end->mtu;
	struct rodp_xfer xfer = {
		.buf = rodp_packet_payload(skb),
		.bytes = rodp_packet(skb)->payload,
		.extent = reply->length - offset,
	};
	struct rodp_grant grant;
	int err;

	if (!xfer.bytes)
		return 0;
	if (!rx->rq.end->transport->receive->grant(rx, &grant, reply->va + offset, xfer.bytes))
		return -EACCES;
	err = rodp_xfer_mr(&rx->park, grant.mr, grant.iova, &xfer);
	rodp_grant_put(&grant);
	return err;
}

static struct sk_buff *reply_build(struct rodp_receiver *rx)
{
	const struct rodp_end *end = rx->rq.end;
	struct rodp_reply *reply = &rx->reply;
	bool first = reply->packet == 0, last = reply->packet == reply->packets - 1;
	u8 opcode = rodp_opcode_read_response(end->transport->tp, first, last);
	u32 payload = min(end->mtu, reply->length - reply->packet * end->mtu);
	struct sk_buff *skb = rodp_packet_alloc(opcode, payload);
	int err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	rodp_bth_fill(rodp_packet_bth(skb), opcode, false, -payload & 3, end->pkey, end->dest_qpn,
		      false, reply->psn);
	if (rodp_packet(skb)->op->aeth)
		rodp_aeth_fill(rodp_packet_header(skb, rodp_packet(skb)->op->aeth),
			       RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED, rx->seq.msn);
	err = reply_fill(rx, skb);
	if (!err)
		return skb;
	kfree_skb(skb);
	return ERR_PTR(err);
}

/* The memory is not, or no longer, the peer's to read; or (-EIO) it is damaged. */
static void reply_refuse(struct rodp_receiver *rx, int err)
{
	rx->reply.active = false;
	rodp_send_nak(rx, rx->reply.psn, err == -EIO ? RODP_NAK_REM_OP : RODP_NAK_REM_ACCESS);
	rodp_end_fail(rx->rq.end, &rx->rq.lane, RODP_TELL_QP_ACCESS_ERR);
}

/* Packets that are made and have not left. */
struct reply_batch {
	struct rodp_segments segments;
	u32 first; /* number of the first of them in the answer */
};

/* Packets from `packet` on are to be made next. */
static void reply_go_to(struct rodp_reply *reply, u32 packet)
{
	reply->psn = rodp_psn_add(reply->psn, packet - reply->packet);
	reply->packet = packet;
	reply->active = packet < reply->packets;
}

/* Send what is collected. Returns 0, or -EAGAIN: it is to be made again. */
static int reply_flush(struct rodp_receiver *rx, struct reply_batch *batch)
{
	struct rodp_lane *lane = &rx->rq.lane;
	struct rodp_end *end = rx->rq.end;
	int err;

	if (!batch->segments.first)
		return 0;
	err = end->path->send_together(end, &batch->segments);
	/* A full queue: nobody would miss these before a timeout. Make them again. */
	if (err == -EAGAIN && rodp_lane_refused(lane)) {
		reply_go_to(&rx->reply, batch->first);
		rodp_park_cancel(&rx->park); /* what is waited for comes later now */
		return err;
	}
	if (err != -EAGAIN)
		lane->state.refused = 0;
	rx->silence = (struct rodp_silence){};
	return 0;
}

static int reply_collect(struct rodp_receiver *rx, struct reply_batch *batch, struct sk_buff *skb)
{
	if (!rodp_segments_join(&batch->segments, &rx->rq.end->flow, skb) &&
	    reply_flush(rx, batch)) {
		kfree_skb(skb);
		return -EAGAIN;
	}
	if (!batch->segments.first)
		batch->first = rx->reply.packet;
	rodp_segments_add(&batch->segments, skb);
	rodp_lane_sends(&rx->rq.lane, rodp_packet(skb)->payload);
	reply_go_to(&rx->reply, rx->reply.packet + 1);
	return 0;
}

/* The next packet cannot be made; those before it leave. Returns why to stop for now. */
static int reply_stop(struct rodp_receiver *rx, struct reply_batch *batch, int err)
{
	if (reply_flush(rx, batch))
		return -EAGAIN;
	if (err == -ENOMEM)
		rodp_lane_rest(&rx->rq.lane, 1);
	else if (err != -EAGAIN)
		reply_refuse(rx, err);
	return err;
}

/* One packet. Returns 0, or why to stop for now. */
static int reply_step(struct rodp_receiver *rx, struct reply_batch *batch)
{
	struct sk_buff *skb = reply_build(rx);

	return IS_ERR(skb) ? reply_stop(rx, batch, PTR_ERR(skb)) : reply_collect(rx, batch, skb);
}

static void reply_send_batch(struct rodp_receiver *rx)
{
	struct reply_batch batch = {};
	int budget = REPLY_BATCH;

	while (rx->reply.active && !rx->rq.lane.state.resting &&
	       !rodp_lane_is_held_back(&rx->rq.lane, 0)) {
		if (!budget--) {
			rodp_lane_rest(&rx->rq.lane, 0);
			break;
		}
		if (reply_step(rx, &batch))
			break;
	}
	reply_flush(rx, &batch);
}

void rodp_reply_run(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	rodp_ack_pay(rx);
	reply_send_batch(rx);
	rx->rq.lane.state.stalled = rx->reply.active;
}
