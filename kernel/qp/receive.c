// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The way of a packet from the socket to its QP's lane. Softirq, rcu_read_lock() held. */
#include "../net/packet.h"
#include "qpn.h"
#include "receive.h"

/*
 * Whether the packet is for this QP: its namespace, its peer's address, its
 * transport. A stranger's packet is dropped without a trace.
 */
static bool belongs(const struct rodp_qp *qp, struct net *net, const struct sk_buff *skb, u8 opcode)
{
	return net_eq(rodp_dev_net(qp->dev), net) && (opcode & RODP_TP_MASK) == qp->transport &&
	       rodp_flow_matches(&qp->flow, skb);
}

void rodp_qp_receive(struct net *net, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_qp *qp = rodp_qpn_lookup(pkt->dqpn);
	struct rodp_stats *stats;

	if (!qp || !belongs(qp, net, skb, pkt->opcode)) {
		kfree_skb(skb);
		return;
	}
	stats = qp->dev->stats;
	if (!rodp_packet_icrc_ok(skb)) {
		rodp_stats_inc(stats, RODP_STAT_BAD_ICRC);
		kfree_skb(skb);
		return;
	}
	rodp_stats_inc(stats, RODP_STAT_RCVD_PKTS);
	rodp_stats_add(stats, RODP_STAT_RCVD_BYTES, pkt->payload);
	if (pkt->op->flags & RODP_OPF_REQUEST)
		rodp_lane_receive(&qp->rq.lane, skb);
	else
		rodp_lane_receive(&qp->sq.lane, skb);
}
