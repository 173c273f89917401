/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A lane: one direction of a QP, run by whoever gets there first.
 *
 * The send lane holds the requester and the completer, the receive lane the
 * responder. Each has one lock and one packet queue. A packet that arrives while
 * the lane is owned is queued, and the owner takes it before it leaves, so
 * nobody waits for a lane with a packet in hand, no packet is lost between the
 * two, and no thread ever holds the lanes of two QPs.
 *
 * What others must be told (completion events, asynchronous events) is collected
 * while the lane is held and told after it was let go.
 */
#ifndef RODP_QP_LANE_H
#define RODP_QP_LANE_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "qp/lane/home.h"

struct rodp_lane;
struct rodp_qp;

/* Packets that wait for a lane. Beyond that they are dropped and the peer sends again. */
#define RODP_LANE_BACKLOG 1024
/* Packets handled in one go; the rest is left to a work item, so that softirqs stay short. */
#define RODP_LANE_BUDGET 256

/* What to tell once the lane is free: bits of rodp_lane.tell. */
enum rodp_tell {
	RODP_TELL_SEND_CQ = 1 << 0,
	RODP_TELL_RECV_CQ = 1 << 1,
	RODP_TELL_SEND_CQ_ERR = 1 << 2,
	RODP_TELL_RECV_CQ_ERR = 1 << 3,
	RODP_TELL_QP_FATAL = 1 << 4,
	RODP_TELL_QP_REQ_ERR = 1 << 5,
	RODP_TELL_QP_ACCESS_ERR = 1 << 6,
	RODP_TELL_COMM_EST = 1 << 7,
	RODP_TELL_SQ_DRAINED = 1 << 8,
	RODP_TELL_LAST_WQE = 1 << 10,
	RODP_TELL_FLUSH = 1 << 9, /* the QP failed: let both lanes flush */
};

struct rodp_lane_ops {
	/* Take one packet, consume it or keep it and stall. Lock held. */
	void (*packet)(struct rodp_qp *qp, struct sk_buff *skb);
	/* Go on with whatever the lane has to do itself. Lock held; runs before it is let go. */
	void (*run)(struct rodp_qp *qp);
	/* The lane was let go, on this CPU, BH still disabled; tell: enum rodp_tell, what it collected. */
	void (*after)(struct rodp_qp *qp, u32 tell);
};

struct rodp_lane {
	spinlock_t lock; /* _bh; everything of this direction */
	struct rodp_qp *qp;
	const struct rodp_lane_ops *ops;
	struct sk_buff_head backlog; /* has a lock of its own, inside `lock` */
	bool stalled; /* the packet in hand waits (for memory, for room): take no other */
	bool resting; /* did enough in one go: run() is to wait for the work item */
	bool dropped; /* the backlog overflowed since it was last looked at */
	u32 tell;
	struct rodp_home home; /* where the lane sends */
	struct delayed_work work; /* runs the lane in process context */
};

void rodp_lane_init(struct rodp_lane *lane, struct rodp_qp *qp, const struct rodp_lane_ops *ops);

/* Own the lane; run it, let it go and tell. Process or softirq context. */
void rodp_lane_lock(struct rodp_lane *lane);
void rodp_lane_unlock(struct rodp_lane *lane);

/* A packet for this lane: handled now, or queued, or (full) dropped. Softirq, RCU. */
void rodp_lane_receive(struct rodp_lane *lane, struct sk_buff *skb);

/* Run the lane from the workqueue, on its CPU, in `delay` jiffies. Any context. */
void rodp_lane_schedule(struct rodp_lane *lane, unsigned long delay);

/* The same, and until then run() does nothing: others get the CPU. Lane held. */
void rodp_lane_rest(struct rodp_lane *lane, unsigned long delay);

/* No work item of this lane runs after this. Sleeps. Nobody else may use the lane. */
void rodp_lane_quiesce(struct rodp_lane *lane);

/* For another life of the QP: no packet waits, nothing rests or stalls. Quiesced and held. */
void rodp_lane_reset(struct rodp_lane *lane);

/* For the end of the QP: the packets that wait are freed. Quiesced; nobody finds the lane any more. */
void rodp_lane_destroy(struct rodp_lane *lane);

int rodp_lane_module_init(void);
void rodp_lane_module_exit(void);
extern struct workqueue_struct *rodp_lane_wq;

#endif
