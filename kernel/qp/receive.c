// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The way of a packet from the socket to its QP's lane. Softirq, rcu_read_lock() held. */
#include "net/drop.h"
#include "net/owner.h"
#include "net/packet.h"
#include "net/rx.h"
#include "qp/lane/qpn.h"
#include "qp/receive.h"
#include "qp/ud/mcast.h"

/* The packet is for the QP. */
#define WELCOME RODP_STAT_COUNT

/*
 * Whether the QP's peer sent it: the peer is reached by the network, the addresses are right, and
 * what did not leave this host was sent by a device of this driver. Any process can send UDP to port 4791 from its host's own
 * addresses.
 */
static bool is_from_peer(const struct rodp_qp *qp, const struct sk_buff *skb)
{
	if (READ_ONCE(qp->local) || !rodp_flow_matches(&qp->flow, skb))
		return false;
	return !(skb->dev->flags & IFF_LOOPBACK) || rodp_packet_is_ours(skb);
}

/*
 * Whether the packet is for this QP, else why not: its namespace, its transport, its partition, and
 * unless datagrams may come from anywhere, its peer's address.
 */
static enum rodp_stat judge(const struct rodp_qp *qp, struct net *net, struct sk_buff *skb)
{
	u8 transport = rodp_packet(skb)->opcode & RODP_TP_MASK;

	if (!qp || !net_eq(rodp_dev_net(qp->dev), net) ||
	    (transport != qp->transport && transport != RODP_TP_CNP))
		return RODP_STAT_NO_QP;
	if (!rodp_bth_pkey_ok(rodp_packet_bth(skb)))
		return RODP_STAT_BAD_PKEY;
	if (qp->transport != RODP_TP_UD && !is_from_peer(qp, skb))
		return RODP_STAT_WRONG_PEER;
	return WELCOME;
}

/* QP 1 of the device that the packet was sent to. */
static struct rodp_qp *gsi_lookup(struct net *net, struct sk_buff *skb)
{
	struct rodp_dev *dev = rodp_owner_of(net, skb);
	struct rodp_qp *qp;

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

/*
 * A congestion notification (annex A17.9.3) is for the QP and for neither of its lanes. How fast
 * to send is left to the host's queueing disciplines: it is counted.
 */
static void notified(struct rodp_qp *qp, struct sk_buff *skb)
{
	bool well_formed = rodp_packet(skb)->payload == RODP_CNP_BYTES;

	rodp_packet_drop(qp->dev, skb, well_formed ? RODP_STAT_CNP_HANDLED : RODP_STAT_CNP_IGNORED);
}

static void deliver(struct rodp_qp *qp, struct net *net, struct sk_buff *skb)
{
	struct rodp_packet *pkt = rodp_packet(skb);

	rodp_rx_count(qp->dev, skb);
	if (qp->transport == RODP_TP_UD)
		pkt->vlan = rodp_owner_vlan(net, skb, &pkt->sl);
	if (pkt->op->flags & RODP_OPF_CNP)
		notified(qp, skb);
	else if (pkt->op->flags & RODP_OPF_REQUEST)
		rodp_lane_receive(&qp->rq.lane, skb);
	else
		rodp_lane_receive(&qp->sq.lane, skb);
}

void rodp_qp_receive(struct net *net, struct sk_buff *skb)
{
	enum rodp_stat verdict;
	struct rodp_qp *qp;

	if (rodp_packet(skb)->dqpn == RODP_QPN_MULTICAST) {
		rodp_mcast_receive(net, skb);
		return;
	}
	qp = lookup(net, skb);
	verdict = judge(qp, net, skb);
	/* A header that was damaged on its way says nothing of its sender. */
	if (!rodp_packet_icrc_ok(skb))
		verdict = RODP_STAT_BAD_ICRC;
	if (verdict == WELCOME)
		deliver(qp, net, skb);
	else
		rodp_packet_drop_stray(net, skb, verdict);
}
