// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The methods of ioctl(2), see rdma/ib_user_ioctl_cmds.h, and the driver's own, see rodp_abi.h. What
 * came with a newer kernel than the headers is named by its number.
 */
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_verbs.h>

#include "call.h"
#include "rodp_abi.h"

#define OBJECT(id_, thing_)                                             \
	{                                                               \
		.id = id_, .role = ROLE_OBJECT, .thing = THING_##thing_ \
	}
#define MAYBE_OBJECT(id_, thing_)                                                         \
	{                                                                                 \
		.id = id_, .role = ROLE_OBJECT, .thing = THING_##thing_, .optional = true \
	}
#define NEW(id_, thing_)                                             \
	{                                                            \
		.id = id_, .role = ROLE_NEW, .thing = THING_##thing_ \
	}
#define NEW_FD(id_, thing_)                                             \
	{                                                               \
		.id = id_, .role = ROLE_NEW_FD, .thing = THING_##thing_ \
	}
#define FD(id_, thing_)                                             \
	{                                                           \
		.id = id_, .role = ROLE_FD, .thing = THING_##thing_ \
	}
#define MAYBE_FD(id_, thing_)                                                         \
	{                                                                             \
		.id = id_, .role = ROLE_FD, .thing = THING_##thing_, .optional = true \
	}
#define NUMBER(id_, bytes_, value_, arg_)                                                         \
	{                                                                                         \
		.id = id_, .role = ROLE_IN, .bytes = bytes_, .value = VALUE_##value_, .arg = arg_ \
	}
#define MAYBE_NUMBER(id_, bytes_, value_, arg_)                                                    \
	{                                                                                          \
		.id = id_, .role = ROLE_IN, .bytes = bytes_, .value = VALUE_##value_, .arg = arg_, \
		.optional = true                                                                   \
	}
#define OUT(id_, bytes_)                                     \
	{                                                    \
		.id = id_, .role = ROLE_OUT, .bytes = bytes_ \
	}
#define MAYBE_OUT(id_, bytes_)                                                 \
	{                                                                      \
		.id = id_, .role = ROLE_OUT, .bytes = bytes_, .optional = true \
	}
#define KEEP(id_, thing_)                                                               \
	{                                                                               \
		.id = id_, .role = ROLE_NUMBER_OUT, .bytes = 4, .thing = THING_##thing_ \
	}

#define METHOD(object_, method_)                                          \
	.name = #object_ "." #method_, .object = UVERBS_OBJECT_##object_, \
	.method = UVERBS_METHOD_##method_
#define OURS(object_, method_) \
	.name = "rodp " #method_, .object = RODP_OBJECT_##object_, .method = RODP_METHOD_##method_

