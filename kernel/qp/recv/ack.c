// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Acknowledge packets, see ack.h. A lost one is asked for again by the peer. */
#include "net/packet.h"
#include "qp/lane/courier.h"
#include "qp/recv/ack.h"

static struct sk_buff *ack_build(struct rodp_qp *qp, enum rodp_op op, u32 psn, u8 syndrome)
{
	u8 opcode = rodp_opcode(qp->transport, op);
	struct sk_buff *skb = rodp_packet_alloc(opcode, 0);

	if (!skb)
		return NULL;
	rodp_packet(skb)->psn = psn;
	rodp_bth_fill(rodp_packet_bth(skb), opcode, false, 0, qp->pkey, qp->dest_qpn, false, psn);
	rodp_aeth_fill(rodp_packet_header(skb, rodp_packet(skb)->op->aeth), syndrome, qp->rq.msn);
	return skb;
}

void rodp_send_local_error(struct rodp_qp *qp, u32 psn, enum ib_wc_status status)
{
	struct sk_buff *skb = ack_build(qp, RODP_OP_ACK, psn, RODP_AETH_NAK | RODP_NAK_REM_OP);

	if (!skb)
		return;
	rodp_packet(skb)->status = status;
	rodp_qp_send(qp, skb);
}

static void ack_send(struct rodp_qp *qp, u32 psn, u8 syndrome)
{
	struct sk_buff *skb = ack_build(qp, RODP_OP_ACK, psn, syndrome);

	if (skb)
		rodp_qp_send(qp, skb);
}

void rodp_send_ack(struct rodp_qp *qp, u32 psn)
{
	ack_send(qp, psn, RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED);
}

void rodp_send_nak(struct rodp_qp *qp, u32 psn, enum rodp_nak code)
{
	if (code == RODP_NAK_PSN_SEQ)
		rodp_stats_inc(qp->dev->stats, RODP_STAT_SENT_SEQ_NAK);
	ack_send(qp, psn, RODP_AETH_NAK | code);
}

static void rnr_nak_send(struct rodp_qp *qp, u32 psn, u8 timer)
{
	rodp_stats_inc(qp->dev->stats, RODP_STAT_SENT_RNR_NAK);
	ack_send(qp, psn, RODP_AETH_RNR_NAK | timer);
}

void rodp_send_rnr_nak(struct rodp_qp *qp, u32 psn)
{
	rnr_nak_send(qp, psn, qp->min_rnr_timer);
}

/*
 * 164 ms: peers have few of these (six, unless they have no limit), and one that learns that
 * its request was executed need not wait to the end.
 */
#define WAIT_TIMER 28

void rodp_send_wait(struct rodp_qp *qp, u32 psn)
{
	bool own = rodp_rnr_code_to_ns(qp->min_rnr_timer) > rodp_rnr_code_to_ns(WAIT_TIMER);

	rnr_nak_send(qp, psn, own ? qp->min_rnr_timer : WAIT_TIMER);
}

void rodp_send_read_placed(struct rodp_qp *qp, u32 psn)
{
	struct sk_buff *skb = ack_build(qp, RODP_OP_READ_RESP_ONLY, psn,
					RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED);

	if (skb)
		rodp_qp_send(qp, skb);
}

void rodp_send_atomic_ack(struct rodp_qp *qp, u32 psn, u64 original)
{
	struct sk_buff *skb = ack_build(qp, RODP_OP_ATOMIC_ACK, psn,
					RODP_AETH_ACK | RODP_AETH_CREDIT_UNLIMITED);
	struct rodp_atomicacketh *eth;

	if (!skb)
		return;
	eth = rodp_packet_header(skb, rodp_packet(skb)->op->atomicacketh);
	eth->original = cpu_to_be64(original);
	rodp_qp_send(qp, skb);
}
