// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The way of a packet from the socket to its QP's lane. Softirq, rcu_read_lock() held. */
#include "net/drop.h"
#include "net/owner.h"
#include "net/packet.h"
#include "net/rx.h"
#include "qp/end/path.h"
#include "qp/end/qpn.h"
#include "qp/receive.h"
#include "qp/ud/mcast.h"

/*
 * RODP_STAT_NONE: the packet is for this end; else what to count it by. Looked at are the namespace, the
 * transport, the partition, and what the end's path asks of a sender.
 */
static enum rodp_stat receive_judge(struct rodp_end *end, struct net *net, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);

	if (!end || !net_eq(rodp_dev_net(end->dev), net) ||
	    !(rodp_end_speaks(end, pkt->opcode) || (pkt->op->flags & RODP_OPF_CNP)))
		return RODP_STAT_NO_QP;
	if (!rodp_bth_pkey_ok(rodp_packet_bth(skb)))
		return RODP_STAT_BAD_PKEY;
	return READ_ONCE(end->path)->admit(end, net, skb);
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

/*
 * A congestion notification (annex A17.9.3) is for the QP and for neither of its lanes. How fast
 * to send is left to the host's queueing disciplines: it is counted.
 */
static void receive_notified(struct rodp_end *end, struct sk_buff *skb)
{
	bool well_formed = rodp_packet(skb)->payload == RODP_CNP_BYTES;

	rodp_packet_drop(end->dev, skb,
			 well_formed ? RODP_STAT_CNP_HANDLED : RODP_STAT_CNP_IGNORED);
}

static void receive_deliver(struct rodp_end *end, struct sk_buff *skb)
{
	u32 flags = rodp_packet(skb)->op->flags;

	rodp_rx_count(end->dev, skb);
	if (flags & RODP_OPF_CNP)
		receive_notified(end, skb);
	else if (flags & RODP_OPF_REQUEST)
		rodp_lane_receive(end->receive_lane, skb);
	else
		rodp_lane_receive(end->send_lane, skb);
}

void rodp_qp_receive(struct net *net, struct sk_buff *skb)
{
	enum rodp_stat verdict;
	struct rodp_end *end;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the QP may be freed");
	if (rodp_packet(skb)->dqpn == RODP_QPN_MULTICAST) {
		rodp_mcast_receive(net, skb);
		return;
	}
	end = receive_find(net, skb);
	verdict = receive_judge(end, net, skb);
	/* A header that was damaged on its way says nothing of its sender. */
	if (!rodp_packet_icrc_ok(skb))
		verdict = RODP_STAT_BAD_ICRC;
	if (verdict == RODP_STAT_NONE)
		receive_deliver(end, skb);
	else
		rodp_packet_drop_stray(net, skb, verdict);
}
