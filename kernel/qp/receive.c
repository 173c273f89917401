// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The way of packets from the socket to their QP's lane. Softirq, rcu_read_lock() held. */
#include "net/drop.h"
#include "net/owner.h"
#include "net/packet.h"
#include "net/rx.h"
#include "net/segments.h"
#include "qp/end/notice.h"
#include "qp/end/path.h"
#include "qp/end/qpn.h"
#include "qp/receive.h"
#include "qp/ud/mcast.h"

/*
 * RODP_STAT_NONE: who sent this may send to this end; else what to count it by. The end's path looks at the namespace
 * and the addresses.
 */
static enum rodp_stat receive_judge_sender(struct rodp_end *end, struct net *net,
					   struct sk_buff *skb)
{
	return end ? READ_ONCE(end->path)->admit(end, net, skb) : RODP_STAT_NO_QP;
}

/* What packets have in common that are for one lane. */
struct receive_kind {
	u32 dqpn;
	u32 flags; /* request, congestion notification, or neither */
};

static struct receive_kind receive_kind_of(struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);

	return (struct receive_kind){
		.dqpn = pkt->dqpn,
		.flags = pkt->op->flags & (RODP_OPF_REQUEST | RODP_OPF_CNP),
	};
}

/* The same of each packet: it is of the transport, of the partition. */
static enum rodp_stat receive_judge(const struct rodp_end *end, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);

	if (!(rodp_end_speaks(end, pkt->opcode) || (pkt->op->flags & RODP_OPF_CNP)))
		return RODP_STAT_NO_QP;
	if (!rodp_bth_pkey_ok(rodp_packet_bth(skb)))
		return RODP_STAT_BAD_PKEY;
	return RODP_STAT_NONE;
}

/* QP 1 of the device that the packet was sent to. */
static struct rodp_end *receive_find_gsi(struct net *net, struct sk_buff *skb)
{
	struct rodp_dev *dev = rodp_owner_of(net, skb);
	struct rodp_end *end;

	if (!dev)
		return NULL;
	end = rcu_dereference(dev->gsi);
	ib_device_put(&dev->ib);
	return end;
}

static struct rodp_end *receive_find(struct net *net, struct sk_buff *skb)
{
	u32 qpn = rodp_packet(skb)->dqpn;

	return qpn == RODP_QPN_GSI ? receive_find_gsi(net, skb) : rodp_qpn_lookup(qpn);
}

static void receive_deliver(struct rodp_end *end, struct rodp_segments *segs)
{
	u32 flags = rodp_packet(segs->first)->op->flags;
	struct rodp_lane *lane = flags & RODP_OPF_REQUEST ? end->receive_lane : end->send_lane;
	bool congested = rodp_rx_count(end->dev, segs);
	struct sk_buff *skb;

	if (end->transport->acked) /* of others nobody would notice that nothing arrives */
		rodp_flow_prove(&end->flow, segs->first);
	if (flags & RODP_OPF_CNP) {
		while ((skb = rodp_segments_next(segs)))
			rodp_notice_take(end, skb);
		return;
	}
	if (unlikely(congested))
		rodp_notice_owe(end, lane);
	rodp_lane_receive_all(lane, segs);
}

/* A header that was damaged on its way says nothing of its sender. */
static enum rodp_stat receive_verdict(const struct rodp_end *end, enum rodp_stat sender,
				      struct sk_buff *skb)
{
	if (!rodp_packet_icrc_ok(skb))
		return RODP_STAT_BAD_ICRC;
	return sender == RODP_STAT_NONE ? receive_judge(end, skb) : sender;
}

static bool receive_is_of(struct sk_buff *skb, const struct receive_kind *kind)
{
	const struct receive_kind own = receive_kind_of(skb);

	return own.dqpn == kind->dqpn && own.flags == kind->flags;
}

/* The packets of one kind that are first. */
static void receive_run(struct net *net, struct rodp_segments *segs)
{
	const struct receive_kind kind = receive_kind_of(segs->first);
	struct rodp_end *end = receive_find(net, segs->first);
	enum rodp_stat sender = receive_judge_sender(end, net, segs->first), verdict;
	struct rodp_segments good = {};
	struct sk_buff *skb;

	while (segs->first && receive_is_of(segs->first, &kind)) {
		skb = rodp_segments_next(segs);
		verdict = receive_verdict(end, sender, skb);
		if (verdict == RODP_STAT_NONE)
			rodp_segments_add(&good, skb);
		else
			rodp_packet_drop_stray(net, skb, verdict);
	}
	if (good.first)
		receive_deliver(end, &good);
}

void rodp_qp_receive(struct net *net, struct rodp_segments *segs)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the QP may be freed");
	while (segs->first) {
		if (rodp_packet(segs->first)->dqpn == RODP_QPN_MULTICAST)
			rodp_mcast_receive(net, rodp_segments_next(segs));
		else
			receive_run(net, segs);
	}
}
