// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Parking, see park.h. */
#include <linux/ktime.h>

#include "base/trace.h"
#include "qp/lane/types.h"

/* Of which of the QP's lanes. For the trace. */
static bool park_sends(const struct rodp_park *park)
{
	return park->lane == &park->lane->qp->sq.lane;
}

/* Lane's lock held, or nobody else uses it. */
static void park_end(struct rodp_park *park)
{
	if (!park->waiting)
		return;
	park->waiting = false;
	rodp_stats_add(park->lane->qp->dev->stats, RODP_STAT_ODP_PARKED_NS,
		       ktime_get_ns() - park->waiter.since);
}

/* The fault is over. Clearing `stalled` is the lane's own affair: its run() retries. */
static void park_work(struct work_struct *work)
{
	struct rodp_park *park = container_of(work, struct rodp_park, work);

	rodp_lane_lock(park->lane);
	if (park->waiting) {
		park_end(park);
		park->error = park->waiter.error;
		trace_rodp_qp_resume(park->lane->qp->ib.qp_num, park_sends(park), park->error,
				     park->waiter.since);
	}
	rodp_lane_unlock(park->lane);
}

void rodp_park_init(struct rodp_park *park, struct rodp_lane *lane)
{
	park->lane = lane;
	INIT_WORK(&park->work, park_work);
	rodp_fault_waiter_init(&park->waiter, rodp_resume_wq, &park->work);
}

int rodp_park_miss(struct rodp_park *park, struct rodp_mr *mr, u64 iova, u64 extent, bool write)
{
	bool again = park->error && park->key == mr->ib.lkey && park->iova == iova;

	park->error = 0;
	if (again)
		return -EFAULT;
	park->key = mr->ib.lkey;
	park->iova = iova;
	park->waiter.cpu = park->lane->home.cpu; /* its packets stay in order */
	if (rodp_mr_fault(mr, iova, extent, write, &park->waiter))
		return -EFAULT;
	park->waiting = true;
	trace_rodp_qp_park(park->lane->qp->ib.qp_num, park_sends(park), park->key, iova, extent,
			   write);
	rodp_stats_inc(park->lane->qp->dev->stats, RODP_STAT_ODP_PARKS);
	return -EAGAIN;
}

void rodp_park_cancel(struct rodp_park *park)
{
	rodp_fault_detach(&park->waiter);
	park_end(park);
	park->error = 0;
}

void rodp_park_quiesce(struct rodp_park *park)
{
	rodp_park_cancel(park);
	cancel_work_sync(&park->work);
}
