// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What an end tells its user: completions, events, failure. See tell.h. */
#include "qp/end/courier.h"
#include "qp/end/tell.h"

static void tell_event(struct rodp_end *end, enum ib_event_type type)
{
	struct ib_event event = {
		.device = end->ib.device,
		.element.qp = &end->ib,
		.event = type,
	};

	if (end->ib.event_handler)
		end->ib.event_handler(&event, end->ib.qp_context);
}

static const struct {
	u32 tell;
	enum ib_event_type type;
} tell_events[] = {
	{ RODP_TELL_QP_FATAL, IB_EVENT_QP_FATAL },
	{ RODP_TELL_QP_REQ_ERR, IB_EVENT_QP_REQ_ERR },
	{ RODP_TELL_QP_ACCESS_ERR, IB_EVENT_QP_ACCESS_ERR },
	{ RODP_TELL_COMM_EST, IB_EVENT_COMM_EST },
	{ RODP_TELL_SQ_DRAINED, IB_EVENT_SQ_DRAINED },
	{ RODP_TELL_LAST_WQE, IB_EVENT_QP_LAST_WQE_REACHED },
};

static void tell_all(struct rodp_end *end, u32 tell)
{
	size_t i;

	if (tell & RODP_TELL_SEND_CQ)
		rodp_cq_notify(end->send_cq);
	if (tell & RODP_TELL_RECV_CQ)
		rodp_cq_notify(end->recv_cq);
	if (tell & RODP_TELL_SEND_CQ_ERR)
		rodp_cq_fail(end->send_cq);
	if (tell & RODP_TELL_RECV_CQ_ERR)
		rodp_cq_fail(end->recv_cq);
	if (tell & RODP_TELL_FLUSH) {
		rodp_lane_hurry(end->send_lane);
		rodp_lane_hurry(end->receive_lane);
	}
	for (i = 0; i < ARRAY_SIZE(tell_events); i++)
		if (tell & tell_events[i].tell)
			tell_event(end, tell_events[i].type);
}

void rodp_end_after(struct rodp_end *end, u32 tell)
{
	rodp_courier_run();
	if (tell)
		tell_all(end, tell);
}

/* To `next` from a state in which something can fail. The other lane may do the same at this time. */
static bool tell_failure(struct rodp_end *end, enum ib_qp_state next)
{
	enum ib_qp_state state = READ_ONCE(end->state);

	do {
		if (state == IB_QPS_RESET || state == IB_QPS_INIT || state == IB_QPS_ERR ||
		    state == next)
			return false;
	} while (!try_cmpxchg(&end->state, &state, next));
	return true;
}

void rodp_end_fail(struct rodp_end *end, struct rodp_lane *held, u32 tell)
{
	lockdep_assert_held(&held->lock);
	if (tell_failure(end, IB_QPS_ERR))
		held->tell |= RODP_TELL_FLUSH | tell;
}

void rodp_end_fail_sending(struct rodp_end *end)
{
	rodp_end_assert_sending(end);
	if (end->transport->after_send_error == IB_QPS_ERR)
		rodp_end_fail(end, end->send_lane, 0);
	else
		tell_failure(end, end->transport->after_send_error);
}

/* A CQ that lost a completion is broken, and so is a QP that cannot complete. */
static void tell_completion(struct rodp_end *end, struct rodp_lane *held, struct rodp_cq *cq,
			    struct rodp_cqe *cqe, bool solicited)
{
	lockdep_assert_held(&held->lock);
	/* For rodp_poll_cq(); no process sees a kernel consumer's CQ. */
	if (!end->user)
		cqe->reserved1 = (uintptr_t)&end->ib;
	switch (rodp_cq_add(cq, cqe, solicited || cqe->status)) {
	case RODP_CQ_QUIET:
		break;
	case RODP_CQ_EVENT:
		held->tell |= held->sends ? RODP_TELL_SEND_CQ : RODP_TELL_RECV_CQ;
		break;
	case RODP_CQ_OVERFLOW:
		held->tell |= held->sends ? RODP_TELL_SEND_CQ_ERR : RODP_TELL_RECV_CQ_ERR;
		rodp_end_fail(end, held, RODP_TELL_QP_FATAL);
		break;
	}
}

void rodp_end_complete_send(struct rodp_end *end, struct rodp_cqe *cqe)
{
	tell_completion(end, end->send_lane, end->send_cq, cqe, false);
}

void rodp_end_complete_receive(struct rodp_end *end, struct rodp_cqe *cqe, bool solicited)
{
	tell_completion(end, end->receive_lane, end->recv_cq, cqe, solicited);
}
