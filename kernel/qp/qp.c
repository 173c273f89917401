// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Queue pairs: made, asked, ended. See qp.h. */
#include <linux/capability.h>
#include <linux/cred.h>

#include "net/place.h"
#include "qp/end/qpn.h"
#include "qp/path/loan.h"
#include "qp/path/path.h"
#include "qp/qp.h"
#include "qp/queue/srq.h"
#include "qp/send/gather.h"
#include "qp/send/send_lane.h"
#include "qp/stop.h"
#include "qp/transport.h"
#include "wire/header.h"

/* What a QP of this transport has no queue for, it has no room in either. */
static void qp_trim_caps(const struct rodp_transport_ops *transport, struct ib_qp_init_attr *init)
{
	struct ib_qp_cap *cap = &init->cap;

	if (!transport->sends)
		*cap = (struct ib_qp_cap){};
	if (init->srq || !transport->receives)
		cap->max_recv_wr = cap->max_recv_sge = 0;
}

static int qp_check_caps(const struct rodp_transport_ops *transport,
			 const struct ib_qp_init_attr *init)
{
	const struct ib_qp_cap *cap = &init->cap;

	if (init->create_flags & ~transport->create_flags)
		return -EOPNOTSUPP;
	if (cap->max_send_wr > RODP_MAX_WR || cap->max_recv_wr > RODP_MAX_WR ||
	    cap->max_send_sge > RODP_MAX_SGE || cap->max_recv_sge > RODP_MAX_SGE ||
	    cap->max_inline_data > RODP_MAX_INLINE)
		return -EINVAL;
	return transport->fits(init) ? 0 : -EINVAL;
}

/* The number of the newest QP. */
static atomic64_t qp_serial = ATOMIC64_INIT(0);

/* Fields of the end that stay. */
static void qp_init_end(struct rodp_qp *qp, struct rodp_dev *dev, bool user)
{
	struct rodp_end *end = &qp->end;
	const struct ib_qp_init_attr *init = &end->init;

	end->dev = dev;
	end->serial = atomic64_inc_return(&qp_serial);
	end->user = user;
	end->net = user ? rodp_place_of_process() : 0;
	end->path = end->transport->wire;
	end->mtu = end->transport->mtu;
	end->state = IB_QPS_RESET;
	end->pkey = RODP_DEFAULT_PKEY;
	end->send_cq = init->send_cq ? to_rodp_cq(init->send_cq) : NULL;
	end->recv_cq = init->recv_cq ? to_rodp_cq(init->recv_cq) : NULL;
	end->send_lane = &qp->tx.sq.lane;
	end->receive_lane = &qp->rx.rq.lane;
}

static void qp_name_lane(struct rodp_qp *qp, struct rodp_lane *lane, bool sends)
{
	lane->qpn = &qp->end.ib.qp_num;
	lane->sends = sends;
	lane->account = qp->backlog;
	lane->home.ordered = &qp->end.flow.per_cpu;
	lane->home.follows = !sends && qp->end.transport->acked;
}

/* Where both of a QP's lanes are held, the receive lane's lock was taken second. */
static struct lock_class_key qp_receive_lane_key;

static void qp_init_lanes(struct rodp_qp *qp)
{
	qp_name_lane(qp, &qp->tx.sq.lane, true);
	qp_name_lane(qp, &qp->rx.rq.lane, false);
	qp->tx.sq.end = qp->rx.rq.end = &qp->end;
	qp->tx.sq.signal_all = qp->end.init.sq_sig_type == IB_SIGNAL_ALL_WR;
	qp->rx.rq.srq = qp->end.init.srq ? to_rodp_srq(qp->end.init.srq) : NULL;
	rodp_send_lane_init(&qp->tx);
	rodp_receiver_init(&qp->rx);
	lockdep_set_class(&qp->rx.rq.lane.lock, &qp_receive_lane_key);
}

/* A receiving XRC QP sends nothing of its own. */
static int qp_create_queues(struct rodp_qp *qp, struct ib_ucontext *uctx,
			    struct rodp_create_qp_resp *resp)
{
	struct ib_qp_init_attr *init = &qp->end.init;
	int err = 0;

	if (qp->end.transport->sends)
		err = rodp_sq_create(&qp->tx.sq, &init->cap, uctx, resp ? &resp->sq : NULL);
	if (err)
		return err;
	err = rodp_rq_create(&qp->rx.rq, &init->cap, uctx, resp ? &resp->rq : NULL);
	if (err)
		rodp_sq_destroy(&qp->tx.sq);
	return err;
}

static void qp_destroy_queues(struct rodp_qp *qp)
{
	kfree(qp->rx.history.entry);
	rodp_rq_destroy(&qp->rx.rq);
	rodp_sq_destroy(&qp->tx.sq);
}

