// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Queue pairs: their life and their states, see qp.h. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <rdma/ib_addr.h>

#include "qp/lane/courier.h"
#include "qp/lane/loan.h"
#include "qp/lane/qpn.h"
#include "qp/qp.h"
#include "qp/queue/rq.h"
#include "qp/queue/sq.h"
#include "qp/queue/srq.h"
#include "qp/recv/responder.h"
#include "qp/send/sender.h"
#include "qp/send/timer.h"
#include "qp/ud/ud_receiver.h"

static int sq_create(struct rodp_qp *qp, struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp)
{
	struct ib_qp_cap *cap = &qp->init.cap;
	struct rodp_sq *sq = &qp->sq;
	u32 room = max_t(u32, cap->max_send_sge * sizeof(struct rodp_sge), cap->max_inline_data);
	int err;

	if (qp->init.qp_type == IB_QPT_XRC_TGT)
		return 0;
	room = ALIGN(room, sizeof(struct rodp_sge));
	err = rodp_ring_create(&sq->ring, uctx, max(cap->max_send_wr, 1u),
			       ALIGN(RODP_SEND_WQE_HDR + room, RODP_SEND_WQE_HDR),
			       resp ? &resp->sq : NULL);
	if (err)
		return err;
	sq->wqe_stride = ALIGN(sizeof(struct rodp_swqe) + room, sizeof(u64));
	sq->wqe = kvcalloc(sq->ring.entries, sq->wqe_stride, GFP_KERNEL_ACCOUNT);
	if (!sq->wqe) {
		rodp_ring_destroy(&sq->ring);
		return -ENOMEM;
	}
	sq->max_sge = cap->max_send_sge;
	sq->max_inline = room;
	cap->max_inline_data = room;
	cap->max_send_wr = sq->ring.entries;
	sq->signal_all = qp->init.sq_sig_type == IB_SIGNAL_ALL_WR;
	rodp_ring_want_kick(&sq->ring, true);
	return 0;
}

static int rq_create(struct rodp_qp *qp, struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp)
{
	struct ib_qp_cap *cap = &qp->init.cap;
	struct rodp_rq *rq = &qp->rq;
	int err;

	if (qp->init.srq)
		rq->srq = to_rodp_srq(qp->init.srq);
	if (!cap->max_recv_wr)
		return 0;
	rq->max_sge = max(cap->max_recv_sge, 1u);
	err = rodp_ring_create(&rq->ring, uctx, cap->max_recv_wr,
			       sizeof(struct rodp_recv_wqe) + rq->max_sge * sizeof(struct rodp_sge),
			       resp ? &resp->rq : NULL);
	if (err)
		return err;
	cap->max_recv_wr = rq->ring.entries;
	cap->max_recv_sge = rq->max_sge;
	return 0;
}

static void sq_destroy(struct rodp_sq *sq)
{
	kvfree(sq->wqe);
	rodp_ring_destroy(&sq->ring);
	rodp_lane_destroy(&sq->lane);
}

static void rq_destroy(struct rodp_rq *rq)
{
	kfree(rq->rd_atomic);
	rodp_ring_destroy(&rq->ring);
	rodp_lane_destroy(&rq->lane);
}

/* -1: no such QPs here. */
static int qp_transport(enum ib_qp_type type)
{
	switch (type) {
	case IB_QPT_RC:
		return RODP_TP_RC;
	case IB_QPT_XRC_INI:
	case IB_QPT_XRC_TGT:
		return RODP_TP_XRC;
	case IB_QPT_UC:
		return RODP_TP_UC;
	case IB_QPT_UD:
	case IB_QPT_GSI:
		return RODP_TP_UD;
	default:
		return -1;
	}
}

