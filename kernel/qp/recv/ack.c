// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Acknowledge packets, see ack.h. A lost one is asked for again by the peer. */
#include "net/packet.h"
#include "qp/end/path.h"
#include "qp/recv/ack.h"

static struct sk_buff *ack_build(struct rodp_receiver *rx, enum rodp_op op, u32 psn, u8 syndrome)
{
	const struct rodp_end *end = rx->rq.end;
	u8 opcode = rodp_opcode(end->transport->tp, op);
	struct sk_buff *skb;

	rodp_end_assert_receiving(end);
	rodp_ack_pay(rx);
	skb = rodp_packet_alloc(opcode, 0);
	if (!skb)
		return NULL;
	rodp_packet(skb)->psn = psn;
	rodp_bth_fill(rodp_packet_bth(skb), opcode, false, 0, end->pkey, end->dest_qpn, false, psn);
	rodp_aeth_fill(rodp_packet_header(skb, rodp_packet(skb)->op->aeth), syndrome, rx->seq.msn);
	return skb;
}

/* NULL: there was no memory for it. */
static void ack_send(struct rodp_receiver *rx, struct sk_buff *skb)
{
	if (skb)
		rx->rq.end->path->send(rx->rq.end, skb);
}

static void ack_send_plain(struct rodp_receiver *rx, u32 psn, u8 syndrome)
{
	ack_send(rx, ack_build(rx, RODP_OP_ACK, psn, syndrome));
}

void rodp_send_local_error(struct rodp_receiver *rx, u32 psn, enum ib_wc_status status)
{
	struct sk_buff *skb = ack_build(rx, RODP_OP_ACK, psn, RODP_AETH_NAK | RODP_NAK_REM_OP);

	if (skb)
		rodp_packet(skb)->status = status;
	ack_send(rx, skb);
}

void rodp_send_ack(struct rodp_receiver *rx)
{
	rx->seq.ack_owed = false;
	rx->silence = (struct rodp_silence){};
	ack_send_plain(rx, rodp_psn_add(rx->seq.epsn, RODP_PSN_MASK),
		       RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED);
}

void rodp_ack_owe(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	rx->seq.ack_owed = true;
}

void rodp_ack_owe_none(struct rodp_receiver *rx)
{
}

void rodp_ack_pay(struct rodp_receiver *rx)
{
	if (rx->seq.ack_owed)
		rodp_send_ack(rx);
}

void rodp_send_nak(struct rodp_receiver *rx, u32 psn, enum rodp_nak code)
{
	if (code == RODP_NAK_PSN_SEQ)
		rodp_stats_inc(rx->rq.end->dev->stats, RODP_STAT_SENT_SEQ_NAK);
	ack_send_plain(rx, psn, RODP_AETH_NAK | code);
}

static void ack_send_rnr(struct rodp_receiver *rx, u32 psn, u8 timer)
{
	rodp_stats_inc(rx->rq.end->dev->stats, RODP_STAT_SENT_RNR_NAK);
	ack_send_plain(rx, psn, RODP_AETH_RNR_NAK | timer);
}

void rodp_send_rnr_nak(struct rodp_receiver *rx, u32 psn)
{
	ack_send_rnr(rx, psn, rx->rq.end->min_rnr_timer);
}

/*
 * 164 ms: peers have few of these (six, unless they have no limit), and one that learns that
 * its request was executed need not wait to the end.
 */
#define ACK_WAIT_TIMER 28

void rodp_send_wait(struct rodp_receiver *rx, u32 psn)
{
	u8 own = rx->rq.end->min_rnr_timer;
	bool longer = rodp_rnr_code_to_ns(own) > rodp_rnr_code_to_ns(ACK_WAIT_TIMER);

	ack_send_rnr(rx, psn, longer ? own : ACK_WAIT_TIMER);
}

void rodp_send_read_placed(struct rodp_receiver *rx, u32 psn)
{
	ack_send(rx, ack_build(rx, RODP_OP_READ_RESP_ONLY, psn,
			       RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED));
}

void rodp_send_atomic_ack(struct rodp_receiver *rx, u32 psn, u64 original)
{
	struct sk_buff *skb = ack_build(rx, RODP_OP_ATOMIC_ACK, psn,
					RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED);
	struct rodp_atomicacketh *eth;

	if (!skb)
		return;
	eth = rodp_packet_header(skb, rodp_packet(skb)->op->atomicacketh);
	eth->original = cpu_to_be64(original);
	ack_send(rx, skb);
}
