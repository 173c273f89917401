// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Lanes, see lane.h. */
#include "net/packet.h"
#include "net/segments.h"
#include "qp/lane/lane.h"

struct workqueue_struct *rodp_lane_wq;

static void lane_work(struct work_struct *work)
{
	struct rodp_lane *lane = container_of(to_delayed_work(work), struct rodp_lane, work);

	/*
	 * The lane moved since this was queued. A work item that queues itself while it
	 * runs stays on its CPU, whatever CPU it asks for: go by way of the timer.
	 */
	if (rodp_home_is_elsewhere(&lane->home)) {
		rodp_lane_schedule(lane, 1);
		return;
	}
	rodp_lane_lock(lane);
	lane->state.resting = false;
	rodp_lane_unlock(lane);
}

/* The lane has moved. */
static void lane_arrive(struct work_struct *work)
{
	struct rodp_lane *lane = container_of(work, struct rodp_lane, home.arrive);

	rodp_lane_lock(lane);
	rodp_home_arrived(&lane->home);
	rodp_lane_unlock(lane);
}

void rodp_lane_init(struct rodp_lane *lane, const struct rodp_lane_ops *ops,
		    struct rodp_stats *stats)
{
	spin_lock_init(&lane->lock);
	skb_queue_head_init(&lane->backlog);
	INIT_DELAYED_WORK(&lane->work, lane_work);
	lane->ops = ops;
	lane->stats = stats;
	lane->stopped = true;
	rodp_pacer_init(lane);
	rodp_home_init(&lane->home, lane->home.ordered, lane->home.follows, lane_arrive);
}

/* A caller that saw the lane run is in an RCU section: rodp_lane_quiesce() comes after it. */
void rodp_lane_schedule(struct rodp_lane *lane, unsigned long delay)
{
	preempt_disable();
	if (!READ_ONCE(lane->stopped))
		queue_delayed_work_on(rodp_home_cpu(&lane->home), rodp_lane_wq, &lane->work, delay);
	preempt_enable();
}

void rodp_lane_hurry(struct rodp_lane *lane)
{
	preempt_disable();
	if (!READ_ONCE(lane->stopped))
		mod_delayed_work_on(rodp_home_cpu(&lane->home), rodp_lane_wq, &lane->work, 0);
	preempt_enable();
}

void rodp_lane_rest(struct rodp_lane *lane, unsigned long delay)
{
	lockdep_assert_held(&lane->lock);
	lane->state.resting = true;
	if (delay)
		rodp_lane_schedule(lane, delay);
	else
		rodp_lane_hurry(lane);
}

bool rodp_lane_refused(struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	if (lane->state.refused >= RODP_LANE_REFUSALS)
		return false;
	lane->state.refused++;
	rodp_lane_rest(lane, 1);
	return true;
}

void rodp_lane_stop(struct rodp_lane *lane)
{
	spin_lock_bh(&lane->lock);
	WRITE_ONCE(lane->stopped, true);
	spin_unlock_bh(&lane->lock);
}

void rodp_lane_quiesce(struct rodp_lane *lane)
{
	/* First the home: whoever arrives runs the lane, which may queue its work item. */
	rodp_home_quiesce(&lane->home);
	rodp_pacer_quiesce(lane);
	cancel_delayed_work_sync(&lane->work);
	rodp_lane_purge(lane);
}

void rodp_lane_start(struct rodp_lane *lane)
{
	spin_lock_bh(&lane->lock);
	lane->state = (struct rodp_lane_state){};
	rodp_pacer_reset(lane);
	WRITE_ONCE(lane->notice_owed, false);
	WRITE_ONCE(lane->stopped, false);
	spin_unlock_bh(&lane->lock);
}

void rodp_lane_lock(struct rodp_lane *lane)
{
	spin_lock_bh(&lane->lock);
}

/* Whether the lane could take a packet. */
static bool lane_is_open(const struct rodp_lane *lane)
{
	return !READ_ONCE(lane->state.stalled) && !READ_ONCE(lane->home.moving) &&
	       !READ_ONCE(lane->stopped);
}

