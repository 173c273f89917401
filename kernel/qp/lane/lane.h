/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A lane: a lock, a packet queue, and whoever gets there first runs both.
 *
 * A packet that arrives while the lane is owned is queued, and the current owner processes it before it
 * releases the lane. So nobody waits for a lane with a packet in hand, and no packet is lost
 * between the two. What others must be told is collected in `tell` while the lane is held, and told after it was
 * released. What the packets are, and what the lane works on, is its owner's affair (struct
 * rodp_lane_ops, container_of()).
 *
 * A lane runs between rodp_lane_start() and rodp_lane_stop(). A stopped lane takes no packet and
 * calls none of its operations but `after`.
 */
#ifndef RODP_QP_LANE_H
#define RODP_QP_LANE_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "base/account.h"
#include "base/stats.h"
#include "qp/lane/home.h"
#include "qp/lane/pacer.h"

struct rodp_lane;
struct rodp_segments;

/*
 * Packets that wait for a lane, and the memory that they occupy, bytes. Beyond that they are
 * dropped and the peer sends again. All lanes of a user together have what his account allows.
 */
#define RODP_LANE_BACKLOG	1024
#define RODP_LANE_BACKLOG_BYTES (8u << 20)
/*
 * Packets handled in one go, and bytes that are copied for them without a network, where a packet
 * may stand for 256 KiB. The rest is left to a work item, so that softirqs stay short.
 */
#define RODP_LANE_BUDGET 256
#define RODP_LANE_BYTES	 (1u << 20)

/* See rodp_lane_refused(). */
#define RODP_LANE_REFUSALS 64

struct rodp_lane_ops {
	/* Take one packet: consume it, or keep it and stall. Lane held. */
	void (*packet)(struct rodp_lane *lane, struct sk_buff *skb);
	/* The same of packets that came together: at least one of them. NULL: one by one. Lane held. */
	void (*packets)(struct rodp_lane *lane, struct rodp_segments *segs);
	/* Go on with whatever there is to do. Lane held; called each time before it is released. */
	void (*run)(struct rodp_lane *lane);
	/* The lane was released, on this CPU, BH still disabled; tell: what it collected. */
	void (*after)(struct rodp_lane *lane, u32 tell);
};

/* What a lane is in the middle of. All zero: nothing. */
struct rodp_lane_state {
	bool stalled; /* the packet in hand waits (for memory, for room): take no other */
	bool resting; /* did enough in one go: run() is to wait for the work item */
	bool dropped; /* the backlog overflowed since it was last looked at */
	u8 refused; /* times in a row that this host refused the packet that was to be sent */
};

struct rodp_lane {
	spinlock_t lock; /* BH disabled */
	const struct rodp_lane_ops *ops;
	struct rodp_stats *stats;
	const u32 *qpn; /* for traces, with */
	bool sends; /* which of the two lanes of that QP it is */
	struct sk_buff *first; /* goes before those in `backlog`; or NULL. Changed as `stopped` */
	struct sk_buff_head backlog; /* has a lock of its own, inside `lock` */
	atomic_t backlog_bytes; /* that are occupied by what waits */
	struct rodp_account *account; /* these count there too; NULL: no limit */
	bool stopped; /* changed with the lane held */
	struct rodp_lane_state state;
	u32 tell; /* bits that mean something to after() */
	u32 moved; /* bytes copied without a network since the lane was taken; 0 while nobody has it */
	struct rodp_home home; /* where the lane sends */
	struct rodp_pacer pacer; /* how fast it sends */
	bool notice_owed; /* see qp/end/notice.h; set by whoever has packets for the lane */
	struct delayed_work work; /* runs the lane in process context */
};

/**
 * rodp_lane_init() - make a lane, stopped
 * @lane: zeroed memory, whose other fields (qpn, sends, home, account) the caller fills; account
 *	outlives it
 * @ops: what it does
 * @stats: counters of its device, which outlive it
 */
void rodp_lane_init(struct rodp_lane *lane, const struct rodp_lane_ops *ops,
		    struct rodp_stats *stats);

/**
 * rodp_lane_lock() - own a lane
 * @lane: the lane
 *
 * Context: Process or softirq, no lane held. Disables BH until rodp_lane_unlock().
 */
void rodp_lane_lock(struct rodp_lane *lane);

/**
 * rodp_lane_unlock() - run a lane, release it and tell what it collected
 * @lane: is held
 *
 * Context: As rodp_lane_lock(). The caller holds nothing else: completion handlers are called.
 */
void rodp_lane_unlock(struct rodp_lane *lane);

/**
 * rodp_lane_run() - lock and unlock: let a lane do what there is to do
 * @lane: the lane
 *
 * Context: As rodp_lane_lock().
 */
void rodp_lane_run(struct rodp_lane *lane);

/**
 * rodp_lane_receive() - a packet for this lane
 * @lane: found under RCU
 * @skb: is consumed: handled now, or queued, or (full, or the lane is stopped) dropped
 *
 * Context: softirq, or BH disabled; RCU.
 * Return: bytes that were copied without a network meanwhile.
 */
u32 rodp_lane_receive(struct rodp_lane *lane, struct sk_buff *skb);

/**
 * rodp_lane_receive_all() - the same of packets that came together, under one hold of the lane
 * @lane: found under RCU
 * @segs: at most as many as are handled in one go (RODP_LANE_BUDGET); none is left
 *
 * Context: As rodp_lane_receive().
 * Return: As rodp_lane_receive().
 */
