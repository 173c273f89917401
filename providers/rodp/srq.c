// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Shared receive queues.
 */
#include <errno.h>

#include "rodp.h"

struct create_resp {
	struct ib_uverbs_create_srq_resp ibv_resp;
	struct rodp_create_srq_resp drv;
};

static struct rodp_srq *make(struct ibv_pd *pd)
{
	struct ibv_pd *owner;
	struct rodp_srq *srq = rodp_object_alloc(pd, sizeof(*srq), RODP_RESOURCE_SRQ, &owner);

	if (srq)
		srq->owner = owner;
	return srq;
}

/* Returns NULL with errno set; then there is no SRQ in the kernel either. */
static struct ibv_srq *map(struct rodp_srq *srq, struct ibv_context *context,
			   const struct create_resp *resp, uint32_t max_sge)
{
	int err;

	err = rodp_wq_init_recv(&srq->rq, context, &resp->drv.ring, max_sge);
	if (!err)
		return &srq->vsrq.srq;
	ibv_cmd_destroy_srq(&srq->vsrq.srq);
	rodp_object_free(srq, RODP_RESOURCE_SRQ, srq->owner);
	errno = err;
	return NULL;
}

struct ibv_srq *rodp_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct create_resp resp = {};
	struct rodp_srq *srq;
	int err;

	srq = make(pd);
	if (!srq)
		return NULL;

	err = ibv_cmd_create_srq(pd, &srq->vsrq.srq, attr, NULL, 0, &resp.ibv_resp, sizeof(resp));
	if (err) {
		rodp_object_free(srq, RODP_RESOURCE_SRQ, srq->owner);
		errno = err;
		return NULL;
	}
	return map(srq, pd->context, &resp, attr->attr.max_sge);
}

struct ibv_srq *rodp_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	struct create_resp resp = {};
	struct rodp_srq *srq;
	int err;

	srq = make(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD ? attr->pd : NULL);
	if (!srq)
		return NULL;

	err = ibv_cmd_create_srq_ex(context, &srq->vsrq, attr, NULL, 0, &resp.ibv_resp,
				    sizeof(resp));
	if (err) {
		rodp_object_free(srq, RODP_RESOURCE_SRQ, srq->owner);
		errno = err;
		return NULL;
	}
	return map(srq, context, &resp, attr->attr.max_sge);
}

/* One step of resizing. resp: of PREPARE, becomes where the new ring is. 0 or an errno. */
static int resize_in_kernel(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask,
			    enum rodp_resize_step step, struct rodp_ring_resp *resp)
{
	struct {
		struct ibv_modify_srq ibv_cmd;
		struct rodp_modify_srq_req drv;
	} cmd = { .drv = { .ring_resp = (uintptr_t)resp, .step = step } };

	return ibv_cmd_modify_srq(srq, attr, attr_mask, &cmd.ibv_cmd, sizeof(cmd));
}

/*
 * The new ring is mapped first. Then the kernel carries what is posted over into it. If anything
 * fails, the old ring is the SRQ's as before. wq->lock is held.
 */
static int resize(struct rodp_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	struct ibv_srq *ibsrq = &srq->vsrq.srq;
	struct rodp_ring_resp resp = {};
	struct rodp_ring ring;
	int err;

	err = resize_in_kernel(ibsrq, attr, IBV_SRQ_MAX_WR, RODP_RESIZE_PREPARE, &resp);
	if (err)
		return err;
	err = rodp_ring_map(&ring, ibsrq->context, &resp, srq->rq.ring.stride);
	if (err)
		return err;
	err = resize_in_kernel(ibsrq, attr, attr_mask, RODP_RESIZE_COMMIT, NULL);
	if (err) {
		rodp_ring_unmap(&ring);
		return err;
	}
	rodp_ring_unmap(&srq->rq.ring);
	srq->rq.ring = ring;
	srq->rq.prod = rodp_ring_acquire(&ring.hdr->prod);
	srq->rq.cons = rodp_ring_acquire(&ring.hdr->cons);
	return 0;
}

int rodp_modify_srq(struct ibv_srq *ibsrq, struct ibv_srq_attr *attr, int attr_mask)
{
	struct rodp_srq *srq = to_rodp_srq(ibsrq);
	struct ibv_modify_srq cmd = {};
	int err;

	if (!(attr_mask & IBV_SRQ_MAX_WR))
		return ibv_cmd_modify_srq(ibsrq, attr, attr_mask, &cmd, sizeof(cmd));
	pthread_spin_lock(&srq->rq.lock);
	err = resize(srq, attr, attr_mask);
	pthread_spin_unlock(&srq->rq.lock);
	return err;
}

int rodp_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	struct ibv_query_srq cmd = {};

	return ibv_cmd_query_srq(srq, attr, &cmd, sizeof(cmd));
}

int rodp_destroy_srq(struct ibv_srq *ibsrq)
{
	struct rodp_srq *srq = to_rodp_srq(ibsrq);
	int err;

	err = ibv_cmd_destroy_srq(ibsrq);
	if (err)
		return err;

	rodp_wq_destroy(&srq->rq);
	rodp_object_free(srq, RODP_RESOURCE_SRQ, srq->owner);
	return 0;
}

int rodp_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	return rodp_wq_post_recv(&to_rodp_srq(srq)->rq, srq->context,
				 IB_USER_VERBS_CMD_POST_SRQ_RECV, srq->handle, wr, bad_wr);
}
