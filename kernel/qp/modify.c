// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * modify_qp: what is asked for is checked and prepared first, without touching the QP, and then
 * put in force at once, with both lanes held.
 */
#include <linux/slab.h>
#include <rdma/ib_addr.h>

#include "net/place.h"
#include "qp/path/path.h"
#include "qp/qp.h"
#include "qp/send/timer.h"
#include "qp/stop.h"
#include "wire/header.h"

/* What a change needs, made ready. */
struct modify {
	const struct ib_qp_attr *attr;
	int mask;
	enum ib_qp_state cur, next;
	struct rodp_route route; /* IB_QP_AV */
	const struct rodp_path_ops *path; /* NULL: as before */
	struct rodp_history history; /* IB_QP_MAX_DEST_RD_ATOMIC; afterwards the old one */
};

/* Largest path MTU that the netdev carries, all headers told off, bytes. */
static u32 modify_max_mtu(const struct rodp_end *end)
{
	return rodp_mtu_bytes(iboe_get_mtu(READ_ONCE(end->dev->ndev->mtu)));
}

static bool modify_mtu_is_valid(const struct rodp_end *end, enum ib_mtu mtu)
{
	return rodp_mtu_bytes(mtu) && rodp_mtu_bytes(mtu) <= modify_max_mtu(end);
}