/* Whether packets wait that it could take. */
static bool lane_has_packets(struct rodp_lane *lane)
{
	return lane_is_open(lane) &&
	       (rodp_lane_has_first(lane) || !skb_queue_empty_lockless(&lane->backlog));
}

bool rodp_lane_try_charge(struct rodp_lane *lane, u32 bytes)
{
	if (atomic_add_return(bytes, &lane->backlog_bytes) <= RODP_LANE_BACKLOG_BYTES &&
	    !rodp_account_try_charge(lane->account, bytes))
		return true;
	atomic_sub(bytes, &lane->backlog_bytes);
	return false;
}

void rodp_lane_uncharge(struct rodp_lane *lane, u32 bytes)
{
	rodp_account_uncharge(lane->account, bytes);
	atomic_sub(bytes, &lane->backlog_bytes);
}

/* The next packet that waits, or NULL. */
static struct sk_buff *lane_dequeue(struct rodp_lane *lane)
{
	struct sk_buff *skb = lane->first;

	if (unlikely(skb))
		WRITE_ONCE(lane->first, NULL);
	else
		skb = skb_dequeue(&lane->backlog);
	if (skb)
		rodp_lane_uncharge(lane, skb->truesize);
	return skb;
}

void rodp_lane_purge(struct rodp_lane *lane)
{
	struct sk_buff *skb;

	while ((skb = lane_dequeue(lane)))
		kfree_skb(skb);
}

void rodp_lane_put_first(struct rodp_lane *lane, struct sk_buff *skb)
{
	lockdep_assert_held(&lane->lock);
	WARN_ON_ONCE(lane->first);
	WRITE_ONCE(lane->first, skb);
}

void rodp_lane_forget(struct rodp_lane *lane, struct sk_buff *skb)
{
	lockdep_assert_held(&lane->lock);
	skb_unlink(skb, &lane->backlog);
	rodp_lane_uncharge(lane, skb->truesize);
	kfree_skb(skb);
}

static void lane_drain(struct rodp_lane *lane)
{
	int budget = RODP_LANE_BUDGET;

	lockdep_assert_held(&lane->lock);
	while (lane_has_packets(lane)) {
		if (!budget-- || lane->moved >= RODP_LANE_BYTES) {
			rodp_lane_schedule(lane, 0);
			break;
		}
		lane->ops->packet(lane, lane_dequeue(lane));
	}
	if (likely(!lane->stopped))
		lane->ops->run(lane);
}

/*
 * Drop the lock, and do what comes after that; the caller looks for latecomers. Returns the bytes
 * that were moved.
 */
static u32 lane_release(struct rodp_lane *lane)
{
	u32 tell = lane->tell, moved = lane->moved;

	lockdep_assert_held(&lane->lock);
	lane->tell = 0;
	lane->moved = 0;
	spin_unlock(&lane->lock);
	lane->ops->after(lane, tell);
	local_bh_enable();
	return moved;
}

/* The end of having a lane. Returns the bytes that were moved meanwhile. */
static u32 lane_unlock(struct rodp_lane *lane)
{
	int rounds = 4;
	u32 moved = 0;

	do {
		lane_drain(lane);
		moved += lane_release(lane);
		smp_mb(); /* the lock is free before we look; pairs with rodp_lane_receive() */
		if (!lane_has_packets(lane))
			return moved;
	} while (rounds-- && moved < RODP_LANE_BYTES && spin_trylock_bh(&lane->lock));

	if (lane_has_packets(lane))
		rodp_lane_schedule(lane, 0);
	return moved;
}

void rodp_lane_unlock(struct rodp_lane *lane)
{
	lane_unlock(lane);
}

void rodp_lane_run(struct rodp_lane *lane)
{
	rodp_lane_lock(lane);
	rodp_lane_unlock(lane);
}

static void lane_drop(struct rodp_lane *lane, struct sk_buff *skb, enum rodp_stat why)
{
	rodp_stats_inc(lane->stats, why);
	kfree_skb(skb);
}

