// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The send lane at work, see sender.h. */
#include "qp/lane/tell.h"
#include "qp/queue/sq.h"
#include "qp/ud/ud_sender.h"
#include "qp/send/completer.h"
#include "qp/send/requester.h"
#include "qp/send/sender.h"
#include "qp/send/timer.h"

/* SQD: what was begun goes on, nothing new begins; once all is done, say so. */
static void sq_tell_drained(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (sq->tail != sq->head || sq->drained_told || !qp->attr.en_sqd_async_notify)
		return;
	sq->drained_told = true;
	sq->lane.tell |= RODP_TELL_SQ_DRAINED;
}

/* Whether nothing that is posted is sent any more. */
static bool sq_is_broken(const struct rodp_qp *qp)
{
	return qp->state == IB_QPS_ERR || qp->state == IB_QPS_SQE;
}

static void sender_flush(struct rodp_qp *qp)
{
	if (!rodp_sq_flush(qp))
		rodp_lane_schedule(&qp->sq.lane, 0);
}

static void sender_run(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (sq_is_broken(qp)) {
		sender_flush(qp);
		return;
	}
	if (sq->hand && !sq->rx_park.waiting)
		rodp_completer_resume(qp);
	if (sq->timer_fired)
		rodp_sq_timer_expired(qp);
	if (qp->transport == RODP_TP_UD)
		rodp_ud_sender_run(qp);
	else
		rodp_requester_run(qp);
	if (qp->state == IB_QPS_SQD)
		sq_tell_drained(qp);
	else if (sq_is_broken(qp))
		sender_flush(qp);
}

const struct rodp_lane_ops rodp_sender_ops = {
	.packet = rodp_completer_packet,
	.run = sender_run,
	.after = rodp_qp_after,
};