/* clang-format off */
const struct method methods[] = {
	{ METHOD(DEVICE, INFO_HANDLES),
	  .attribute = { NUMBER(UVERBS_ATTR_INFO_OBJECT_ID, 8, UPTO, 20),
			 OUT(UVERBS_ATTR_INFO_TOTAL_HANDLES, 4),
			 OUT(UVERBS_ATTR_INFO_HANDLES_LIST, 64) } },
	{ METHOD(DEVICE, QUERY_PORT),
	  .attribute = { NUMBER(UVERBS_ATTR_QUERY_PORT_PORT_NUM, 1, FIXED, 1),
			 OUT(UVERBS_ATTR_QUERY_PORT_RESP,
			     sizeof(struct ib_uverbs_query_port_resp_ex)) } },
	{ METHOD(DEVICE, GET_CONTEXT), .absent = true,
	  .attribute = { OUT(UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, 4),
			 OUT(UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, 8),
			 OUT(UVERBS_ATTR_UHW_OUT, sizeof(struct rodp_alloc_ucontext_resp)) } },
	{ METHOD(DEVICE, QUERY_CONTEXT),
	  .attribute = { MAYBE_OUT(UVERBS_ATTR_QUERY_CONTEXT_NUM_COMP_VECTORS, 4),
			 MAYBE_OUT(UVERBS_ATTR_QUERY_CONTEXT_CORE_SUPPORT, 8),
			 MAYBE_OUT(UVERBS_ATTR_UHW_OUT, sizeof(struct rodp_alloc_ucontext_resp)) } },
	{ METHOD(DEVICE, QUERY_GID_TABLE),
	  .attribute = { NUMBER(UVERBS_ATTR_QUERY_GID_TABLE_ENTRY_SIZE, 8, FIXED,
				sizeof(struct ib_uverbs_gid_entry)),
			 MAYBE_NUMBER(UVERBS_ATTR_QUERY_GID_TABLE_FLAGS, 4, FIXED, 0),
			 OUT(UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES,
			     32 * sizeof(struct ib_uverbs_gid_entry)),
			 OUT(UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES, 8) } },
	{ METHOD(DEVICE, QUERY_GID_ENTRY),
	  .attribute = { NUMBER(UVERBS_ATTR_QUERY_GID_ENTRY_PORT, 4, FIXED, 1),
			 NUMBER(UVERBS_ATTR_QUERY_GID_ENTRY_GID_INDEX, 4, UPTO, 4),
			 MAYBE_NUMBER(UVERBS_ATTR_QUERY_GID_ENTRY_FLAGS, 4, FIXED, 0),
			 OUT(UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY,
			     sizeof(struct ib_uverbs_gid_entry)) } },
	{ .name = "DEVICE.QUERY_PORT_SPEED", .object = UVERBS_OBJECT_DEVICE,
	  .method = UVERBS_METHOD_QUERY_GID_ENTRY + 1,
	  .attribute = { NUMBER(0, 4, FIXED, 1), OUT(1, 8) } },
	{ METHOD(PD, PD_DESTROY), .attribute = { OBJECT(UVERBS_ATTR_DESTROY_PD_HANDLE, PD) } },
	{ METHOD(CQ, CQ_CREATE), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_CREATE_CQ_HANDLE, CQ),
			 NUMBER(UVERBS_ATTR_CREATE_CQ_CQE, 4, SMALL, 64),
			 NUMBER(UVERBS_ATTR_CREATE_CQ_USER_HANDLE, 8, ANY, 0),
			 MAYBE_FD(UVERBS_ATTR_CREATE_CQ_COMP_CHANNEL, CHANNEL),
			 NUMBER(UVERBS_ATTR_CREATE_CQ_COMP_VECTOR, 4, FIXED, 0),
			 MAYBE_NUMBER(UVERBS_ATTR_CREATE_CQ_FLAGS, 4, FIXED, 1),
			 OUT(UVERBS_ATTR_CREATE_CQ_RESP_CQE, 4),
			 MAYBE_FD(UVERBS_ATTR_CREATE_CQ_EVENT_FD, EVENTS),
			 OUT(UVERBS_ATTR_UHW_OUT, sizeof(struct rodp_create_cq_resp)) } },
	{ METHOD(CQ, CQ_DESTROY),
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_CQ_HANDLE, CQ),
			 OUT(UVERBS_ATTR_DESTROY_CQ_RESP, 8) } },
	{ METHOD(QP, QP_CREATE), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_CREATE_QP_HANDLE, QP),
			 OBJECT(UVERBS_ATTR_CREATE_QP_PD_HANDLE, PD),
			 MAYBE_OBJECT(UVERBS_ATTR_CREATE_QP_SRQ_HANDLE, SRQ),
			 OBJECT(UVERBS_ATTR_CREATE_QP_SEND_CQ_HANDLE, CQ),
			 OBJECT(UVERBS_ATTR_CREATE_QP_RECV_CQ_HANDLE, CQ),
			 NUMBER(UVERBS_ATTR_CREATE_QP_USER_HANDLE, 8, ANY, 0),
			 { .id = UVERBS_ATTR_CREATE_QP_CAP, .role = ROLE_CAP },
			 NUMBER(UVERBS_ATTR_CREATE_QP_TYPE, 8, SMALL, 4),
			 MAYBE_NUMBER(UVERBS_ATTR_CREATE_QP_FLAGS, 4, FIXED, 0),
			 MAYBE_FD(UVERBS_ATTR_CREATE_QP_EVENT_FD, EVENTS),
			 OUT(UVERBS_ATTR_CREATE_QP_RESP_CAP, 20),
			 KEEP(UVERBS_ATTR_CREATE_QP_RESP_QP_NUM, QPN),
			 OUT(UVERBS_ATTR_UHW_OUT, sizeof(struct rodp_create_qp_resp)) } },
	{ METHOD(QP, QP_DESTROY),
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_QP_HANDLE, QP),
			 OUT(UVERBS_ATTR_DESTROY_QP_RESP, 4) } },
	{ METHOD(SRQ, SRQ_CREATE), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_CREATE_SRQ_HANDLE, SRQ),
			 OBJECT(UVERBS_ATTR_CREATE_SRQ_PD_HANDLE, PD),
			 MAYBE_OBJECT(UVERBS_ATTR_CREATE_SRQ_XRCD_HANDLE, XRCD),
			 MAYBE_OBJECT(UVERBS_ATTR_CREATE_SRQ_CQ_HANDLE, CQ),
			 NUMBER(UVERBS_ATTR_CREATE_SRQ_USER_HANDLE, 8, ANY, 0),
			 NUMBER(UVERBS_ATTR_CREATE_SRQ_MAX_WR, 4, SMALL, 32),
			 NUMBER(UVERBS_ATTR_CREATE_SRQ_MAX_SGE, 4, SMALL, 4),
			 NUMBER(UVERBS_ATTR_CREATE_SRQ_LIMIT, 4, FIXED, 0),
			 NUMBER(UVERBS_ATTR_CREATE_SRQ_TYPE, 8, UPTO, 1),
			 OUT(UVERBS_ATTR_CREATE_SRQ_RESP_MAX_WR, 4),
			 OUT(UVERBS_ATTR_CREATE_SRQ_RESP_MAX_SGE, 4),
			 MAYBE_OUT(UVERBS_ATTR_CREATE_SRQ_RESP_SRQ_NUM, 4),
			 OUT(UVERBS_ATTR_UHW_OUT, sizeof(struct rodp_create_srq_resp)) } },
	{ METHOD(SRQ, SRQ_DESTROY),
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_SRQ_HANDLE, SRQ),
			 OUT(UVERBS_ATTR_DESTROY_SRQ_RESP, 4) } },
	{ METHOD(AH, AH_DESTROY), .attribute = { OBJECT(UVERBS_ATTR_DESTROY_AH_HANDLE, AH) } },
	{ METHOD(MR, DM_MR_REG), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_REG_DM_MR_HANDLE, MR),
			 NUMBER(UVERBS_ATTR_REG_DM_MR_OFFSET, 8, UPTO, 64),
			 NUMBER(UVERBS_ATTR_REG_DM_MR_LENGTH, 8, SMALL, 64),
			 OBJECT(UVERBS_ATTR_REG_DM_MR_PD_HANDLE, PD),
			 NUMBER(UVERBS_ATTR_REG_DM_MR_ACCESS_FLAGS, 4, FIXED, 0x20 | 7),
			 OBJECT(UVERBS_ATTR_REG_DM_MR_DM_HANDLE, DM),
			 KEEP(UVERBS_ATTR_REG_DM_MR_RESP_LKEY, LKEY),
			 OUT(UVERBS_ATTR_REG_DM_MR_RESP_RKEY, 4) } },
	{ METHOD(MR, MR_DESTROY), .attribute = { OBJECT(UVERBS_ATTR_DESTROY_MR_HANDLE, MR) } },
	{ METHOD(MR, ADVISE_MR),
	  .attribute = { OBJECT(UVERBS_ATTR_ADVISE_MR_PD_HANDLE, PD),
			 NUMBER(UVERBS_ATTR_ADVISE_MR_ADVICE, 8, UPTO, 2),
			 NUMBER(UVERBS_ATTR_ADVISE_MR_FLAGS, 4, UPTO, 1),
			 { .id = UVERBS_ATTR_ADVISE_MR_SGE_LIST, .role = ROLE_SGES } } },
	{ METHOD(MR, QUERY_MR),
	  .attribute = { OBJECT(UVERBS_ATTR_QUERY_MR_HANDLE, MR),
			 KEEP(UVERBS_ATTR_QUERY_MR_RESP_LKEY, LKEY),
			 OUT(UVERBS_ATTR_QUERY_MR_RESP_RKEY, 4),
			 OUT(UVERBS_ATTR_QUERY_MR_RESP_LENGTH, 8),
			 MAYBE_OUT(UVERBS_ATTR_QUERY_MR_RESP_IOVA, 8) } },
	{ METHOD(MR, REG_DMABUF_MR), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_REG_DMABUF_MR_HANDLE, MR),
			 OBJECT(UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, PD),
			 NUMBER(UVERBS_ATTR_REG_DMABUF_MR_OFFSET, 8, FIXED, 0),
			 NUMBER(UVERBS_ATTR_REG_DMABUF_MR_LENGTH, 8, SMALL, 64),
			 NUMBER(UVERBS_ATTR_REG_DMABUF_MR_IOVA, 8, FIXED, 0),
			 FD(UVERBS_ATTR_REG_DMABUF_MR_FD, DMABUF),
			 NUMBER(UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, 4, FIXED, 7),
			 KEEP(UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY, LKEY),
			 OUT(UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY, 4) } },
	{ .name = "MR.REG_MR", .object = UVERBS_OBJECT_MR,
	  .method = UVERBS_METHOD_REG_DMABUF_MR + 1,
	  .attribute = { NEW(0, MR), OBJECT(1, PD), NUMBER(3, 8, ADDRESS, 0), NUMBER(4, 8, ADDRESS, 0),
			 NUMBER(5, 8, LENGTH, 0), NUMBER(6, 4, ACCESS, 0), KEEP(9, LKEY), OUT(10, 4) } },
	{ METHOD(MW, MW_DESTROY), .attribute = { OBJECT(UVERBS_ATTR_DESTROY_MW_HANDLE, MW) } },
	{ METHOD(XRCD, XRCD_DESTROY),
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_XRCD_HANDLE, XRCD) } },
	{ METHOD(DM, DM_ALLOC), .makes = true,
	  .attribute = { NEW(UVERBS_ATTR_ALLOC_DM_HANDLE, DM),
			 NUMBER(UVERBS_ATTR_ALLOC_DM_LENGTH, 8, SMALL, 16384),
			 NUMBER(UVERBS_ATTR_ALLOC_DM_ALIGNMENT, 4, UPTO, 12),
			 OUT(RODP_ATTR_ALLOC_DM_RESP, sizeof(struct rodp_alloc_dm_resp)) } },
	{ METHOD(DM, DM_FREE), .attribute = { OBJECT(UVERBS_ATTR_FREE_DM_HANDLE, DM) } },
	{ METHOD(ASYNC_EVENT, ASYNC_EVENT_ALLOC), .makes = true,
	  .attribute = { NEW_FD(UVERBS_ATTR_ASYNC_EVENT_ALLOC_FD_HANDLE, EVENTS) } },
	/* Not this device's: refused, whatever they are asked. */
	{ METHOD(COUNTERS, COUNTERS_CREATE), .absent = true,
	  .attribute = { NEW(UVERBS_ATTR_CREATE_COUNTERS_HANDLE, NONE) } },
	{ METHOD(FLOW, FLOW_DESTROY), .absent = true,
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_FLOW_HANDLE, MR) } },
	{ METHOD(FLOW_ACTION, FLOW_ACTION_DESTROY), .absent = true,
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_FLOW_ACTION_HANDLE, MR) } },
	{ METHOD(WQ, WQ_DESTROY), .absent = true,
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_WQ_HANDLE, CQ), OUT(1, 4) } },
	{ METHOD(RWQ_IND_TBL, RWQ_IND_TBL_DESTROY), .absent = true,
	  .attribute = { OBJECT(UVERBS_ATTR_DESTROY_RWQ_IND_TBL_HANDLE, CQ) } },
	{ OURS(ODP, RESIDENCY),
	  .attribute = { MAYBE_OBJECT(RODP_ATTR_RESIDENCY_MR, MR),
			 NUMBER(RODP_ATTR_RESIDENCY_VA, 8, ADDRESS, 0),
			 NUMBER(RODP_ATTR_RESIDENCY_LENGTH, 8, LENGTH, 0),
			 OUT(RODP_ATTR_RESIDENCY_PAGES, 256), OUT(RODP_ATTR_RESIDENCY_NEXT, 8),
			 MAYBE_NUMBER(RODP_ATTR_RESIDENCY_PID, 4, SMALL, 1000) } },
	{ OURS(ODP, MR_STATS),
	  .attribute = { OBJECT(RODP_ATTR_MR_STATS_MR, MR),
			 OUT(RODP_ATTR_MR_STATS_STATS, sizeof(struct rodp_mr_stats)) } },
	{ OURS(ODP, LATENCY),
	  .attribute = { NUMBER(RODP_ATTR_LATENCY_SCOPE, 8, UPTO, 1),
			 OUT(RODP_ATTR_LATENCY_LATENCY, sizeof(struct rodp_latency)) } },
	{ OURS(IMPORT, IMPORT_PD), .attribute = { OBJECT(RODP_ATTR_IMPORT_PD_HANDLE, PD) } },
	{ OURS(IMPORT, IMPORT_DM),
	  .attribute = { OBJECT(RODP_ATTR_IMPORT_DM_HANDLE, DM),
			 OUT(RODP_ATTR_IMPORT_DM_RESP, sizeof(struct rodp_import_dm_resp)) } },
	{ OURS(EXPORT, EXPORT_DM), .makes = true,
	  .attribute = { OBJECT(RODP_ATTR_EXPORT_DM_HANDLE, DM),
			 KEEP(RODP_ATTR_EXPORT_DM_FD, DMABUF) } },
};
/* clang-format on */

const unsigned int method_count = sizeof(methods) / sizeof(methods[0]);
