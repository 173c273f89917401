// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The courier, see courier.h. */
#include <linux/module.h>

#include "net/packet.h"
#include "net/segments.h"
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

/* Whether a packet may be delivered with those before it: to the same lane, and no more bytes than one go moves. */
static bool courier_joins(const struct rodp_segments *run, struct sk_buff *skb, u64 bytes)
{
	const struct rodp_packet *pkt = rodp_packet(skb), *first;

	if (!run->first)
		return true;
	first = rodp_packet(run->first);
	return pkt->dqpn == first->dqpn && bytes + pkt->payload <= COURIER_MOVES &&
	       !((pkt->op->flags ^ first->op->flags) & RODP_OPF_REQUEST);
}

/* The packets that are first and for one lane, at most so many; none: the queue is empty. */
static void courier_next_run(struct courier *courier, struct rodp_segments *run, u32 budget)
{
	struct sk_buff *skb;
	u64 bytes = 0;

	local_lock_nested_bh(&couriers.queue_lock);
	while (run->count < budget && (skb = skb_peek(&courier->queue)) &&
	       courier_joins(run, skb, bytes)) {
		__skb_unlink(skb, &courier->queue);
		courier->bytes -= skb->truesize;
		bytes += rodp_packet(skb)->payload;
		rodp_segments_add(run, skb);
	}
	local_unlock_nested_bh(&couriers.queue_lock);
}

/* Whether the QP is of the packet's transport, and wants it of this sender. */
static bool courier_is_welcome(const struct rodp_end *end, struct sk_buff *skb)
{
	return rodp_end_speaks(end, rodp_packet(skb)->opcode) && end->path->expects(end, skb);
}

/* Those of the run that the QP wants, and counts. */
static void courier_admit(struct rodp_end *end, struct rodp_segments *run,
			  struct rodp_segments *welcome)
{
	struct sk_buff *skb;
	u64 bytes = 0;

	while ((skb = rodp_segments_next(run))) {
		if (unlikely(!end || !courier_is_welcome(end, skb))) {
			kfree_skb(skb);
			continue;
		}
		bytes += rodp_packet(skb)->payload;
		rodp_segments_add(welcome, skb);
	}
	if (!welcome->first)
		return;
	rodp_stats_add(end->dev->stats, RODP_STAT_RCVD_PKTS, welcome->count);
	rodp_stats_add(end->dev->stats, RODP_STAT_RCVD_BYTES, bytes);
}

/* To the QP that they are for. Returns the bytes that were copied for them. */
static u32 courier_deliver(struct rodp_segments *run)
{
	const struct rodp_packet *pkt = rodp_packet(run->first);
	struct rodp_end *end = rodp_qpn_lookup(pkt->dqpn);
	bool request = pkt->op->flags & RODP_OPF_REQUEST;
	struct rodp_segments welcome = {};

	courier_admit(end, run, &welcome);
	if (!welcome.first)
		return 0;
	return rodp_lane_receive_all(request ? end->receive_lane : end->send_lane, &welcome);
}

static void courier_deliver_some(struct courier *courier)
{
	u32 budget = COURIER_BUDGET, moved = 0;
	struct rodp_segments run;

	rcu_read_lock();
	while (budget && moved < COURIER_MOVES) {
		run = (struct rodp_segments){};
		courier_next_run(courier, &run, budget);
		if (!run.first)
			break;
		budget -= run.count;
		moved += courier_deliver(&run);
	}
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
