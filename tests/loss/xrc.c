// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* XRC: a sending QP of a's, a receiving one of b's, and an SRQ, whose CQ is that of conn.b. */
#include <fcntl.h>
#include <unistd.h>

#include "loss.h"

enum {
	WRS = 64,
	PSN = 0xfffffe, /* wraps soon */
};

static void xrc_open_domain(struct loss *loss)
{
	struct ibv_xrcd_init_attr init = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.oflags = O_CREAT,
	};
	char name[] = "/tmp/loss.XXXXXX";

	loss->file = mkstemp(name);
	if (loss->file < 0)
		vt_fail("a temporary file: %m");
	unlink(name);
	init.fd = loss->file;
	loss->xrcd = ibv_open_xrcd(loss->b->ctx, &init);
	if (!loss->xrcd)
		vt_skip("%s has no XRC domains: %m", loss->b->name);
}

static void xrc_make_srq(struct loss *loss)
{
	struct ibv_srq_init_attr_ex init = {
		.attr = { .max_wr = WRS, .max_sge = 1 },
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_XRCD,
		.srq_type = IBV_SRQT_XRC,
		.pd = loss->b->pd,
		.cq = loss->conn.b.cq,
		.xrcd = loss->xrcd,
	};

	loss->srq = ibv_create_srq_ex(loss->b->ctx, &init);
	if (!loss->srq)
		vt_fail("creating an XRC SRQ: %m");
	vt_check(!ibv_get_srq_num(loss->srq, &loss->srqn));
}

static void xrc_make_qps(struct loss *loss, const struct vt_conn_attr *attr)
{
	struct ibv_qp_init_attr_ex out = {
		.send_cq = loss->conn.a.cq,
		.cap = { .max_send_wr = WRS, .max_send_sge = 1, .max_inline_data = 8 },
		.qp_type = IBV_QPT_XRC_SEND,
		.comp_mask = IBV_QP_INIT_ATTR_PD |
			     (attr->wr_api ? IBV_QP_INIT_ATTR_SEND_OPS_FLAGS : 0),
		.pd = loss->a->pd,
		.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE | attr->send_ops,
	};
	struct ibv_qp_init_attr_ex in = {
		.qp_type = IBV_QPT_XRC_RECV,
		.comp_mask = IBV_QP_INIT_ATTR_XRCD,
		.xrcd = loss->xrcd,
	};

	loss->conn.a.qp = ibv_create_qp_ex(loss->a->ctx, &out);
	loss->conn.b.qp = ibv_create_qp_ex(loss->b->ctx, &in);
	if (!loss->conn.a.qp || !loss->conn.b.qp)
		vt_fail("creating XRC QPs: %m");
	if (attr->wr_api)
		loss->conn.a.qpx = ibv_qp_to_qp_ex(loss->conn.a.qp);
}

static void xrc_modify(struct vt_end *end, struct ibv_qp_attr *attr, int mask)
{
	int err = ibv_modify_qp(end->qp, attr, IBV_QP_STATE | mask);

	if (err)
		vt_fail("XRC QP of %s to state %d: %s", end->dev->name, attr->qp_state,
			strerror(err));
}

/* From RESET to RTS. */
static void xrc_connect(struct vt_end *end, const struct vt_end *peer, int access)
{
	bool sends = end->qp->qp_type == IBV_QPT_XRC_SEND;
	struct ibv_qp_attr init = { .qp_state = IBV_QPS_INIT,
				    .port_num = 1,
				    .qp_access_flags = sends ? 0 : access };
	struct ibv_qp_attr rtr = { .qp_state = IBV_QPS_RTR,
				   .path_mtu = end->dev->port.active_mtu,
				   .dest_qp_num = peer->qp->qp_num,
				   .rq_psn = PSN,
				   .max_dest_rd_atomic = 16,
				   .min_rnr_timer = 12,
				   .ah_attr = vt_ah_attr(&peer->dev->gid, end->dev->gid_index,
							 NULL) };
	struct ibv_qp_attr rts = { .qp_state = IBV_QPS_RTS,
				   .sq_psn = PSN,
				   .max_rd_atomic = 16,
				   .timeout = vt_options.timeout,
				   .retry_cnt = 7,
				   .rnr_retry = 7 };

	xrc_modify(end, &init, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	xrc_modify(end, &rtr,
		   IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
			   (sends ? 0 : IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER));
	xrc_modify(end, &rts,
		   IBV_QP_SQ_PSN | IBV_QP_TIMEOUT |
			   (sends ? IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY
				  : 0));
}

void loss_open_xrc_with(struct loss *loss, const struct vt_conn_attr *attr)
{
	loss->conn.a = (struct vt_end){ .dev = loss->a };
	loss->conn.b = (struct vt_end){ .dev = loss->b };
	loss->conn.a.cq = ibv_create_cq(loss->a->ctx, 2 * WRS, NULL, NULL, 0);
	loss->conn.b.cq = ibv_create_cq(loss->b->ctx, 2 * WRS, NULL, NULL, 0);
	vt_check(loss->conn.a.cq && loss->conn.b.cq);
	xrc_open_domain(loss);
	xrc_make_srq(loss);
	xrc_make_qps(loss, attr);
	xrc_connect(&loss->conn.b, &loss->conn.a, attr->access);
	xrc_connect(&loss->conn.a, &loss->conn.b, attr->access);
}

void loss_open_xrc(struct loss *loss)
{
	const struct vt_conn_attr attr = { .access = VT_ACCESS_ALL };

	loss_open_xrc_with(loss, &attr);
}

void loss_close_xrc(struct loss *loss)
{
	vt_check(!ibv_destroy_qp(loss->conn.a.qp));
	vt_check(!ibv_destroy_qp(loss->conn.b.qp));
	vt_check(!ibv_destroy_srq(loss->srq));
	vt_check(!ibv_close_xrcd(loss->xrcd));
	vt_check(!ibv_destroy_cq(loss->conn.a.cq));
	vt_check(!ibv_destroy_cq(loss->conn.b.cq));
	close(loss->file);
}
