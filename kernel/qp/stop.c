// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* How a QP stops, see stop.h. */
#include "qp/end/tell.h"
#include "qp/path/loan.h"
#include "qp/send/gather.h"
#include "qp/send/send_lane.h"
#include "qp/stop.h"

static bool stop_is_lane_busy(struct rodp_lane *lane)
{
	return delayed_work_pending(&lane->work) || lane->home.moving ||
	       hrtimer_is_queued(&lane->pacer.timer);
}

/* Nobody has begun again what the stop had ended. */
static void stop_assert_quiet(struct rodp_qp *qp)
{
	struct rodp_sender *tx = &qp->tx;
	struct rodp_receiver *rx = &qp->rx;

	rodp_end_assert_both(&qp->end);
	WARN_ON_ONCE(hrtimer_is_queued(&tx->timer) || hrtimer_is_queued(&tx->gather.timer));
	WARN_ON_ONCE(stop_is_lane_busy(&tx->sq.lane) || stop_is_lane_busy(&rx->rq.lane));
	WARN_ON_ONCE(tx->source.waiting || tx->target.waiting || rx->park.waiting);
}

static void stop_clear(struct rodp_qp *qp)
{
	struct rodp_end *end = &qp->end;

	spin_lock_bh(&end->send_lane->lock);
	spin_lock(&end->receive_lane->lock);
	stop_assert_quiet(qp);
	WRITE_ONCE(end->state, IB_QPS_RESET);
	rodp_send_lane_reset(&qp->tx);
	rodp_receiver_reset(&qp->rx);
	spin_unlock(&end->receive_lane->lock);
	spin_unlock_bh(&end->send_lane->lock);
}

void rodp_qp_stop(struct rodp_qp *qp)
{
	rodp_gather_finish(&qp->tx);
	rodp_lane_stop(&qp->tx.sq.lane);
	rodp_lane_stop(&qp->rx.rq.lane);
	synchronize_rcu_expedited();
	rodp_send_lane_quiesce(&qp->tx);
	rodp_receiver_quiesce(&qp->rx);
	rodp_loan_recall(qp->tx.loan);
	stop_clear(qp);
}

void rodp_qp_start(struct rodp_qp *qp)
{
	rodp_lane_start(&qp->tx.sq.lane);
	rodp_lane_start(&qp->rx.rq.lane);
}

void rodp_qp_flush_all(struct rodp_qp *qp)
{
	u32 entries = max(qp->tx.sq.ring.entries, qp->rx.rq.ring.entries);
	u32 rounds = entries / RODP_FLUSH_BATCH + 2;
	struct rodp_lane *lane = &qp->tx.sq.lane;

	spin_lock_bh(&lane->lock);
	rodp_end_fail(&qp->end, lane, 0);
	lane->tell &= ~(u32)RODP_TELL_FLUSH; /* by ourselves */
	spin_unlock_bh(&lane->lock);
	while (rounds--) {
		rodp_lane_run(&qp->tx.sq.lane);
		rodp_lane_run(&qp->rx.rq.lane);
		cond_resched();
	}
}