/* Make a packet fit to wait, or drop it. */
static bool lane_keep(struct rodp_lane *lane, struct sk_buff *skb)
{
	if (skb_queue_len_lockless(&lane->backlog) >= RODP_LANE_BACKLOG ||
	    !rodp_lane_try_charge(lane, skb->truesize)) {
		WRITE_ONCE(lane->state.dropped, true);
		lane_drop(lane, skb, RODP_STAT_BACKLOG_DROPS);
		return false;
	}
	rodp_packet_keep(skb);
	return true;
}

/* Behind all that wait. Returns whether there is one more. */
static bool lane_enqueue(struct rodp_lane *lane, struct rodp_segments *segs)
{
	struct sk_buff *skb;
	bool any = false;

	while ((skb = rodp_segments_next(segs))) {
		if (!lane_keep(lane, skb))
			continue;
		skb_queue_tail(&lane->backlog, skb);
		any = true;
	}
	return any;
}

/* In front of those that came meanwhile; behind the first one of all, if there is one. */
static void lane_enqueue_first(struct rodp_lane *lane, struct rodp_segments *segs)
{
	struct sk_buff *before = (struct sk_buff *)&lane->backlog, *skb;

	lockdep_assert_held(&lane->lock);
	while ((skb = rodp_segments_next(segs))) {
		if (!lane_keep(lane, skb))
			continue;
		spin_lock(&lane->backlog.lock);
		__skb_queue_after(&lane->backlog, before, skb);
		spin_unlock(&lane->backlog.lock);
		before = skb;
	}
}

/* Nothing waits that came before these. */
static void lane_take(struct rodp_lane *lane, struct rodp_segments *segs)
{
	lockdep_assert_held(&lane->lock);
	while (segs->first && lane_is_open(lane) && !lane->first && lane->moved < RODP_LANE_BYTES) {
		if (lane->ops->packets)
			lane->ops->packets(lane, segs);
		else
			lane->ops->packet(lane, rodp_segments_next(segs));
	}
	lane_enqueue_first(lane, segs);
}

/* With a packet. A stalled lane will answer what it stalled at where it is. */
static void lane_follow(struct rodp_lane *lane)
{
	lockdep_assert_held(&lane->lock);
	if (!lane->state.stalled)
		rodp_home_follow(&lane->home);
}

static u32 lane_refuse(struct rodp_lane *lane, struct rodp_segments *segs)
{
	struct sk_buff *skb;

	while ((skb = rodp_segments_next(segs)))
		lane_drop(lane, skb, RODP_STAT_WRONG_STATE);
	return 0;
}

u32 rodp_lane_receive_all(struct rodp_lane *lane, struct rodp_segments *segs)
{
	bool owned = spin_trylock_bh(&lane->lock);

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the lane may be freed");
	if (unlikely(READ_ONCE(lane->stopped))) {
		if (owned)
			spin_unlock_bh(&lane->lock);
		return lane_refuse(lane, segs);
	}
	if (owned)
		lane_follow(lane);
	if (owned && !lane->first && skb_queue_empty(&lane->backlog)) {
		lane_take(lane, segs);
	} else if (lane_enqueue(lane, segs) && !owned) {
		smp_mb(); /* queued before we try again; pairs with rodp_lane_unlock() */
		owned = spin_trylock_bh(&lane->lock);
		if (owned)
			lane_follow(lane);
	}
	return owned ? lane_unlock(lane) : 0;
}

u32 rodp_lane_receive(struct rodp_lane *lane, struct sk_buff *skb)
{
	struct rodp_segments alone = {};

	rodp_segments_add(&alone, skb);
	return rodp_lane_receive_all(lane, &alone);
}

int rodp_lane_module_init(void)
{
	int err;

	rodp_lane_wq = alloc_workqueue("rodp", WQ_PERCPU | WQ_MEM_RECLAIM, 0);
	if (!rodp_lane_wq)
		return -ENOMEM;
	err = rodp_home_module_init();
	if (err)
		destroy_workqueue(rodp_lane_wq);
	return err;
}

void rodp_lane_module_exit(void)
{
	rodp_home_module_exit();
	destroy_workqueue(rodp_lane_wq);
}
