// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The courier, see courier.h. */
#include <linux/module.h>

#include "net/packet.h"
#include "qp/end/courier.h"
#include "qp/end/path.h"
#include "qp/end/qpn.h"

static bool local_path = true;
module_param(local_path, bool, 0644);
MODULE_PARM_DESC(
	local_path,
	"QPs of one network namespace exchange messages without a network (for QPs connected from now on)");

/* Packets delivered in one go, and bytes copied for them; the rest is left to a work item. */
#define COURIER_BUDGET 128
#define COURIER_MOVES  RODP_LANE_BYTES

/* What is in a queue, beyond which senders rest. */
#define COURIER_PACKETS 1024
#define COURIER_BYTES	(4u << 20)

/*
 * Of one CPU. Both locks are taken with BH disabled, and are nothing but on PREEMPT_RT, where tasks with BH
 * disabled share a CPU: whoever wants to deliver waits there for the one who does, and lends him his priority.
 */
struct courier {
	local_lock_t round_lock; /* who delivers; a lane's lock may be taken inside */
	const struct task_struct *runner; /* who has round_lock */
	local_lock_t queue_lock; /* inside a lane's lock */
	struct sk_buff_head queue; /* queue_lock */
	u32 bytes; /* queue_lock: of memory that it occupies; copies that share their bytes count each */
	struct work_struct work;
};

static DEFINE_PER_CPU(struct courier, couriers);

bool rodp_courier_is_on(void)
{
	return READ_ONCE(local_path);
}

bool rodp_courier_has_room(void)
{
	const struct courier *courier = this_cpu_ptr(&couriers);

	lockdep_assert_in_softirq(); /* or BH disabled */
	return skb_queue_len(&courier->queue) < COURIER_PACKETS && courier->bytes < COURIER_BYTES;
}

/* Into the queue. */
static void courier_put(struct sk_buff *skb)
{
	struct courier *courier = this_cpu_ptr(&couriers);

	local_lock_nested_bh(&couriers.queue_lock);
	__skb_queue_tail(&courier->queue, skb);
	courier->bytes += skb->truesize;
	local_unlock_nested_bh(&couriers.queue_lock);
}

void rodp_courier_take(struct rodp_end *end, u32 dqpn, struct sk_buff *skb)
{
	struct rodp_packet *pkt = rodp_packet(skb);

	rodp_end_assert_either(end);
	pkt->sqpn = end->ib.qp_num;
	pkt->dqpn = dqpn;
	rodp_stats_inc(end->dev->stats, RODP_STAT_SENT_PKTS);
	rodp_stats_add(end->dev->stats, RODP_STAT_SENT_BYTES, pkt->payload);
	courier_put(skb);
}

/* The next packet, or NULL. */
static struct sk_buff *courier_next(struct courier *courier)
{
	struct sk_buff *skb;

	local_lock_nested_bh(&couriers.queue_lock);
	skb = __skb_dequeue(&courier->queue);
	if (skb)
		courier->bytes -= skb->truesize;
	local_unlock_nested_bh(&couriers.queue_lock);
	return skb;
}

/* Whether the QP is of the packet's transport, and wants it of this sender. */
static bool courier_is_welcome(const struct rodp_end *end, struct sk_buff *skb)
{
	return rodp_end_speaks(end, rodp_packet(skb)->opcode) && end->path->expects(end, skb);
}

/* To the QP that it is for. Returns the bytes that were copied for it. */
static u32 courier_deliver(struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_end *end = rodp_qpn_lookup(pkt->dqpn);
	struct rodp_lane *lane;

	if (!end || !courier_is_welcome(end, skb)) {
		kfree_skb(skb);
		return 0;
	}
	rodp_stats_inc(end->dev->stats, RODP_STAT_RCVD_PKTS);
	rodp_stats_add(end->dev->stats, RODP_STAT_RCVD_BYTES, pkt->payload);
	lane = pkt->op->flags & RODP_OPF_REQUEST ? end->receive_lane : end->send_lane;
	return rodp_lane_receive(lane, skb);
}

static void courier_deliver_some(struct courier *courier)
{
	int budget = COURIER_BUDGET;
	struct sk_buff *skb;
	u32 moved = 0;

	rcu_read_lock();
	while (budget-- && moved < COURIER_MOVES && (skb = courier_next(courier)))
		moved += courier_deliver(skb);
	rcu_read_unlock();
}

void rodp_courier_run(void)
{
	struct courier *courier = this_cpu_ptr(&couriers);

	lockdep_assert_in_softirq(); /* or BH disabled */
	/* A delivery runs lanes, which end here: the rest of the queue is for the loop that delivers already. */
	if (READ_ONCE(courier->runner) == current || skb_queue_empty_lockless(&courier->queue))
		return;
	local_lock_nested_bh(&couriers.round_lock);
	WRITE_ONCE(courier->runner, current);
	courier_deliver_some(courier);
	WRITE_ONCE(courier->runner, NULL);
	local_unlock_nested_bh(&couriers.round_lock);
	if (!skb_queue_empty_lockless(&courier->queue))
		queue_work_on(smp_processor_id(), rodp_lane_wq, &courier->work);
}

/*
 * The work item may run on another CPU only when its own went offline with packets
 * in the queue: they are lost, and asked for again.
 */
static void courier_work(struct work_struct *work)
{
	local_bh_disable();
	rodp_courier_run();
	local_bh_enable();
}

static void courier_init(struct courier *courier)
{
	local_lock_init(&courier->round_lock);
	local_lock_init(&courier->queue_lock);
	__skb_queue_head_init(&courier->queue);
	INIT_WORK(&courier->work, courier_work);
}

void rodp_courier_module_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		courier_init(&per_cpu(couriers, cpu));
}

void rodp_courier_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		__skb_queue_purge(&per_cpu(couriers, cpu).queue);
}
