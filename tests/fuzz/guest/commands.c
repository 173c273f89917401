// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The commands of write(2), see rdma/ib_user_verbs.h; the driver's parts are in rodp_abi.h. */
#include <string.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_verbs.h>

#include "call.h"
#include "rodp_abi.h"

#define F(type, member, value, arg)                                                           \
	{                                                                                     \
		offsetof(struct type, member), sizeof(((struct type *)0)->member), value, arg \
	}
#define IN(type, member, thing)	   F(type, member, VALUE_THING, thing)
#define SMALL(type, member, most)  F(type, member, VALUE_SMALL, most)
#define UPTO(type, member, most)   F(type, member, VALUE_UPTO, most)
#define FIXED(type, member, value) F(type, member, VALUE_FIXED, value)

#define NAMED(name_)		   .name = #name_, .number = IB_USER_VERBS_CMD_##name_
#define EXTENDED(name_) \
	.name = "EX_" #name_, .number = IB_USER_VERBS_EX_CMD_##name_, .extended = true
#define SIZES(in_, out_) .answers = true, .in = sizeof(struct in_), .out = sizeof(struct out_)
/* Without a response. */
#define SIZE(in_)	  .in = sizeof(struct in_)
#define DRIVER(in_, out_) .driver_in = in_, .driver_out = out_

/* ---- What belongs together ---- */

/* A step of the usual life of a QP: what each needs (IBTA vol. 1, 11.2.5.2). */
static void shape_modify_qp(struct dice *dice, void *in)
{
	static const struct {
		uint8_t state;
		uint32_t mask;
	} steps[] = {
		{ IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS },
		{ IBV_QPS_INIT, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY },
		{ IBV_QPS_RTR, IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
				       IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER },
		{ IBV_QPS_RTR, IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN },
		{ IBV_QPS_RTR, 0 },
		{ IBV_QPS_RTS, IBV_QP_SQ_PSN | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
				       IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC },
		{ IBV_QPS_RTS, IBV_QP_SQ_PSN },
		{ IBV_QPS_SQD, IBV_QP_EN_SQD_ASYNC_NOTIFY },
		{ IBV_QPS_ERR, 0 },
		{ IBV_QPS_RESET, 0 },
	};
	struct ib_uverbs_modify_qp *qp = in;
	const unsigned int step = dice_below(dice, sizeof(steps) / sizeof(steps[0]));

	qp->qp_state = steps[step].state;
	qp->attr_mask = IBV_QP_STATE | steps[step].mask;
	qp->dest.sgid_index = value_world.gid_index;
	qp->dest.is_global = 1;
	qp->dest.hop_limit = 1;
	qp->dest.port_num = value_world.port;
}

/* Which queue pairs have what. */
static void shape_create_qp(struct dice *dice, void *in)
{
	static const uint8_t types[] = { IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD, IBV_QPT_XRC_SEND };
	struct ib_uverbs_create_qp *qp = in;

	qp->qp_type = types[dice_below(dice, sizeof(types))];
	qp->is_srq = dice_once_in(dice, 4);
	if (qp->qp_type == IBV_QPT_XRC_SEND)
		qp->max_recv_wr = qp->max_recv_sge = qp->is_srq = 0;
}

static void shape_ex_create_qp(struct dice *dice, void *in)
{
	struct ib_uverbs_ex_create_qp *qp = in;

	qp->qp_type = dice_once_in(dice, 2) ? IBV_QPT_RC : IBV_QPT_UD;
	qp->is_srq = 0;
	qp->comp_mask = 0;
}

/* A region's iova is as far into a page as its address is. */
static void shape_reg_mr(struct dice *dice, void *in)
{
	struct ib_uverbs_reg_mr *mr = in;

	mr->hca_va = mr->start;
	if (!(mr->access_flags & IBV_ACCESS_ON_DEMAND) || !dice_once_in(dice, 8))
		return;
	mr->start = mr->hca_va = 0;
	mr->length = UINT64_MAX;
}

static void shape_create_ah(struct dice *dice, void *in)
{
	struct ib_uverbs_create_ah *ah = in;

	memcpy(ah->attr.grh.dgid, value_world.gid, sizeof(value_world.gid));
	ah->attr.grh.sgid_index = value_world.gid_index;
	ah->attr.grh.hop_limit = 1 + dice_below(dice, 255);
	ah->attr.is_global = 1;
	ah->attr.port_num = value_world.port;
}