u32 rodp_lane_receive_all(struct rodp_lane *lane, struct rodp_segments *segs);

/**
 * rodp_lane_purge() - drop all packets that wait
 * @lane: is held, or stopped
 *
 * Context: Process or softirq.
 */
void rodp_lane_purge(struct rodp_lane *lane);

/**
 * rodp_lane_try_charge() - count memory of packets that wait for a lane, within its limit and its
 *	user's
 * @lane: the lane
 * @bytes: how many
 *
 * Context: Process or softirq.
 * Return: whether it is counted; then rodp_lane_uncharge().
 */
bool rodp_lane_try_charge(struct rodp_lane *lane, u32 bytes);

/* It is freed, or waits no more. */
void rodp_lane_uncharge(struct rodp_lane *lane, u32 bytes);

/**
 * rodp_lane_put_first() - a packet is to be taken before all others that wait, and before those
 *	that came together with the one that is being taken
 * @lane: is held, and has no such packet
 * @skb: is kept and charged already
 *
 * Context: Process or softirq.
 */
void rodp_lane_put_first(struct rodp_lane *lane, struct sk_buff *skb);

/* Whether there is such a packet. */
static inline bool rodp_lane_has_first(const struct rodp_lane *lane)
{
	return READ_ONCE(lane->first);
}

/**
 * rodp_lane_forget() - drop a packet that waits
 * @lane: is held
 * @skb: is in its backlog
 *
 * Context: Process or softirq.
 */
void rodp_lane_forget(struct rodp_lane *lane, struct sk_buff *skb);

/**
 * rodp_lane_schedule() - run a lane from the work queue, on its CPU
 * @lane: the lane; nothing happens if it is stopped
 * @delay: jiffies
 *
 * Context: Any.
 */
void rodp_lane_schedule(struct rodp_lane *lane, unsigned long delay);

/**
 * rodp_lane_hurry() - run a lane from the work queue at once, though it rests
 * @lane: the lane; nothing happens if it is stopped
 *
 * For what does not depend on why the lane rests: a flush.
 *
 * Context: Any.
 */
void rodp_lane_hurry(struct rodp_lane *lane);

/**
 * rodp_lane_rest() - as rodp_lane_schedule(), and until then run() does nothing: others get the CPU
 * @lane: is held
 * @delay: jiffies
 *
 * Context: Process or softirq.
 */
void rodp_lane_rest(struct rodp_lane *lane, unsigned long delay);

/**
 * rodp_lane_refused() - this host refused a packet of the lane's, as a full queue does
 * @lane: is held
 *
 * A queue has room again after a while; a filter that drops has none, and answers the same. So
 * there are RODP_LANE_REFUSALS tries, a jiffy apart, and then, until a packet is taken, none: what
 * is refused counts as sent, and is for the peer or for the timer to miss.
 *
 * Context: Process or softirq.
 * Return: whether to make the packet again: the lane rests meanwhile.
 */
bool rodp_lane_refused(struct rodp_lane *lane);

/**
 * rodp_lane_stop() - the first step of stopping: from now on no packet is taken, nothing runs and
 *	nothing is scheduled
 * @lane: the lane
 *
 * What began before may still be under way until an RCU grace period has passed.
 *
 * Context: Process or softirq, the lane not held.
 */
void rodp_lane_stop(struct rodp_lane *lane);

/**
 * rodp_lane_quiesce() - the second step: no work item of the lane runs any more, and the packets
 *	that waited are freed
 * @lane: was stopped, and a grace period has passed since
 *
 * Context: Process, sleeps.
 */
void rodp_lane_quiesce(struct rodp_lane *lane);

/**
 * rodp_lane_start() - let a lane run, from the beginning: nothing waits, rests or stalls
 * @lane: stopped and quiesced, or new
 *
 * Context: Process or softirq.
 */
void rodp_lane_start(struct rodp_lane *lane);

/**
 * rodp_lane_module_init() - make the work queues of lanes
 *
 * Context: Process.
 * Return: 0 or -ENOMEM.
 */
int rodp_lane_module_init(void);

/**
 * rodp_lane_module_exit() - undo it
 *
 * Context: Process, sleeps. No lane is left.
 */
void rodp_lane_module_exit(void);

extern struct workqueue_struct *rodp_lane_wq;

/**
 * rodp_lane_is_held_back() - whether a lane has to wait before it sends, because of congestion
 * @lane: a lane that is held, not stopped, and about to send. If it has to wait it is run when it need not.
 * @rtt: how long an answer of the peer takes, ns; 0: unknown
 *
 * Context: BH disabled.
 * Return: whether it has to wait.
 */
static inline bool rodp_lane_is_held_back(struct rodp_lane *lane, u64 rtt)
{
	return unlikely(atomic_read(&lane->pacer.told) || lane->pacer.pace.rate) &&
	       rodp_pacer_look(lane, rtt);
}

/**
 * rodp_lane_sends() - a lane sends a packet
 * @lane: the lane, held
 * @bytes: of payload
 *
 * Context: BH disabled.
 */
static inline void rodp_lane_sends(struct rodp_lane *lane, u32 bytes)
{
	if (unlikely(lane->pacer.pace.rate))
		rodp_pacer_count(lane, bytes);
}

#endif
