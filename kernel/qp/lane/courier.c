// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The local path, see courier.h. */
#include <linux/module.h>
#include <rdma/ib_cache.h>

#include "net/packet.h"
#include "qp/lane/courier.h"
#include "qp/lane/qpn.h"

static bool local_path = true;
module_param(local_path, bool, 0644);
MODULE_PARM_DESC(
	local_path,
	"QPs of one network namespace exchange messages without a network (for QPs connected from now on)");

/* Packets delivered in one go; the rest is left to a work item. */
#define COURIER_BUDGET 128

struct courier {
	struct sk_buff_head bag; /* this CPU only, BH disabled */
	bool busy;
	struct work_struct work;
};

static DEFINE_PER_CPU(struct courier, couriers);

static bool gid_is_of(struct rodp_dev *dev, const union ib_gid *gid)
{
	const struct ib_gid_attr *attr = rdma_find_gid_by_port(
		&dev->ib, gid, IB_GID_TYPE_ROCE_UDP_ENCAP, 1, dev->ndev);

	if (IS_ERR(attr))
		return false;
	rdma_put_gid_attr(attr);
	return true;
}

bool rodp_courier_is_on(void)
{
	return READ_ONCE(local_path);
}

bool rodp_courier_reaches(struct rodp_qp *qp, u32 dest_qpn, const struct rdma_ah_attr *ah)
{
	struct rodp_qp *peer;
	bool reaches;

	if (!rodp_courier_is_on())
		return false;
	rcu_read_lock();
	peer = rodp_qpn_lookup(dest_qpn & RODP_QPN_MASK);
	reaches = peer && net_eq(rodp_dev_net(peer->dev), rodp_dev_net(qp->dev)) &&
		  gid_is_of(peer->dev, &rdma_ah_read_grh(ah)->dgid);
	rcu_read_unlock();
	return reaches;
}

void rodp_courier_take(struct rodp_qp *qp, u32 dqpn, struct sk_buff *skb)
{
	rodp_packet(skb)->sqpn = qp->ib.qp_num;
	rodp_packet(skb)->dqpn = dqpn;
	rodp_stats_inc(qp->dev->stats, RODP_STAT_SENT_PKTS);
	rodp_stats_add(qp->dev->stats, RODP_STAT_SENT_BYTES, rodp_packet(skb)->payload);
	__skb_queue_tail(&this_cpu_ptr(&couriers)->bag, skb);
}

int rodp_qp_send(struct rodp_qp *qp, struct sk_buff *skb)
{
	if (!qp->local)
		return rodp_packet_send(qp->dev, &qp->flow, skb);
	rodp_packet(skb)->mtu = qp->attr.path_mtu;
	rodp_courier_take(qp, qp->dest_qpn, skb);
	return 0;
}

/* Whether the packet's sender is its peer; a datagram has no such thing. */
static bool expects(const struct rodp_qp *qp, const struct rodp_packet *pkt)
{
	if ((pkt->opcode & RODP_TP_MASK) == RODP_TP_UD)
		return qp->transport == RODP_TP_UD;
	return qp->local && qp->dest_qpn == pkt->sqpn;
}

/* To the QP that it is for. */
static void courier_deliver(struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_qp *qp = rodp_qpn_lookup(pkt->dqpn);

	if (!qp || !expects(qp, pkt)) {
		kfree_skb(skb);
		return;
	}
	rodp_stats_inc(qp->dev->stats, RODP_STAT_RCVD_PKTS);
	rodp_stats_add(qp->dev->stats, RODP_STAT_RCVD_BYTES, pkt->payload);
	rodp_lane_receive(pkt->op->flags & RODP_OPF_REQUEST ? &qp->rq.lane : &qp->sq.lane, skb);
}

void rodp_courier_run(void)
{
	struct courier *courier = this_cpu_ptr(&couriers);
	int budget = COURIER_BUDGET;
	struct sk_buff *skb;

	if (courier->busy || skb_queue_empty(&courier->bag))
		return;
	courier->busy = true;
	rcu_read_lock();
	while (budget-- && (skb = __skb_dequeue(&courier->bag)))
		courier_deliver(skb);
	rcu_read_unlock();
	courier->busy = false;
	if (!skb_queue_empty(&courier->bag))
		queue_work_on(smp_processor_id(), rodp_lane_wq, &courier->work);
}

/*
 * The work item may run on another CPU only when its own went offline with packets
 * in the bag: they are lost, and asked for again.
 */
static void courier_work(struct work_struct *work)
{
	local_bh_disable();
	rodp_courier_run();
	local_bh_enable();
}

void rodp_courier_module_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		__skb_queue_head_init(&per_cpu(couriers, cpu).bag);
		INIT_WORK(&per_cpu(couriers, cpu).work, courier_work);
	}
}

void rodp_courier_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		__skb_queue_purge(&per_cpu(couriers, cpu).bag);
}
