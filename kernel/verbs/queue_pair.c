// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of queue pairs. */
#include "base/quota.h"
#include "qp/qp.h"
#include "verbs/verbs.h"

static int queue_pair_create(struct ib_qp *ib, struct ib_qp_init_attr *init, struct ib_udata *udata)
{
	struct rodp_qp *qp = to_rodp_qp(ib);
	struct rodp_create_qp_resp resp = {};
	struct ib_ucontext *uctx = NULL;
	int err;

	/* A receiving XRC QP is nobody's own: it has no queues to map, and comes without udata. */
	if (init->qp_type == IB_QPT_XRC_TGT)
		return rodp_qp_create(qp, to_rodp_dev(ib->device), init, NULL, NULL);
	err = ib_is_udata_in_empty(udata);
	if (err)
		return err;
	if (udata)
		uctx = &rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib)->ib;
	err = rodp_qp_create(qp, to_rodp_dev(ib->device), init, uctx, uctx ? &resp : NULL);
	if (err)
		return err;
	init->cap = qp->end.init.cap;
	err = udata ? ib_respond_udata(udata, resp) : 0;
	if (err)
		rodp_qp_destroy(qp);
	return err;
}

int rodp_create_qp(struct ib_qp *ib, struct ib_qp_init_attr *init, struct ib_udata *udata)
{
	atomic_t *count = &to_rodp_dev(ib->device)->qps;
	int err = rodp_quota_take(count, RODP_MAX_QP);

	if (err)
		return err;
	return rodp_quota_settle(count, queue_pair_create(ib, init, udata));
}

int rodp_modify_qp(struct ib_qp *ib, struct ib_qp_attr *attr, int mask, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	if (mask & ~IB_QP_ATTR_STANDARD_BITS)
		return -EOPNOTSUPP;
	return rodp_qp_modify(to_rodp_qp(ib), attr, mask);
}

int rodp_query_qp(struct ib_qp *ib, struct ib_qp_attr *attr, int mask, struct ib_qp_init_attr *init)
{
	rodp_qp_query(to_rodp_qp(ib), attr, init);
	return 0;
}

int rodp_destroy_qp(struct ib_qp *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	rodp_qp_destroy(to_rodp_qp(ib));
	rodp_quota_give(&to_rodp_dev(ib->device)->qps);
	return 0;
}

/* A process's doorbell: its work requests stand in the ring, none come with the call. */
int rodp_post_send(struct ib_qp *ib, const struct ib_send_wr *wr, const struct ib_send_wr **bad)
{
	if (!to_rodp_end(ib)->user)
		return rodp_kpost_send(to_rodp_qp(ib), wr, bad);
	if (wr) {
		*bad = wr;
		return -EOPNOTSUPP;
	}
	rodp_qp_kick_send(to_rodp_qp(ib));
	return 0;
}

int rodp_post_recv(struct ib_qp *ib, const struct ib_recv_wr *wr, const struct ib_recv_wr **bad)
{
	if (!to_rodp_end(ib)->user)
		return rodp_kpost_recv(to_rodp_qp(ib), wr, bad);
	if (wr) {
		*bad = wr;
		return -EOPNOTSUPP;
	}
	rodp_qp_kick_recv(to_rodp_qp(ib));
	return 0;
}
