// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Queue pairs: creation, attributes, receives. Sends are in send.c and wr.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rodp.h"

static int check_attr(struct ibv_context *context, const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t known = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS | IBV_QP_INIT_ATTR_XRCD;

	if (attr->comp_mask & ~known)
		return EOPNOTSUPP;
	if ((attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS) && attr->create_flags)
		return EOPNOTSUPP;
	if ((attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS) &&
	    (attr->send_ops_flags & ~rodp_send_ops(to_rodp_context(context), attr->qp_type)))
		return EOPNOTSUPP;
	return 0;
}

static int create_in_kernel(struct rodp_qp *qp, struct ibv_context *context,
			    struct ibv_qp_init_attr_ex *attr, struct rodp_create_qp_resp *drv)
{
	struct {
		struct ib_uverbs_ex_create_qp_resp ibv_resp;
		struct rodp_create_qp_resp drv;
	} resp = {};
	int err;

#if RODP_RDMA_CORE >= 64
	err = ibv_cmd_create_qp_ex2(context, &qp->vqp, attr, NULL, 0, &resp.ibv_resp, sizeof(resp),
				    NULL);
#else
	err = ibv_cmd_create_qp_ex2(context, &qp->vqp, attr, NULL, 0, &resp.ibv_resp, sizeof(resp));
#endif
	*drv = resp.drv;
	return err;
}

static int map_queues(struct rodp_qp *qp, const struct ibv_qp_init_attr_ex *attr,
		      const struct rodp_create_qp_resp *drv)
{
	struct ibv_context *context = qp->vqp.qp.context;
	size_t payload = (size_t)drv->max_send_sge * sizeof(struct rodp_sge);
	int err;

	if (!drv->sq.entries) /* XRC_RECV */
		return 0;
	if (payload < drv->max_inline)
		payload = drv->max_inline;

	err = rodp_wq_init(&qp->sq, context, &drv->sq, RODP_SEND_WQE_HDR + payload,
			   drv->max_send_sge);
	if (err || !drv->rq.entries)
		return err;

	err = rodp_wq_init_recv(&qp->rq, context, &drv->rq, attr->cap.max_recv_sge);
	if (err)
		rodp_wq_destroy(&qp->sq);
	return err;
}

/* Returns NULL with errno set. attr->cap becomes what the kernel granted. */
static struct ibv_qp *create(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	struct ibv_pd *pd = attr->comp_mask & IBV_QP_INIT_ATTR_PD ? attr->pd : NULL, *owner;
	struct rodp_create_qp_resp drv;
	struct rodp_qp *qp;
	int err;

	err = check_attr(context, attr);
	if (err)
		goto err;

	qp = rodp_object_alloc(pd, sizeof(*qp), RODP_RESOURCE_QP, &owner);
	if (!qp)
		return NULL;
	qp->owner = owner;

	err = create_in_kernel(qp, context, attr, &drv);
	if (err)
		goto err_free;

	err = map_queues(qp, attr, &drv);
	if (err)
		goto err_destroy;

	qp->max_inline = drv.max_inline;
	qp->send_ops = rodp_send_ops(to_rodp_context(context), attr->qp_type);
	if (attr->comp_mask & IBV_QP_INIT_ATTR_SEND_OPS_FLAGS)
		rodp_qp_set_wr_ops(qp, attr->send_ops_flags);
	return &qp->vqp.qp;

err_destroy:
	ibv_cmd_destroy_qp(&qp->vqp.qp);
err_free:
	rodp_object_free(qp, RODP_RESOURCE_QP, owner);
err:
	errno = err;
	return NULL;
}

struct ibv_qp *rodp_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	return create(context, attr);
}

struct ibv_qp *rodp_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	struct ibv_qp_init_attr_ex ex = {
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = pd,
	};
	struct ibv_qp *qp;

	qp = create(pd->context, &ex);
	if (qp)
		attr->cap = ex.cap;
	return qp;
}

int rodp_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		  struct ibv_qp_init_attr *init_attr)
{
	struct ibv_query_qp cmd = {};

	return ibv_cmd_query_qp(qp, attr, attr_mask, init_attr, &cmd, sizeof(cmd));
}

/* In RESET the kernel empties both queues, and begins to count anew. */
int rodp_modify_qp(struct ibv_qp *ibqp, struct ibv_qp_attr *attr, int attr_mask)
{
	struct rodp_qp *qp = to_rodp_qp(ibqp);
	struct ibv_modify_qp cmd = {};
	int err;

	err = ibv_cmd_modify_qp(ibqp, attr, attr_mask, &cmd, sizeof(cmd));
	if (!err && (attr_mask & IBV_QP_STATE) && attr->qp_state == IBV_QPS_RESET) {
		rodp_wq_reload(&qp->sq);
		rodp_wq_reload(&qp->rq);
		if (ibqp->send_cq)
			rodp_cq_forget_qp(ibqp->send_cq, ibqp->qp_num);
		if (ibqp->recv_cq && ibqp->recv_cq != ibqp->send_cq)
			rodp_cq_forget_qp(ibqp->recv_cq, ibqp->qp_num);
	}
	return err;
}

int rodp_destroy_qp(struct ibv_qp *ibqp)
{
	struct rodp_qp *qp = to_rodp_qp(ibqp);
	int err;

	err = ibv_cmd_destroy_qp(ibqp);
	if (err)
		return err;

	rodp_wq_destroy(&qp->rq);
	rodp_wq_destroy(&qp->sq);
	rodp_object_free(qp, RODP_RESOURCE_QP, qp->owner);
	return 0;
}

/* A receive queue takes work requests in every state but RESET (IBTA 1.7, C10-97). */
int rodp_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	if (qp->state == IBV_QPS_RESET) {
		*bad_wr = wr;
		return EINVAL;
	}
	return rodp_wq_post_recv(&to_rodp_qp(qp)->rq, qp->context, IB_USER_VERBS_CMD_POST_RECV,
				 qp->handle, wr, bad_wr);
}
