// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What a QP tells its user and its peer: completions, events, failure. See tell.h. */
#include "qp/lane/courier.h"
#include "qp/lane/tell.h"

static void tell_event(struct rodp_qp *qp, enum ib_event_type type)
{
	struct ib_event event = {
		.device = qp->ib.device,
		.element.qp = &qp->ib,
		.event = type,
	};

	if (qp->ib.event_handler)
		qp->ib.event_handler(&event, qp->ib.qp_context);
}

static const struct {
	u32 tell;
	enum ib_event_type type;
} qp_events[] = {
	{ RODP_TELL_QP_FATAL, IB_EVENT_QP_FATAL },
	{ RODP_TELL_QP_REQ_ERR, IB_EVENT_QP_REQ_ERR },
	{ RODP_TELL_QP_ACCESS_ERR, IB_EVENT_QP_ACCESS_ERR },
	{ RODP_TELL_COMM_EST, IB_EVENT_COMM_EST },
	{ RODP_TELL_SQ_DRAINED, IB_EVENT_SQ_DRAINED },
	{ RODP_TELL_LAST_WQE, IB_EVENT_QP_LAST_WQE_REACHED },
};

static void qp_tell(struct rodp_qp *qp, u32 tell)
{
	size_t i;

	if (tell & RODP_TELL_SEND_CQ)
		rodp_cq_notify(qp->send_cq);
	if (tell & RODP_TELL_RECV_CQ)
		rodp_cq_notify(qp->recv_cq);
	if (tell & RODP_TELL_SEND_CQ_ERR)
		rodp_cq_fail(qp->send_cq);
	if (tell & RODP_TELL_RECV_CQ_ERR)
		rodp_cq_fail(qp->recv_cq);
	if (tell & RODP_TELL_FLUSH) {
		rodp_lane_schedule(&qp->sq.lane, 0);
		rodp_lane_schedule(&qp->rq.lane, 0);
	}
	for (i = 0; i < ARRAY_SIZE(qp_events); i++)
		if (tell & qp_events[i].tell)
			tell_event(qp, qp_events[i].type);
}

void rodp_qp_after(struct rodp_qp *qp, u32 tell)
{
	rodp_courier_run();
	if (tell)
		qp_tell(qp, tell);
}

void rodp_qp_fail(struct rodp_qp *qp, struct rodp_lane *held, u32 tell)
{
	if (qp->state == IB_QPS_ERR)
		return;
	WRITE_ONCE(qp->state, IB_QPS_ERR);
	held->tell |= RODP_TELL_FLUSH | tell;
}

/* A CQ that lost a completion is broken, and so is a QP that cannot complete. */
void rodp_qp_complete(struct rodp_qp *qp, struct rodp_lane *held, struct rodp_cqe *cqe,
		      bool solicited)
{
	bool send = held == &qp->sq.lane;
	struct rodp_cq *cq = send ? qp->send_cq : qp->recv_cq;

	if (!qp->user)
		cqe->reserved1 =
			(uintptr_t)&qp->ib; /* for rodp_poll_cq(); no process sees this CQ */
	switch (rodp_cq_add(cq, cqe, solicited || cqe->status)) {
	case RODP_CQ_QUIET:
		break;
	case RODP_CQ_EVENT:
		held->tell |= send ? RODP_TELL_SEND_CQ : RODP_TELL_RECV_CQ;
		break;
	case RODP_CQ_OVERFLOW:
		held->tell |= send ? RODP_TELL_SEND_CQ_ERR : RODP_TELL_RECV_CQ_ERR;
		rodp_qp_fail(qp, held, RODP_TELL_QP_FATAL);
		break;
	}
}
