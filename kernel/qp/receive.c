// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The way of a packet from the socket to its QP's lane. Softirq, rcu_read_lock() held. */
#include "../net/owner.h"
#include "../net/packet.h"
#include "mcast.h"
#include "qpn.h"
#include "receive.h"

/*
 * Whether the packet is for this QP: its namespace, its partition, its transport, and unless
 * datagrams may come from anywhere, its peer's address. A stranger's packet is dropped
 * without a trace.
 */
static bool belongs(const struct rodp_qp *qp, struct net *net, struct sk_buff *skb, u8 opcode)
{
	return net_eq(rodp_dev_net(qp->dev), net) && (opcode & RODP_TP_MASK) == qp->transport &&
	       rodp_bth_pkey_ok(rodp_packet_bth(skb)) &&
	       (qp->transport == RODP_TP_UD || rodp_flow_matches(&qp->flow, skb));
}

/* QP 1 of the device that the packet was sent to. */
static struct rodp_qp *gsi_lookup(struct net *net, struct sk_buff *skb)
{
	struct rodp_dev *dev;
	struct in6_addr addr;
	struct rodp_qp *qp;

	rodp_owner_daddr(skb, &addr);
	dev = rodp_owner_get(net, &addr, skb->dev);
	if (!dev)
		return NULL;
	qp = rcu_dereference(dev->gsi);
	ib_device_put(&dev->ib);
	return qp;
}

static struct rodp_qp *lookup(struct net *net, struct sk_buff *skb)
{
	u32 qpn = rodp_packet(skb)->dqpn;

	return qpn == RODP_QPN_GSI ? gsi_lookup(net, skb) : rodp_qpn_lookup(qpn);
}

void rodp_qp_receive(struct net *net, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_stats *stats;
	struct rodp_qp *qp;

	if (pkt->dqpn == RODP_QPN_MULTICAST) {
		rodp_mcast_receive(net, skb);
		return;
	}
	qp = lookup(net, skb);
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