static void shape_open_xrcd(struct dice *dice, void *in)
{
	struct ib_uverbs_open_xrcd *xrcd = in;

	(void)dice;
	xrcd->fd = -1;
	xrcd->oflags = 0100; /* O_CREAT, as the kernel's ABI has it */
}

static void shape_create_xsrq(struct dice *dice, void *in)
{
	struct ib_uverbs_create_xsrq *srq = in;

	srq->srq_type = dice_once_in(dice, 2) ? IBV_SRQT_XRC : IBV_SRQT_BASIC;
	srq->srq_limit = 0;
}

static void shape_open_qp(struct dice *dice, void *in)
{
	struct ib_uverbs_open_qp *qp = in;

	(void)dice;
	qp->qp_type = IBV_QPT_XRC_RECV;
}

/* The new ring is described where the driver's part says, which follows. */
static void shape_modify_srq(struct dice *dice, void *in)
{
	const uint64_t answer = (uintptr_t)value_world.memory;
	struct ib_uverbs_modify_srq *srq = in;

	(void)dice;
	memcpy(srq + 1, &answer, sizeof(answer));
}

/* ---- The table ---- */

/* clang-format off */
const struct command commands[] = {
	{ NAMED(GET_CONTEXT), SIZES(ib_uverbs_get_context, ib_uverbs_get_context_resp),
	  DRIVER(0, sizeof(struct rodp_alloc_ucontext_resp)), .absent = true },
	{ NAMED(QUERY_DEVICE), SIZES(ib_uverbs_query_device, ib_uverbs_query_device_resp) },
	{ NAMED(QUERY_PORT), SIZES(ib_uverbs_query_port, ib_uverbs_query_port_resp),
	  .field = { SMALL(ib_uverbs_query_port, port_num, 1) } },
	{ NAMED(ALLOC_PD), SIZES(ib_uverbs_alloc_pd, ib_uverbs_alloc_pd_resp), .makes = THING_PD },
	{ NAMED(DEALLOC_PD), SIZE(ib_uverbs_dealloc_pd),
	  .field = { IN(ib_uverbs_dealloc_pd, pd_handle, THING_PD) } },
	{ NAMED(CREATE_AH), SIZES(ib_uverbs_create_ah, ib_uverbs_create_ah_resp), .makes = THING_AH,
	  DRIVER(0, sizeof(struct rodp_create_ah_resp)), .shape = shape_create_ah,
	  .field = { IN(ib_uverbs_create_ah, pd_handle, THING_PD) } },
	{ NAMED(MODIFY_AH), SIZE(ib_uverbs_destroy_ah), .absent = true },
	{ NAMED(QUERY_AH), SIZE(ib_uverbs_destroy_ah), .absent = true },
	{ NAMED(DESTROY_AH), SIZE(ib_uverbs_destroy_ah),
	  .field = { IN(ib_uverbs_destroy_ah, ah_handle, THING_AH) } },
	{ NAMED(REG_MR), SIZES(ib_uverbs_reg_mr, ib_uverbs_reg_mr_resp), .makes = THING_MR,
	  .also = THING_LKEY, .also_at = 4, DRIVER(sizeof(struct rodp_reg_mr), 0),
	  .shape = shape_reg_mr,
	  .field = { IN(ib_uverbs_reg_mr, pd_handle, THING_PD),
		     F(ib_uverbs_reg_mr, start, VALUE_ADDRESS, 0),
		     F(ib_uverbs_reg_mr, length, VALUE_LENGTH, 0),
		     F(ib_uverbs_reg_mr, access_flags, VALUE_ACCESS, 0) } },
	{ NAMED(REREG_MR), SIZES(ib_uverbs_rereg_mr, ib_uverbs_rereg_mr_resp),
	  .field = { IN(ib_uverbs_rereg_mr, mr_handle, THING_MR),
		     UPTO(ib_uverbs_rereg_mr, flags, 7), IN(ib_uverbs_rereg_mr, pd_handle, THING_PD),
		     F(ib_uverbs_rereg_mr, start, VALUE_ADDRESS, 0),
		     F(ib_uverbs_rereg_mr, length, VALUE_LENGTH, 0),
		     F(ib_uverbs_rereg_mr, access_flags, VALUE_ACCESS, 0) } },
	{ NAMED(DEREG_MR), SIZE(ib_uverbs_dereg_mr),
	  .field = { IN(ib_uverbs_dereg_mr, mr_handle, THING_MR) } },
	{ NAMED(ALLOC_MW), SIZES(ib_uverbs_alloc_mw, ib_uverbs_alloc_mw_resp), .makes = THING_MW,
	  .field = { IN(ib_uverbs_alloc_mw, pd_handle, THING_PD),
		     SMALL(ib_uverbs_alloc_mw, mw_type, 2) } },
	{ NAMED(DEALLOC_MW), SIZE(ib_uverbs_dealloc_mw),
	  .field = { IN(ib_uverbs_dealloc_mw, mw_handle, THING_MW) } },
	{ NAMED(CREATE_COMP_CHANNEL),
	  SIZES(ib_uverbs_create_comp_channel, ib_uverbs_create_comp_channel_resp),
	  .makes = THING_CHANNEL },
	{ NAMED(CREATE_CQ), SIZES(ib_uverbs_create_cq, ib_uverbs_create_cq_resp), .makes = THING_CQ,
	  DRIVER(0, sizeof(struct rodp_create_cq_resp)),
	  .field = { SMALL(ib_uverbs_create_cq, cqe, 64),
		     F(ib_uverbs_create_cq, comp_channel, VALUE_MAYBE, THING_CHANNEL),
		     UPTO(ib_uverbs_create_cq, comp_vector, 0) } },
	{ NAMED(RESIZE_CQ), SIZES(ib_uverbs_resize_cq, ib_uverbs_resize_cq_resp),
	  DRIVER(sizeof(struct rodp_resize_cq_req), sizeof(struct rodp_resize_cq_resp)),
	  .field = { IN(ib_uverbs_resize_cq, cq_handle, THING_CQ),
		     SMALL(ib_uverbs_resize_cq, cqe, 200) } },
	{ NAMED(DESTROY_CQ), SIZES(ib_uverbs_destroy_cq, ib_uverbs_destroy_cq_resp),
	  .field = { IN(ib_uverbs_destroy_cq, cq_handle, THING_CQ) } },
	/* It would have the kernel read completions that the process can write. */
	{ NAMED(POLL_CQ), SIZES(ib_uverbs_poll_cq, ib_uverbs_poll_cq_resp), .absent = true,
	  .field = { IN(ib_uverbs_poll_cq, cq_handle, THING_CQ), UPTO(ib_uverbs_poll_cq, ne, 4) } },
	{ NAMED(REQ_NOTIFY_CQ), SIZE(ib_uverbs_req_notify_cq),
	  .field = { IN(ib_uverbs_req_notify_cq, cq_handle, THING_CQ),
		     UPTO(ib_uverbs_req_notify_cq, solicited_only, 1) } },
	{ NAMED(CREATE_QP), SIZES(ib_uverbs_create_qp, ib_uverbs_create_qp_resp), .makes = THING_QP,
	  .also = THING_QPN, .also_at = 4, DRIVER(0, sizeof(struct rodp_create_qp_resp)),
	  .shape = shape_create_qp,
	  .field = { IN(ib_uverbs_create_qp, pd_handle, THING_PD),
		     IN(ib_uverbs_create_qp, send_cq_handle, THING_CQ),
		     IN(ib_uverbs_create_qp, recv_cq_handle, THING_CQ),
		     IN(ib_uverbs_create_qp, srq_handle, THING_SRQ),
		     SMALL(ib_uverbs_create_qp, max_send_wr, 16),
		     SMALL(ib_uverbs_create_qp, max_recv_wr, 16),
		     SMALL(ib_uverbs_create_qp, max_send_sge, 4),
		     SMALL(ib_uverbs_create_qp, max_recv_sge, 4),
		     UPTO(ib_uverbs_create_qp, max_inline_data, 64),
		     UPTO(ib_uverbs_create_qp, sq_sig_all, 1) } },
	{ NAMED(QUERY_QP), SIZES(ib_uverbs_query_qp, ib_uverbs_query_qp_resp),
	  .field = { IN(ib_uverbs_query_qp, qp_handle, THING_QP),
		     F(ib_uverbs_query_qp, attr_mask, VALUE_FLAGS, 0x1fffff) } },
	{ NAMED(MODIFY_QP), SIZE(ib_uverbs_modify_qp), .shape = shape_modify_qp,
	  .field = { IN(ib_uverbs_modify_qp, qp_handle, THING_QP),
		     F(ib_uverbs_modify_qp, dest.dgid, VALUE_GID, 0),
		     F(ib_uverbs_modify_qp, attr_mask, VALUE_FLAGS, 0x1fffff),
		     F(ib_uverbs_modify_qp, dest_qp_num, VALUE_THING, THING_QPN),
		     F(ib_uverbs_modify_qp, qp_access_flags, VALUE_FLAGS, 15),
		     UPTO(ib_uverbs_modify_qp, qp_state, 6), SMALL(ib_uverbs_modify_qp, path_mtu, 5),
		     SMALL(ib_uverbs_modify_qp, max_rd_atomic, 4),
		     SMALL(ib_uverbs_modify_qp, max_dest_rd_atomic, 4),
		     UPTO(ib_uverbs_modify_qp, min_rnr_timer, 31),
		     FIXED(ib_uverbs_modify_qp, port_num, 1), UPTO(ib_uverbs_modify_qp, timeout, 20),
		     UPTO(ib_uverbs_modify_qp, retry_cnt, 7), UPTO(ib_uverbs_modify_qp, rnr_retry, 7),
		     F(ib_uverbs_modify_qp, rq_psn, VALUE_UPTO, 0xffffff),
		     F(ib_uverbs_modify_qp, sq_psn, VALUE_UPTO, 0xffffff) } },
	{ NAMED(DESTROY_QP), SIZES(ib_uverbs_destroy_qp, ib_uverbs_destroy_qp_resp),
	  .field = { IN(ib_uverbs_destroy_qp, qp_handle, THING_QP) } },
	{ NAMED(POST_SEND), SIZES(ib_uverbs_post_send, ib_uverbs_post_send_resp),
	  .field = { IN(ib_uverbs_post_send, qp_handle, THING_QP),
		     FIXED(ib_uverbs_post_send, wqe_size, sizeof(struct ib_uverbs_send_wr)) } },
	{ NAMED(POST_RECV), SIZES(ib_uverbs_post_recv, ib_uverbs_post_recv_resp),
	  .field = { IN(ib_uverbs_post_recv, qp_handle, THING_QP),
		     FIXED(ib_uverbs_post_recv, wqe_size, sizeof(struct ib_uverbs_recv_wr)) } },
	{ NAMED(ATTACH_MCAST), SIZE(ib_uverbs_attach_mcast),
	  .field = { IN(ib_uverbs_attach_mcast, qp_handle, THING_QP),
		     F(ib_uverbs_attach_mcast, gid, VALUE_GROUP, 0) } },
	{ NAMED(DETACH_MCAST), SIZE(ib_uverbs_detach_mcast),
	  .field = { IN(ib_uverbs_detach_mcast, qp_handle, THING_QP),
		     F(ib_uverbs_detach_mcast, gid, VALUE_GROUP, 0) } },
	{ NAMED(CREATE_SRQ), SIZES(ib_uverbs_create_srq, ib_uverbs_create_srq_resp),
	  .makes = THING_SRQ, DRIVER(0, sizeof(struct rodp_create_srq_resp)),
	  .field = { IN(ib_uverbs_create_srq, pd_handle, THING_PD),
		     SMALL(ib_uverbs_create_srq, max_wr, 32), SMALL(ib_uverbs_create_srq, max_sge, 4) } },
	{ NAMED(MODIFY_SRQ), SIZE(ib_uverbs_modify_srq), .shape = shape_modify_srq,
	  DRIVER(sizeof(struct rodp_modify_srq_req), 0),
	  .field = { IN(ib_uverbs_modify_srq, srq_handle, THING_SRQ),
		     SMALL(ib_uverbs_modify_srq, attr_mask, 3), SMALL(ib_uverbs_modify_srq, max_wr, 64),
		     UPTO(ib_uverbs_modify_srq, srq_limit, 8) } },
	{ NAMED(QUERY_SRQ), SIZES(ib_uverbs_query_srq, ib_uverbs_query_srq_resp),
	  .field = { IN(ib_uverbs_query_srq, srq_handle, THING_SRQ) } },
	{ NAMED(DESTROY_SRQ), SIZES(ib_uverbs_destroy_srq, ib_uverbs_destroy_srq_resp),
	  .field = { IN(ib_uverbs_destroy_srq, srq_handle, THING_SRQ) } },
	{ NAMED(POST_SRQ_RECV), SIZES(ib_uverbs_post_srq_recv, ib_uverbs_post_srq_recv_resp),
	  .field = { IN(ib_uverbs_post_srq_recv, srq_handle, THING_SRQ),
		     FIXED(ib_uverbs_post_srq_recv, wqe_size, sizeof(struct ib_uverbs_recv_wr)) } },
	{ NAMED(OPEN_XRCD), SIZES(ib_uverbs_open_xrcd, ib_uverbs_open_xrcd_resp),
	  .makes = THING_XRCD, .shape = shape_open_xrcd },
	{ NAMED(CLOSE_XRCD), SIZE(ib_uverbs_close_xrcd),
	  .field = { IN(ib_uverbs_close_xrcd, xrcd_handle, THING_XRCD) } },
	{ NAMED(CREATE_XSRQ), SIZES(ib_uverbs_create_xsrq, ib_uverbs_create_srq_resp),
	  .makes = THING_SRQ, DRIVER(0, sizeof(struct rodp_create_srq_resp)),
	  .shape = shape_create_xsrq,
	  .field = { IN(ib_uverbs_create_xsrq, pd_handle, THING_PD),
		     SMALL(ib_uverbs_create_xsrq, max_wr, 32),
		     SMALL(ib_uverbs_create_xsrq, max_sge, 4),
		     IN(ib_uverbs_create_xsrq, xrcd_handle, THING_XRCD),
		     IN(ib_uverbs_create_xsrq, cq_handle, THING_CQ) } },
	{ NAMED(OPEN_QP), SIZES(ib_uverbs_open_qp, ib_uverbs_create_qp_resp), .shape = shape_open_qp,
	  .field = { F(ib_uverbs_open_qp, pd_handle, VALUE_THING, THING_XRCD),
		     F(ib_uverbs_open_qp, qpn, VALUE_THING, THING_QPN) } },
	{ EXTENDED(QUERY_DEVICE), SIZES(ib_uverbs_ex_query_device, ib_uverbs_ex_query_device_resp) },
	{ EXTENDED(CREATE_CQ), SIZES(ib_uverbs_ex_create_cq, ib_uverbs_ex_create_cq_resp),
	  .makes = THING_CQ, DRIVER(0, sizeof(struct rodp_create_cq_resp)),
	  .field = { SMALL(ib_uverbs_ex_create_cq, cqe, 64),
		     F(ib_uverbs_ex_create_cq, comp_channel, VALUE_MAYBE, THING_CHANNEL),
		     UPTO(ib_uverbs_ex_create_cq, flags, 1) } },
	{ EXTENDED(CREATE_QP), SIZES(ib_uverbs_ex_create_qp, ib_uverbs_ex_create_qp_resp),
	  .makes = THING_QP, .also = THING_QPN, .also_at = 4,
	  DRIVER(0, sizeof(struct rodp_create_qp_resp)), .shape = shape_ex_create_qp,
	  .field = { IN(ib_uverbs_ex_create_qp, pd_handle, THING_PD),
		     IN(ib_uverbs_ex_create_qp, send_cq_handle, THING_CQ),
		     IN(ib_uverbs_ex_create_qp, recv_cq_handle, THING_CQ),
		     SMALL(ib_uverbs_ex_create_qp, max_send_wr, 16),
		     SMALL(ib_uverbs_ex_create_qp, max_recv_wr, 16),
		     SMALL(ib_uverbs_ex_create_qp, max_send_sge, 4),
		     SMALL(ib_uverbs_ex_create_qp, max_recv_sge, 4) } },
	{ EXTENDED(MODIFY_QP), SIZES(ib_uverbs_ex_modify_qp, ib_uverbs_ex_modify_qp_resp),
	  .shape = shape_modify_qp,
	  .field = { IN(ib_uverbs_ex_modify_qp, base.qp_handle, THING_QP),
		     F(ib_uverbs_ex_modify_qp, base.dest.dgid, VALUE_GID, 0),
		     F(ib_uverbs_ex_modify_qp, base.dest_qp_num, VALUE_THING, THING_QPN),
		     SMALL(ib_uverbs_ex_modify_qp, base.path_mtu, 5),
		     FIXED(ib_uverbs_ex_modify_qp, base.port_num, 1),
		     UPTO(ib_uverbs_ex_modify_qp, base.timeout, 20) } },
	/* Steering, work queues and moderation are not this device's. */
	{ EXTENDED(CREATE_FLOW), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(DESTROY_FLOW), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(CREATE_WQ), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(MODIFY_WQ), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(DESTROY_WQ), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(CREATE_RWQ_IND_TBL), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(DESTROY_RWQ_IND_TBL), SIZE(ib_uverbs_ex_create_cq), .absent = true },
	{ EXTENDED(MODIFY_CQ), SIZE(ib_uverbs_ex_create_cq), .absent = true },
};
/* clang-format on */

const unsigned int command_count = sizeof(commands) / sizeof(commands[0]);