/* Values that no QP can have. */
static int modify_check_attr(const struct rodp_end *end, const struct ib_qp_attr *attr, int mask)
{
	if ((mask & IB_QP_PORT) && attr->port_num != 1)
		return -EINVAL;
	if ((mask & IB_QP_PKEY_INDEX) && attr->pkey_index)
		return -EINVAL;
	if ((mask & IB_QP_PATH_MTU) && !modify_mtu_is_valid(end, attr->path_mtu))
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

static int modify_prepare_history(struct modify *change)
{
	u32 size = change->attr->max_dest_rd_atomic;

	if (!(change->mask & IB_QP_MAX_DEST_RD_ATOMIC) || !size)
		return 0;
	change->history.entry = kcalloc(size, sizeof(*change->history.entry), GFP_KERNEL_ACCOUNT);
	change->history.size = size;
	return change->history.entry ? 0 : -ENOMEM;
}

/* INIT to RTR names the peer and its address; which path it is stays as it is from then on. */
static int modify_prepare_path(struct rodp_end *end, struct modify *change)
{
	const struct ib_qp_attr *attr = change->attr;
	u32 dest = change->mask & IB_QP_DEST_QPN ? attr->dest_qp_num : end->dest_qpn;
	int err;

	if (!(change->mask & IB_QP_AV))
		return 0;
	if (!(rdma_ah_get_ah_flags(&attr->ah_attr) & IB_AH_GRH))
		return -EINVAL;
	err = rodp_route_resolve(&change->route, end->dev, &attr->ah_attr, end->ib.qp_num, dest);
	if (!err && end->user)
		err = rodp_place_permit(end->dev, change->route.net);
	if (!err && (change->mask & IB_QP_DEST_QPN))
		change->path = rodp_path_choose(end, dest, &attr->ah_attr);
	return err;
}

static int modify_prepare(struct rodp_end *end, struct modify *change)
{
	int err = modify_check_attr(end, change->attr, change->mask);

	if (err)
		return err;
	err = modify_prepare_path(end, change);
	if (err)
		return err;
	return modify_prepare_history(change);
}

/* Both lanes held from here on. */

static void modify_set_path(struct rodp_qp *qp, const struct modify *change)
{
	struct rodp_end *end = &qp->end;

	rodp_end_assert_both(end);
	if (change->mask & IB_QP_AV)
		rodp_flow_aim(&end->flow, &change->route);
	if (change->mask & IB_QP_DEST_QPN)
		end->dest_qpn = change->attr->dest_qp_num & RODP_QPN_MASK;
	if (change->mask & IB_QP_PATH_MTU)
		end->mtu = rodp_mtu_bytes(change->attr->path_mtu);
	if (!change->path)
		return;
	WRITE_ONCE(end->path, change->path);
	qp->tx.sq.lane.home.direct = qp->rx.rq.lane.home.direct = change->path->direct;
	end->flow.per_cpu = change->path->direct; /* of the network the first packet finds it out */
}

static void modify_set_receiver(struct rodp_qp *qp, struct modify *change)
{
	const struct ib_qp_attr *attr = change->attr;
	struct rodp_end *end = &qp->end;
	int mask = change->mask;

	rodp_end_assert_receiving(end);
	if (mask & IB_QP_ACCESS_FLAGS)
		end->access = attr->qp_access_flags;
	if (mask & IB_QP_MIN_RNR_TIMER)
		end->min_rnr_timer = attr->min_rnr_timer;
	if (mask & IB_QP_QKEY)
		end->qkey = attr->qkey;
	if (mask & IB_QP_RQ_PSN) {
		end->attr.rq_psn = attr->rq_psn & RODP_PSN_MASK;
		qp->rx.seq.epsn = end->attr.rq_psn;
	}
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		rodp_receiver_replace_history(&qp->rx, &change->history);
}

static void modify_set_sender(struct rodp_qp *qp, const struct modify *change)
{
	struct rodp_flight *flight = &qp->tx.flight;
	const struct ib_qp_attr *attr = change->attr;
	struct rodp_end *end = &qp->end;
	int mask = change->mask;

	rodp_end_assert_sending(end);
	if (mask & IB_QP_TIMEOUT)
		end->timeout = rodp_timeout_of_code(attr->timeout);
	if (mask & IB_QP_RETRY_CNT)
		flight->retries = end->retry_cnt = attr->retry_cnt;
	if (mask & IB_QP_RNR_RETRY)
		flight->rnr_retries = end->rnr_retry = attr->rnr_retry;
	if (mask & IB_QP_MAX_QP_RD_ATOMIC)
		end->max_rd_atomic = attr->max_rd_atomic;
	if (mask & IB_QP_SQ_PSN) {
		end->attr.sq_psn = attr->sq_psn & RODP_PSN_MASK;
		flight->psn = flight->una = flight->sent = end->attr.sq_psn;
		flight->reached = flight->asked = end->attr.sq_psn;
	}
	if (mask & IB_QP_EN_SQD_ASYNC_NOTIFY)
		end->attr.en_sqd_async_notify = attr->en_sqd_async_notify;
	if (mask & IB_QP_STATE)
		flight->drained_told = false;
}

/* Remember for query_qp what nothing else keeps. */
static void modify_remember(struct rodp_end *end, const struct modify *change)
{
	const struct ib_qp_attr *attr = change->attr;
	int mask = change->mask;

	rodp_end_assert_both(end);
	if (mask & IB_QP_AV) {
		end->attr.ah_attr = attr->ah_attr;
		end->attr.ah_attr.grh.sgid_attr = NULL;
	}
	if (mask & IB_QP_PATH_MTU)
		end->attr.path_mtu = attr->path_mtu;
	if (mask & IB_QP_TIMEOUT)
		end->attr.timeout = attr->timeout;
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		end->attr.max_dest_rd_atomic = attr->max_dest_rd_atomic;
}

/* A QP that has failed meanwhile stays failed, unless ERR is what is wanted. */
static void modify_set_state(struct rodp_end *end, const struct modify *change)
{
	rodp_end_assert_both(end);
	if (end->state == change->cur || change->next == IB_QPS_ERR)
		WRITE_ONCE(end->state, change->next);
}

static void modify_put_in_force(struct rodp_qp *qp, struct modify *change)
{
	struct rodp_end *end = &qp->end;

	lockdep_assert_held(&qp->modify);
	spin_lock_bh(&end->send_lane->lock);
	spin_lock(&end->receive_lane->lock);
	modify_set_path(qp, change);
	modify_set_receiver(qp, change);
	modify_set_sender(qp, change);
	modify_remember(end, change);
	modify_set_state(end, change);
	spin_unlock(&end->receive_lane->lock);
	spin_unlock_bh(&end->send_lane->lock);
}

static int modify_change(struct rodp_qp *qp, struct modify *change)
{
	int err;

	lockdep_assert_held(&qp->modify);
	err = modify_prepare(&qp->end, change);
	if (!err)
		modify_put_in_force(qp, change);
	kfree(change->history.entry);
	if (err)
		return err;
	rodp_lane_run(&qp->tx.sq.lane);
	rodp_lane_run(&qp->rx.rq.lane);
	return 0;
}

static void modify_reset(struct rodp_qp *qp)
{
	lockdep_assert_held(&qp->modify);
	rodp_qp_stop(qp);
	rodp_qp_start(qp);
}

/* Whether the QP is in the state that the caller expects, and the transition exists. */
static bool modify_is_legal(const struct rodp_end *end, const struct modify *change)
{
	if ((change->mask & IB_QP_CUR_STATE) && change->attr->cur_qp_state != change->cur)
		return false;
	return ib_modify_qp_is_ok(change->cur, change->next, end->ib.qp_type, change->mask);
}

int rodp_qp_modify(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask)
{
	struct rodp_end *end = &qp->end;
	struct modify change = { .attr = attr, .mask = mask };
	int err = -EINVAL;

	mutex_lock(&qp->modify);
	change.cur = READ_ONCE(end->state); /* it may fail from here on: see modify_set_state() */
	change.next = mask & IB_QP_STATE ? attr->qp_state : change.cur;
	if (modify_is_legal(end, &change)) {
		err = 0;
		if ((mask & IB_QP_STATE) && change.next == IB_QPS_RESET)
			modify_reset(qp);
		else
			err = modify_change(qp, &change);
	}
	mutex_unlock(&qp->modify);
	return err;
}
