// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of shared receive queues, and of XRC domains, which group those of type XRC. */
#include "base/quota.h"
#include "qp/queue/srq.h"
#include "verbs/verbs.h"

/* XRC is for processes: its completions name no ib_qp. */
static int shared_receive_create_kernel(struct rodp_srq *srq, struct ib_srq_init_attr *init)
{
	if (init->srq_type != IB_SRQT_BASIC)
		return -EOPNOTSUPP;
	return rodp_srq_create(srq, init, NULL, NULL);
}

static int shared_receive_create(struct ib_srq *ib, struct ib_srq_init_attr *init,
				 struct ib_udata *udata)
{
	struct rodp_create_srq_resp resp = {};
	struct rodp_ucontext *uctx;
	int err;

	if (!udata)
		return shared_receive_create_kernel(to_rodp_srq(ib), init);
	err = ib_is_udata_in_empty(udata);
	if (err)
		return err;
	uctx = rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib);
	err = rodp_srq_create(to_rodp_srq(ib), init, &uctx->ib, &resp);
	if (err)
		return err;
	err = ib_respond_udata(udata, resp);
	if (err)
		rodp_srq_destroy(to_rodp_srq(ib));
	return err;
}

int rodp_create_srq(struct ib_srq *ib, struct ib_srq_init_attr *init, struct ib_udata *udata)
{
	atomic_t *count = &to_rodp_dev(ib->device)->srqs;
	int err = rodp_quota_take(count, RODP_MAX_SRQ);

	if (err)
		return err;
	return rodp_quota_settle(count, shared_receive_create(ib, init, udata));
}

static int shared_receive_prepare(struct rodp_srq *srq, struct ib_ucontext *uctx, u32 max_wr,
				  u64 ring_resp)
{
	struct rodp_ring_resp resp = {};
	struct rodp_ring ring = {};
	int err = rodp_ring_create(&ring, uctx, max_wr, srq->ring.stride, &resp);

	if (err)
		return err;
	rodp_srq_prepare_ring(srq, &ring);
	rodp_ring_destroy(&ring);
	return copy_to_user(u64_to_user_ptr(ring_resp), &resp, sizeof(resp)) ? -EFAULT : 0;
}

static int shared_receive_commit(struct rodp_srq *srq)
{
	struct rodp_ring old;
	int err = rodp_srq_commit_ring(srq, &old);

	rodp_ring_destroy(&old);
	return err;
}

static int shared_receive_resize(struct rodp_srq *srq, u32 max_wr, struct ib_udata *udata)
{
	struct rodp_modify_srq_req req = {};
	struct rodp_ucontext *uctx;
	int err;

	if (!udata)
		return -EOPNOTSUPP;
	if (!max_wr || max_wr > RODP_MAX_WR)
		return -EINVAL;
	err = ib_copy_validate_udata_in(udata, req, ring_resp);
	if (err)
		return err;
	if (req.reserved || req.step > RODP_RESIZE_COMMIT)
		return -EOPNOTSUPP;
	uctx = rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib);
	if (req.step != RODP_RESIZE_COMMIT)
		err = shared_receive_prepare(srq, &uctx->ib, max_wr, req.ring_resp);
	if (!err && req.step != RODP_RESIZE_PREPARE)
		err = shared_receive_commit(srq);
	if (err)
		return err;
	return ib_respond_empty_udata(udata);
}

int rodp_modify_srq(struct ib_srq *ib, struct ib_srq_attr *attr, enum ib_srq_attr_mask mask,
		    struct ib_udata *udata)
{
	int err;

	if (mask & ~(IB_SRQ_LIMIT | IB_SRQ_MAX_WR))
		return -EOPNOTSUPP;
	err = mask & IB_SRQ_MAX_WR ? shared_receive_resize(to_rodp_srq(ib), attr->max_wr, udata)
				   : ib_no_udata_io(udata);
	if (err)
		return err;
	return mask & IB_SRQ_LIMIT ? rodp_srq_arm(to_rodp_srq(ib), attr->srq_limit) : 0;
}

int rodp_query_srq(struct ib_srq *ib, struct ib_srq_attr *attr)
{
	struct rodp_srq *srq = to_rodp_srq(ib);

	attr->max_wr = srq->ring.entries;
	attr->max_sge = srq->max_sge;
	attr->srq_limit = rodp_srq_limit(srq);
	return 0;
}

int rodp_destroy_srq(struct ib_srq *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	rodp_srq_destroy(to_rodp_srq(ib));
	rodp_quota_give(&to_rodp_dev(ib->device)->srqs);
	return 0;
}

/* Of kernel consumers only: a process's work requests stand in the ring. */
int rodp_post_srq_recv(struct ib_srq *ib, const struct ib_recv_wr *wr,
		       const struct ib_recv_wr **bad)
{
	if (!ib->uobject)
		return rodp_kpost_srq_recv(to_rodp_srq(ib), wr, bad);
	*bad = wr;
	return -EOPNOTSUPP;
}

int rodp_alloc_xrcd(struct ib_xrcd *ib, struct ib_udata *udata)
{
	return ib_no_udata_io(udata);
}

/* ib_core counts what is in it. */
int rodp_dealloc_xrcd(struct ib_xrcd *ib, struct ib_udata *udata)
{
	return ib_no_udata_io(udata);
}
