// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of completion queues. */
#include "base/quota.h"
#include "ring/cq.h"
#include "verbs/verbs.h"

static int cq_create(struct ib_cq *ib, const struct ib_cq_init_attr *attr,
		     struct uverbs_attr_bundle *attrs)
{
	struct rodp_cq *cq = to_rodp_cq(ib);
	struct rodp_create_cq_resp resp = {};
	struct ib_udata *udata = attrs ? &attrs->driver_udata : NULL;
	struct ib_ucontext *uctx = NULL;
	int err;

	if (attr->flags & ~IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION)
		return -EOPNOTSUPP;
	if (!attr->cqe || attr->cqe > RODP_MAX_CQE)
		return -EINVAL;
	err = ib_is_udata_in_empty(udata);
	if (err)
		return err;
	if (udata)
		uctx = &rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib)->ib;
	rodp_cq_init(cq);
	cq->timestamps = attr->flags & IB_UVERBS_CQ_FLAGS_TIMESTAMP_COMPLETION;
	err = rodp_ring_create(&cq->ring, uctx, attr->cqe, sizeof(struct rodp_cqe),
			       uctx ? &resp.ring : NULL);
	if (err)
		return err;
	ib->cqe = cq->ring.entries;
	err = udata ? ib_respond_udata(udata, resp) : 0;
	if (err)
		rodp_ring_destroy(&cq->ring);
	return err;
}

int rodp_create_cq(struct ib_cq *ib, const struct ib_cq_init_attr *attr,
		   struct uverbs_attr_bundle *attrs)
{
	atomic_t *count = &to_rodp_dev(ib->device)->cqs;
	int err = rodp_quota_take(count, RODP_MAX_CQ);

	if (err)
		return err;
	return rodp_quota_settle(count, cq_create(ib, attr, attrs));
}

/* The driver's part of the request: NOW if there is none. */
static int cq_read_resize(struct ib_udata *udata, u32 *step)
{
	struct rodp_resize_cq_req req = {};
	int err = 0;

	if (udata->inlen)
		err = ib_copy_validate_udata_in(udata, req, reserved);
	if (!err && (req.reserved || req.step > RODP_RESIZE_COMMIT))
		err = -EOPNOTSUPP;
	*step = req.step;
	return err;
}

static int cq_prepare(struct rodp_cq *cq, struct ib_ucontext *uctx, u32 cqe,
		      struct rodp_ring_resp *resp)
{
	struct rodp_ring ring = {};
	int err = rodp_ring_create(&ring, uctx, cqe, sizeof(struct rodp_cqe), resp);

	if (err)
		return err;
	rodp_cq_prepare_ring(cq, &ring);
	rodp_ring_destroy(&ring);
	return 0;
}

static int cq_commit(struct rodp_cq *cq)
{
	struct rodp_ring old;
	int err = rodp_cq_commit_ring(cq, &old);

	rodp_ring_destroy(&old);
	return err;
}

int rodp_resize_cq(struct ib_cq *ib, unsigned int cqe, struct ib_udata *udata)
{
	struct rodp_resize_cq_resp resp = {};
	struct rodp_cq *cq = to_rodp_cq(ib);
	struct rodp_ucontext *uctx;
	u32 step;
	int err;

	if (!udata)
		return -EOPNOTSUPP;
	if (!cqe || cqe > RODP_MAX_CQE)
		return -EINVAL;
	err = cq_read_resize(udata, &step);
	if (err)
		return err;
	uctx = rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib);
	if (step != RODP_RESIZE_COMMIT)
		err = cq_prepare(cq, &uctx->ib, cqe, &resp.ring);
	if (!err && step != RODP_RESIZE_PREPARE)
		err = cq_commit(cq);
	if (err)
		return err;
	return ib_respond_udata(udata, resp);
}

int rodp_destroy_cq(struct ib_cq *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	rodp_ring_destroy(&to_rodp_cq(ib)->next);
	rodp_ring_destroy(&to_rodp_cq(ib)->ring);
	rodp_quota_give(&to_rodp_dev(ib->device)->cqs);
	return 0;
}
