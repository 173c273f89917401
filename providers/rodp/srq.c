// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Shared receive queues.
 */
#include <errno.h>
#include <stdlib.h>

#include "rodp.h"

struct ibv_srq *rodp_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	struct {
		struct ib_uverbs_create_srq_resp ibv_resp;
		struct rodp_create_srq_resp drv;
	} resp = {};
	struct rodp_srq *srq;
	int err;

	srq = calloc(1, sizeof(*srq));
	if (!srq)
		return NULL;

	err = ibv_cmd_create_srq(pd, &srq->vsrq.srq, attr, NULL, 0, &resp.ibv_resp, sizeof(resp));
	if (err)
		goto err_free;

	srq->vsrq.srq_num = resp.drv.srq_num;
	err = rodp_wq_init_recv(&srq->rq, pd->context, &resp.drv.ring, attr->attr.max_sge);
	if (err)
		goto err_destroy;
	return &srq->vsrq.srq;

err_destroy:
	ibv_cmd_destroy_srq(&srq->vsrq.srq);
err_free:
	free(srq);
	errno = err;
	return NULL;
}

/* The ring cannot be resized (the device does not report IBV_DEVICE_SRQ_RESIZE). */
int rodp_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	struct ibv_modify_srq cmd = {};

	if (attr_mask & ~IBV_SRQ_LIMIT)
		return EOPNOTSUPP;
	return ibv_cmd_modify_srq(srq, attr, attr_mask, &cmd, sizeof(cmd));
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
	free(srq);
	return 0;
}

int rodp_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	return rodp_wq_post_recv(&to_rodp_srq(srq)->rq, srq->context,
				 IB_USER_VERBS_CMD_POST_SRQ_RECV, srq->handle, wr, bad_wr);
}