/* What lanes and flow need before there are queues. */
static int qp_create_parts(struct rodp_qp *qp)
{
	struct rodp_end *end = &qp->end;
	int err;

	qp->backlog = end->user ? rodp_account_of_user(RODP_ACCOUNT_BACKLOG) : NULL;
	if (IS_ERR(qp->backlog))
		return PTR_ERR(qp->backlog);
	qp_init_lanes(qp);
	mutex_init(&qp->modify);
	end->flow.ect = end->transport->acked;
	err = rodp_flow_init(&end->flow, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_account;
	qp->tx.loan = rodp_loan_create(&qp->tx);
	if (qp->tx.loan)
		return 0;
	err = -ENOMEM;
	rodp_flow_destroy(&end->flow);
err_account:
	rodp_account_put(qp->backlog);
	return err;
}

/* Nobody finds the QP, nothing of it is under way, and its loan is revoked. */
static void qp_destroy_parts(struct rodp_qp *qp)
{
	rodp_flow_destroy(&qp->end.flow);
	rodp_account_put(qp->backlog);
}

int rodp_qp_create(struct rodp_qp *qp, struct rodp_dev *dev, const struct ib_qp_init_attr *init,
		   struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp)
{
	struct rodp_end *end = &qp->end;
	int err;

	end->init = *init;
	end->transport = rodp_transport_of(init->qp_type);
	if (!end->transport)
		return -EOPNOTSUPP;
	qp_trim_caps(end->transport, &end->init);
	err = qp_check_caps(end->transport, &end->init);
	if (err)
		return err;
	/* A receiving XRC QP has no owner, and completes in processes' CQs. */
	qp_init_end(qp, dev, uctx || !end->transport->sends);
	err = qp_create_parts(qp);
	if (err)
		return err;
	err = qp_create_queues(qp, uctx, resp);
	if (err)
		goto err_parts;
	rodp_qp_start(qp);
	err = end->transport->number->assign(end);
	if (err)
		goto err_queues;
	if (resp) {
		resp->max_inline = qp->tx.sq.limits.max_inline;
		resp->max_send_sge = qp->tx.sq.limits.max_sge;
	}
	return 0;

err_queues:
	qp_destroy_queues(qp);
err_parts:
	rodp_loan_revoke(qp->tx.loan);
	qp_destroy_parts(qp);
	return err;
}

bool rodp_qp_shows_psns(const struct rodp_qp *qp)
{
	const struct task_struct *owner = qp->end.ib.res.task;

	return (owner && uid_eq(task_uid(owner), current_uid())) || capable(CAP_NET_RAW);
}

void rodp_qp_query(struct rodp_qp *qp, struct ib_qp_attr *attr, struct ib_qp_init_attr *init)
{
	const struct rodp_end *end = &qp->end;
	const bool psns = rodp_qp_shows_psns(qp);

	*attr = end->attr;
	attr->qp_state = READ_ONCE(end->state);
	attr->cur_qp_state = attr->qp_state;
	attr->path_mig_state = IB_MIG_MIGRATED;
	attr->dest_qp_num = end->dest_qpn;
	attr->qkey = end->qkey;
	attr->qp_access_flags = end->access;
	attr->min_rnr_timer = end->min_rnr_timer;
	attr->max_rd_atomic = end->max_rd_atomic;
	attr->retry_cnt = end->retry_cnt;
	attr->rnr_retry = end->rnr_retry;
	attr->rq_psn = psns ? READ_ONCE(qp->rx.seq.epsn) : 0;
	attr->sq_psn = psns ? READ_ONCE(qp->tx.flight.psn) : 0;
	attr->sq_draining = attr->qp_state == IB_QPS_SQD && !rodp_sq_is_empty(&qp->tx.sq);
	attr->port_num = 1;
	attr->cap = end->init.cap;
	*init = end->init;
}

void rodp_qp_destroy(struct rodp_qp *qp)
{
	/* Its users poll rings that stay mapped, and are owed a completion for what they posted. */
	if (rodp_dev_is_going(qp->end.dev))
		rodp_qp_flush_all(qp);
	qp->end.transport->number->remove(&qp->end);
	rodp_qp_stop(qp);
	rodp_loan_revoke(qp->tx.loan);
	qp_destroy_queues(qp);
	qp_destroy_parts(qp);
}

/*
 * Whether the process seems to have waited since its last doorbell, for a completion or for the peer: who
 * takes turns with his peer is not made to wait.
 */
static bool qp_has_waited(struct rodp_qp *qp)
{
	struct rodp_gather *gather = &qp->tx.gather;
	u32 heard = READ_ONCE(qp->rx.seq.epsn);
	bool waited = heard != gather->heard;

	rodp_end_assert_sending(&qp->end);
	gather->heard = heard;
	return rodp_cq_was_drained(qp->end.send_cq, &gather->polled) || waited;
}

/* A look without the lane: if others send at this time, the answer may be wrong, and costs a doorbell. */
void rodp_qp_kick_send(struct rodp_qp *qp)
{
	struct rodp_sender *tx = &qp->tx;
	bool idle = !rodp_sender_in_flight(tx);
	u32 una = READ_ONCE(tx->flight.una);

	rodp_stats_inc(qp->end.dev->stats, RODP_STAT_DOORBELLS);
	rodp_lane_lock(&tx->sq.lane);
	rodp_gather_rung(tx, qp_has_waited(qp));
	rodp_lane_unlock(&tx->sq.lane);
	if (idle)
		WRITE_ONCE(tx->quick, READ_ONCE(tx->flight.una) != una);
}

void rodp_qp_kick_recv(struct rodp_qp *qp)
{
	rodp_lane_run(&qp->rx.rq.lane);
}