/* The type, and whether what such a QP needs is there. */
static int qp_check_type(const struct ib_qp_init_attr *init)
{
	switch (init->qp_type) {
	case IB_QPT_RC:
	case IB_QPT_UC:
	case IB_QPT_UD:
	case IB_QPT_GSI:
		return init->send_cq && init->recv_cq ? 0 : -EINVAL;
	case IB_QPT_XRC_INI:
		return init->send_cq && !init->srq ? 0 : -EINVAL;
	case IB_QPT_XRC_TGT:
		return init->xrcd ? 0 : -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}

/* What a QP of this type has no queue for, it has no room in either. */
static void qp_trim_caps(struct ib_qp_init_attr *init)
{
	struct ib_qp_cap *cap = &init->cap;

	if (init->qp_type == IB_QPT_XRC_TGT)
		*cap = (struct ib_qp_cap){};
	if (init->srq || init->qp_type == IB_QPT_XRC_INI)
		cap->max_recv_wr = cap->max_recv_sge = 0;
}

static int qp_check_caps(const struct ib_qp_init_attr *init)
{
	const struct ib_qp_cap *cap = &init->cap;

	if (init->create_flags &
	    ~(init->qp_type == IB_QPT_UD ? IB_QP_CREATE_BLOCK_MULTICAST_LOOPBACK : 0))
		return -EOPNOTSUPP;
	if (cap->max_send_wr > RODP_MAX_WR || cap->max_recv_wr > RODP_MAX_WR ||
	    cap->max_send_sge > RODP_MAX_SGE || cap->max_recv_sge > RODP_MAX_SGE ||
	    cap->max_inline_data > RODP_MAX_INLINE)
		return -EINVAL;
	return qp_check_type(init);
}

/* Where both of a QP's lanes are held, the receive lane's lock was taken second. */
static struct lock_class_key receive_lane_key;

/* The number of the newest QP. */
static atomic64_t qp_serial = ATOMIC64_INIT(0);

int rodp_qp_create(struct rodp_qp *qp, struct rodp_dev *dev, const struct ib_qp_init_attr *init,
		   struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp)
{
	int err;

	qp->init = *init;
	qp_trim_caps(&qp->init);
	err = qp_check_caps(&qp->init);
	if (err)
		return err;
	qp->dev = dev;
	qp->serial = atomic64_inc_return(&qp_serial);
	/* A receiving XRC QP has no owner, and completes in processes' CQs. */
	qp->user = uctx || init->qp_type == IB_QPT_XRC_TGT;
	qp->transport = qp_transport(init->qp_type);
	if (qp->transport == RODP_TP_UD)
		qp->mtu = rodp_mtu_bytes(IB_MTU_4096);
	qp->state = IB_QPS_RESET;
	qp->pkey = RODP_DEFAULT_PKEY;
	qp->send_cq = init->send_cq ? to_rodp_cq(init->send_cq) : NULL;
	qp->recv_cq = init->recv_cq ? to_rodp_cq(init->recv_cq) : NULL;
	spin_lock_init(&qp->sq.post_lock);
	spin_lock_init(&qp->rq.post_lock);
	rodp_lane_init(&qp->sq.lane, qp, &rodp_sender_ops);
	rodp_lane_init(&qp->rq.lane, qp,
		       qp->transport == RODP_TP_UD ? &rodp_ud_receiver_ops : &rodp_responder_ops);
	qp->rq.lane.home.follows = rodp_qp_is_reliable(qp);
	lockdep_set_class(&qp->rq.lane.lock, &receive_lane_key);
	rodp_park_init(&qp->sq.tx_park, &qp->sq.lane);
	rodp_park_init(&qp->sq.rx_park, &qp->sq.lane);
	rodp_park_init(&qp->rq.park, &qp->rq.lane);
	rodp_sq_timer_init(qp);

	err = rodp_flow_init(&qp->flow, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	qp->loan = rodp_loan_create(qp);
	if (!qp->loan) {
		err = -ENOMEM;
		goto err_flow;
	}
	err = sq_create(qp, uctx, resp);
	if (err)
		goto err_loan;
	err = rq_create(qp, uctx, resp);
	if (err)
		goto err_sq;
	err = rodp_qpn_assign(qp);
	if (err)
		goto err_rq;
	if (resp) {
		resp->max_inline = qp->sq.max_inline;
		resp->max_send_sge = qp->sq.max_sge;
	}
	return 0;

err_rq:
	rq_destroy(&qp->rq);
err_sq:
	sq_destroy(&qp->sq);
err_loan:
	rodp_loan_revoke(qp->loan);
err_flow:
	rodp_flow_destroy(&qp->flow);
	return err;
}

/* Change the state with both lanes held, then let each lane act on it. */
static void qp_set_state(struct rodp_qp *qp, enum ib_qp_state state)
{
	spin_lock_bh(&qp->sq.lane.lock);
	spin_lock(&qp->rq.lane.lock);
	WRITE_ONCE(qp->state, state);
	spin_unlock(&qp->rq.lane.lock);
	spin_unlock_bh(&qp->sq.lane.lock);
}

static void qp_run_lanes(struct rodp_qp *qp)
{
	rodp_lane_lock(&qp->sq.lane);
	rodp_lane_unlock(&qp->sq.lane);
	rodp_lane_lock(&qp->rq.lane);
	rodp_lane_unlock(&qp->rq.lane);
}

/* Nothing of the QP runs by itself after this, and nothing starts it: its state forbids it. */
static void qp_quiesce(struct rodp_qp *qp)
{
	rodp_park_quiesce(&qp->sq.tx_park);
	rodp_park_quiesce(&qp->sq.rx_park);
	rodp_park_quiesce(&qp->rq.park);
	hrtimer_cancel(&qp->sq.timer);
	rodp_lane_quiesce(&qp->sq.lane);
	rodp_lane_quiesce(&qp->rq.lane);
}

static void qp_reset(struct rodp_qp *qp)
{
	qp_set_state(qp, IB_QPS_RESET);
	qp_quiesce(qp);
	rodp_lane_lock(&qp->sq.lane);
	rodp_sq_reset(qp);
	rodp_lane_unlock(&qp->sq.lane);
	rodp_lane_lock(&qp->rq.lane);
	rodp_rq_reset(qp);
	rodp_lane_unlock(&qp->rq.lane);
}

static int qp_set_rd_atomic(struct rodp_qp *qp, u8 size)
{
	struct rodp_rd_atomic *table = NULL, *old;

	if (size) {
		table = kcalloc(size, sizeof(*table), GFP_KERNEL_ACCOUNT);
		if (!table)
			return -ENOMEM;
	}
	rodp_lane_lock(&qp->rq.lane);
	old = qp->rq.rd_atomic;
	qp->rq.rd_atomic = table;
	qp->rq.rd_atomic_size = size;
	qp->rq.rd_atomic_next = 0;
	rodp_lane_unlock(&qp->rq.lane);
	kfree(old);
	return 0;
}

static int qp_set_path(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	u32 dest = mask & IB_QP_DEST_QPN ? attr->dest_qp_num : qp->dest_qpn;

	if (!(rdma_ah_get_ah_flags(&attr->ah_attr) & IB_AH_GRH))
		return -EINVAL;
	return rodp_flow_set(&qp->flow, qp->dev, &attr->ah_attr, qp->ib.qp_num, dest);
}

/* Largest path MTU that the netdev carries, all headers told off, bytes. */
static u32 qp_max_mtu(const struct rodp_qp *qp)
{
	return rodp_mtu_bytes(iboe_get_mtu(READ_ONCE(qp->dev->ndev->mtu)));
}

/* What can be refused, before anything is changed. */
static int qp_check_attr(const struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	if ((mask & IB_QP_PORT) && attr->port_num != 1)
		return -EINVAL;
	if ((mask & IB_QP_PKEY_INDEX) && attr->pkey_index)
		return -EINVAL;
	if ((mask & IB_QP_PATH_MTU) &&
	    (!rodp_mtu_bytes(attr->path_mtu) || rodp_mtu_bytes(attr->path_mtu) > qp_max_mtu(qp)))
		return -EINVAL;
	if (((mask & IB_QP_MAX_QP_RD_ATOMIC) && attr->max_rd_atomic > RODP_MAX_RD_ATOMIC) ||
	    ((mask & IB_QP_MAX_DEST_RD_ATOMIC) && attr->max_dest_rd_atomic > RODP_MAX_RD_ATOMIC))
		return -EINVAL;
	if ((mask & IB_QP_TIMEOUT) && attr->timeout > 31)
		return -EINVAL;
	if ((mask & IB_QP_MIN_RNR_TIMER) && attr->min_rnr_timer > 31)
		return -EINVAL;
	if (((mask & IB_QP_RETRY_CNT) && attr->retry_cnt > 7) ||
	    ((mask & IB_QP_RNR_RETRY) && attr->rnr_retry > 7))
		return -EINVAL;
	if (mask & (IB_QP_ALT_PATH | IB_QP_PATH_MIG_STATE))
		return -EOPNOTSUPP;
	return 0;
}

static void qp_set_receive_attr(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	if (mask & IB_QP_ACCESS_FLAGS)
		qp->access = attr->qp_access_flags;
	if (mask & IB_QP_MIN_RNR_TIMER)
		qp->min_rnr_timer = attr->min_rnr_timer;
	if (mask & IB_QP_QKEY)
		qp->qkey = attr->qkey;
	if (mask & IB_QP_RQ_PSN) {
		qp->attr.rq_psn = attr->rq_psn & RODP_PSN_MASK;
		qp->rq.epsn = qp->attr.rq_psn;
	}
}

/* Time-outs: 4.096 us * 2^code; code 0 is none (IBTA vol. 1, 11.2.5.2). */
static void qp_set_send_attr(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	struct rodp_sq *sq = &qp->sq;

	if (mask & IB_QP_TIMEOUT)
		qp->timeout = attr->timeout ? 4096ull << attr->timeout : 0;
	if (mask & IB_QP_RETRY_CNT)
		sq->retries = qp->retry_cnt = attr->retry_cnt;
	if (mask & IB_QP_RNR_RETRY)
		sq->rnr_retries = qp->rnr_retry = attr->rnr_retry;
	if (mask & IB_QP_MAX_QP_RD_ATOMIC)
		qp->max_rd_atomic = attr->max_rd_atomic;
	if (mask & IB_QP_SQ_PSN) {
		qp->attr.sq_psn = attr->sq_psn & RODP_PSN_MASK;
		sq->psn = sq->una = sq->sent = qp->attr.sq_psn;
	}
	if (mask & IB_QP_EN_SQD_ASYNC_NOTIFY)
		qp->attr.en_sqd_async_notify = attr->en_sqd_async_notify;
}

/* Remember for query_qp what nothing else keeps. */
static void qp_remember(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	if (mask & IB_QP_AV) {
		qp->attr.ah_attr = attr->ah_attr;
		qp->attr.ah_attr.grh.sgid_attr = NULL;
	}
	if (mask & IB_QP_PATH_MTU)
		qp->attr.path_mtu = attr->path_mtu;
	if (mask & IB_QP_TIMEOUT)
		qp->attr.timeout = attr->timeout;
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		qp->attr.max_dest_rd_atomic = attr->max_dest_rd_atomic;
}

static int qp_apply(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	bool local = qp->local;
	int err = 0;

	if (mask & IB_QP_AV)
		err = qp_set_path(qp, attr, mask);
	if (!err && (mask & IB_QP_MAX_DEST_RD_ATOMIC))
		err = qp_set_rd_atomic(qp, attr->max_dest_rd_atomic);
	if (err)
		return err;
	/* INIT to RTR sets both; which path it is stays as it is from then on. */
	if ((mask & IB_QP_DEST_QPN) && (mask & IB_QP_AV) && rodp_qp_is_reliable(qp))
		local = rodp_courier_reaches(qp, attr->dest_qp_num, &attr->ah_attr);
	spin_lock_bh(&qp->sq.lane.lock);
	spin_lock(&qp->rq.lane.lock);
	if (mask & IB_QP_DEST_QPN)
		qp->dest_qpn = attr->dest_qp_num & RODP_QPN_MASK;
	if (mask & IB_QP_PATH_MTU)
		qp->mtu = rodp_mtu_bytes(attr->path_mtu);
	qp->local = local;
	if (local)
		qp->flow.per_cpu = true;
	qp_set_receive_attr(qp, attr, mask);
	qp_set_send_attr(qp, attr, mask);
	qp_remember(qp, attr, mask);
	spin_unlock(&qp->rq.lane.lock);
	spin_unlock_bh(&qp->sq.lane.lock);
	return 0;
}

int rodp_qp_modify(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	enum ib_qp_state cur = mask & IB_QP_CUR_STATE ? attr->cur_qp_state : READ_ONCE(qp->state);
	enum ib_qp_state next = mask & IB_QP_STATE ? attr->qp_state : cur;
	int err;

	if (cur != READ_ONCE(qp->state) || !ib_modify_qp_is_ok(cur, next, qp->ib.qp_type, mask))
		return -EINVAL;
	err = qp_check_attr(qp, attr, mask);
	if (err)
		return err;
	err = qp_apply(qp, attr, mask);
	if (err || !(mask & IB_QP_STATE))
		return err;
	if (next == IB_QPS_RESET) {
		qp_reset(qp);
		return 0;
	}
	qp->sq.drained_told = false;
	qp_set_state(qp, next);
	qp_run_lanes(qp);
	return 0;
}

bool rodp_qp_shows_psns(const struct rodp_qp *qp)
{
	const struct task_struct *owner = qp->ib.res.task;

	return (owner && uid_eq(task_uid(owner), current_uid())) || capable(CAP_NET_RAW);
}

/* Any context that may query a QP. What the caller may not see is 0. */
static u32 qp_shown_psn(const struct rodp_qp *qp, u32 psn)
{
	return rodp_qp_shows_psns(qp) ? psn : 0;
}

void rodp_qp_query(struct rodp_qp *qp, struct ib_qp_attr *attr, struct ib_qp_init_attr *init)
{
	*attr = qp->attr;
	attr->qp_state = READ_ONCE(qp->state);
	attr->cur_qp_state = attr->qp_state;
	attr->path_mig_state = IB_MIG_MIGRATED;
	attr->dest_qp_num = qp->dest_qpn;
	attr->qkey = qp->qkey;
	attr->qp_access_flags = qp->access;
	attr->min_rnr_timer = qp->min_rnr_timer;
	attr->max_rd_atomic = qp->max_rd_atomic;
	attr->retry_cnt = qp->retry_cnt;
	attr->rnr_retry = qp->rnr_retry;
	attr->rq_psn = qp_shown_psn(qp, READ_ONCE(qp->rq.epsn));
	attr->sq_psn = qp_shown_psn(qp, READ_ONCE(qp->sq.psn));
	attr->sq_draining = attr->qp_state == IB_QPS_SQD && qp->sq.tail != qp->sq.head;
	attr->port_num = 1;
	attr->cap = qp->init.cap;
	*init = qp->init;
}

/*
 * The device is being removed while its users are still there: they poll rings
 * that stay mapped, and are owed a completion for what they posted.
 */
static bool qp_device_is_going(const struct rodp_qp *qp)
{
	return mutex_is_locked(&qp->dev->ib.unregistration_lock);
}

/* What was posted until now; a process that goes on posting is not waited for. */
static void qp_flush_all(struct rodp_qp *qp)
{
	u32 left = max(qp->sq.ring.entries, qp->rq.ring.entries) / RODP_FLUSH_BATCH + 2;

	qp_set_state(qp, IB_QPS_ERR);
	while (left--) {
		qp_run_lanes(qp);
		cond_resched();
	}
}

void rodp_qp_destroy(struct rodp_qp *qp)
{
	if (qp_device_is_going(qp) && qp->state != IB_QPS_RESET)
		qp_flush_all(qp);
	rodp_qpn_remove(qp);
	qp_set_state(qp, IB_QPS_RESET);
	synchronize_rcu_expedited(); /* packet handlers that found it are done */
	qp_quiesce(qp);
	rodp_loan_revoke(qp->loan);
	kfree_skb(qp->sq.hand);
	kfree_skb(qp->rq.hand);
	rq_destroy(&qp->rq);
	sq_destroy(&qp->sq);
	rodp_flow_destroy(&qp->flow);
}

void rodp_qp_kick_send(struct rodp_qp *qp)
{
	rodp_stats_inc(qp->dev->stats, RODP_STAT_DOORBELLS);
	rodp_lane_lock(&qp->sq.lane);
	rodp_lane_unlock(&qp->sq.lane);
}

void rodp_qp_kick_recv(struct rodp_qp *qp)
{
	rodp_lane_lock(&qp->rq.lane);
	rodp_lane_unlock(&qp->rq.lane);
}
