// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Runs of packets of one WRITE, see run.h. Receive lane held throughout. */
#include "mem/access.h"
#include "qp/end/end.h"
#include "qp/recv/request.h"
#include "qp/recv/run.h"

/*
 * Whether WRITE packets may be executed here: in the middle of a message, with nothing kept and nothing asked for that the
 * responder would have to look at in between.
 */
static bool run_may_begin(const struct rodp_receiver *rx)
{
	const struct rodp_end *end = rx->rq.end;

	rodp_end_assert_receiving(end);
	return rodp_end_receives(end) && rx->message.in == RODP_OPF_WRITE && rx->message.left &&
	       (end->access & IB_ACCESS_REMOTE_WRITE) && !rx->early.at && !rx->hand.skb;
}

/* A full packet of the middle of a WRITE, from the network. */
static bool run_has(const struct rodp_receiver *rx, struct sk_buff *skb, u32 psn)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const u32 middle = RODP_OPF_WRITE | RODP_OPF_MIDDLE;

	return (pkt->op->flags & middle) == middle && pkt->psn == psn &&
	       pkt->payload == rx->rq.end->mtu && !rodp_packet_is_local(skb);
}

/* How many of the first packets are a run. The last packet of the message has at least a byte (9.7.4.1.6). */
static u32 run_count(const struct rodp_receiver *rx, const struct rodp_segments *segs)
{
	u32 most = (rx->message.left - 1) / rx->rq.end->mtu, psn = rx->seq.epsn, n = 0;
	struct sk_buff *skb;

	for (skb = segs->first; skb && n < most && run_has(rx, skb, psn); skb = skb->next) {
		psn = rodp_psn_add(psn, 1);
		n++;
	}
	return n;
}

/* As many of n packets as there is memory for; *asks: one of them asks for an acknowledgement. */
static u32 run_write(struct rodp_receiver *rx, struct rodp_segments *segs, u32 n, bool *asks)
{
	struct rodp_request req = { .rx = rx, .skb = segs->first, .pd = rx->rq.end->ib.pd };
	u32 mtu = rx->rq.end->mtu, done = 0;
	struct rodp_grant grant;
	struct sk_buff *skb;

	if (!rodp_request_grant(&req, &grant, rx->message.rkey, IB_ACCESS_REMOTE_WRITE,
				rx->message.va, (u64)n * mtu))
		return 0;
	for (; done < n; done++, grant.iova += mtu) {
		skb = segs->first;
		if (rodp_mr_write(grant.mr, grant.iova, rodp_packet_payload(skb), mtu) < mtu)
			break;
		*asks |= rodp_packet(skb)->ackreq;
		rodp_packet_consume(rodp_segments_next(segs));
	}
	rodp_grant_put(&grant);
	return done;
}

static void run_step_on(struct rodp_receiver *rx, u32 packets, bool asks)
{
	struct rodp_sequence *seq = &rx->seq;

	rodp_end_assert_receiving(rx->rq.end);
	rx->message.va += (u64)packets * rx->rq.end->mtu;
	rx->message.left -= packets * rx->rq.end->mtu;
	seq->epsn = rodp_psn_add(seq->epsn, packets);
	seq->nak_sent = false;
	seq->repeated = false;
	seq->gap_behind = false;
	if (asks || seq->asked_for_time)
		rx->rq.end->transport->receive->ack(rx);
	seq->asked_for_time = false;
}

void rodp_run_take(struct rodp_receiver *rx, struct rodp_segments *segs)
{
	bool asks = false;
	u32 n;

	if (!run_may_begin(rx))
		return;
	n = run_count(rx, segs);
	if (n)
		n = run_write(rx, segs, n, &asks);
	if (n)
		run_step_on(rx, n, asks);
}
