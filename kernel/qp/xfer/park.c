// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Parking, see park.h. */
#include <linux/ktime.h>

#include "base/trace.h"
#include "qp/xfer/park.h"

static void park_end(struct rodp_park *park)
{
	lockdep_assert_held(&park->lane->lock);
	if (!park->waiting)
		return;
	park->waiting = false;
	rodp_stats_add(park->lane->stats, RODP_STAT_ODP_PARKED_NS,
		       ktime_get_ns() - park->waiter.since);
}

/* The fault is over. Clearing `stalled` is the lane's own affair: its run() retries. */
static void park_work(struct work_struct *work)
{
	struct rodp_park *park = container_of(work, struct rodp_park, work);
	struct rodp_lane *lane = park->lane;

	rodp_lane_lock(lane);
	if (park->waiting) {
		park_end(park);
		park->err = park->waiter.err;
		if (!park->err)
			park->tries = 0;
		trace_rodp_qp_resume(*lane->qpn, lane->sends, park->err, park->waiter.since);
	}
	rodp_lane_unlock(lane);
}

void rodp_park_init(struct rodp_park *park, struct rodp_lane *lane)
{
	park->lane = lane;
	INIT_WORK(&park->work, park_work);
	rodp_fault_waiter_init(&park->waiter, rodp_resume_wq, &park->work);
}

/* Faults that find no memory, after 1, 2, 4, ... jiffies each, before that is an error. */
#define PARK_TRIES 8

/* Come back later, unless there was no memory for long. */
static bool park_try_later(struct rodp_park *park)
{
	if (park->tries >= PARK_TRIES)
		return false;
	rodp_lane_rest(park->lane, 1ul << park->tries++);
	return true;
}

int rodp_park_miss(struct rodp_park *park, struct rodp_mr *mr, u64 iova, u64 extent, bool write)
{
	bool again = park->key == mr->ib.lkey && park->iova == iova;
	int err = again ? park->err : 0;
	struct rodp_lane *lane = park->lane;

	lockdep_assert_held(&lane->lock);
	park->err = 0;
	if (!again)
		park->tries = 0;
	if (err == -ENOMEM && park_try_later(park))
		return -EAGAIN;
	if (err)
		return -EFAULT;
	park->key = mr->ib.lkey;
	park->iova = iova;
	park->waiter.cpu = lane->home.cpu; /* its packets stay in order */
	if (rodp_mr_fault(mr, iova, extent, write, &park->waiter))
		return -EFAULT;
	park->waiting = true;
	trace_rodp_qp_park(*lane->qpn, lane->sends, park->key, iova, extent, write);
	rodp_stats_inc(lane->stats, RODP_STAT_ODP_PARKS);
	return -EAGAIN;
}

void rodp_park_cancel(struct rodp_park *park)
{
	lockdep_assert_held(&park->lane->lock);
	rodp_fault_detach(&park->waiter);
	park_end(park);
	park->err = 0;
	park->tries = 0;
}

void rodp_park_quiesce(struct rodp_park *park)
{
	spin_lock_bh(&park->lane->lock);
	rodp_park_cancel(park);
	spin_unlock_bh(&park->lane->lock);
	cancel_work_sync(&park->work);
}
