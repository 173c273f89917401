// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* UD queue pairs and address handles. */
#include "vt.h"

enum {
	WRS = 64
};

static struct ibv_qp *make_ud(struct vt_end *end, bool wr_api)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = end->cq,
		.recv_cq = end->cq,
		.cap = {
			.max_send_wr = WRS,
			.max_recv_wr = WRS,
			.max_send_sge = end->max_sge,
			.max_recv_sge = end->max_sge,
			.max_inline_data = end->max_inline,
		},
		.qp_type = IBV_QPT_UD,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = end->dev->pd,
		.send_ops_flags = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM,
	};
	struct ibv_qp *qp;

	if (wr_api)
		init.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	qp = ibv_create_qp_ex(end->dev->ctx, &init);
	if (!qp)
		vt_fail("creating a UD QP on %s: %m", end->dev->name);
	if (wr_api)
		end->qpx = ibv_qp_to_qp_ex(qp);
	return qp;
}

static void step(struct vt_end *end, enum ibv_qp_state state, int mask)
{
	struct ibv_qp_attr attr = {
		.qp_state = state,
		.port_num = 1,
		.qkey = VT_QKEY,
		.sq_psn = end->psn,
	};
	int err;

	err = ibv_modify_qp(end->qp, &attr, IBV_QP_STATE | mask);
	if (err)
		vt_fail("UD QP to state %d: %s", state, strerror(err));
}

static void ud_start(struct vt_end *end, bool wr_api)
{
	end->qp = make_ud(end, wr_api);
	step(end, IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY);
	step(end, IBV_QPS_RTR, 0);
	step(end, IBV_QPS_RTS, IBV_QP_SQ_PSN);
}

void vt_ud_open(struct vt_end *end, struct vt_device *dev, bool wr_api)
{
	*end = (struct vt_end){ .dev = dev, .max_inline = 64, .max_sge = 8, .psn = 0xfffffe };
	end->cq = ibv_create_cq(dev->ctx, 2 * WRS, NULL, NULL, 0);
	if (!end->cq)
		vt_fail("creating a CQ on %s: %m", dev->name);
	end->own_cq = true;
	ud_start(end, wr_api);
}

void vt_ud_open_on(struct vt_end *end, struct vt_device *dev, struct ibv_cq *cq)
{
	*end = (struct vt_end){
		.dev = dev, .max_inline = 64, .max_sge = 8, .psn = 0xfffffe, .cq = cq
	};
	ud_start(end, false);
}

void vt_ud_recover(struct vt_end *end)
{
	step(end, IBV_QPS_RTS, 0);
}

struct ibv_ah_attr vt_ah_attr(const union ibv_gid *gid, int sgid_index,
			      const struct vt_route *route)
{
	static const struct vt_route none;

	if (!route)
		route = &none;
	return (struct ibv_ah_attr){
		.is_global = 1,
		.port_num = 1,
		.sl = route->sl,
		.grh = {
			.dgid = *gid,
			.sgid_index = sgid_index,
			.hop_limit = route->hop_limit ? route->hop_limit : 64,
			.traffic_class = route->traffic_class,
			.flow_label = route->flow_label,
		},
	};
}

struct ibv_ah *vt_ah_by(struct vt_end *end, const union ibv_gid *gid, int sgid_index,
			const struct vt_route *route)
{
	struct ibv_ah_attr attr = vt_ah_attr(gid, sgid_index, route);
	struct ibv_ah *ah;

	ah = ibv_create_ah(end->dev->pd, &attr);
	if (!ah)
		vt_fail("creating an address handle on %s: %m", end->dev->name);
	return ah;
}

struct ibv_ah *vt_ah(struct vt_end *end, const union ibv_gid *gid, int sgid_index)
{
	return vt_ah_by(end, gid, sgid_index, NULL);
}
