// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prints where every field of the provider interface lies. Compiled twice, with
 * compat/infiniband/driver.h and with a real rdma-core tree's; the test
 * provider_layout compares what the two say. CALLS (the tree's side only) names
 * our declarations of libibverbs' calls, which must agree with the tree's.
 */
#include <stddef.h>
#include <stdio.h>

#include <infiniband/driver.h>
#ifdef CALLS
#include CALLS
#endif

#define SIZE(type) printf(#type " %zu\n", sizeof(struct type))
#define FIELD(type, field)                                                  \
	printf(#type "." #field " %zu %zu\n", offsetof(struct type, field), \
	       sizeof(((struct type *)0)->field))
#define VALUE(name) printf(#name " %lld\n", (long long)(name))
#define OP(name)    FIELD(verbs_context_ops, name)

static void print_verbs_match_ent(void)
{
	SIZE(verbs_match_ent);
	FIELD(verbs_match_ent, driver_data);
	FIELD(verbs_match_ent, u);
	FIELD(verbs_match_ent, vendor);
	FIELD(verbs_match_ent, device);
	FIELD(verbs_match_ent, kind);
}

static void print_verbs_device_ops(void)
{
	SIZE(verbs_device_ops);
	FIELD(verbs_device_ops, name);
	FIELD(verbs_device_ops, match_min_abi_version);
	FIELD(verbs_device_ops, match_max_abi_version);
	FIELD(verbs_device_ops, match_table);
	FIELD(verbs_device_ops, static_providers);
	FIELD(verbs_device_ops, match_device);
	FIELD(verbs_device_ops, alloc_context);
	FIELD(verbs_device_ops, import_context);
	FIELD(verbs_device_ops, alloc_device);
	FIELD(verbs_device_ops, uninit_device);
}

static void print_verbs_device(void)
{
	SIZE(verbs_device);
	FIELD(verbs_device, device);
	FIELD(verbs_device, ops);
	FIELD(verbs_device, refcount);
	FIELD(verbs_device, entry);
	FIELD(verbs_device, sysfs);
	FIELD(verbs_device, core_support);
}

static void print_verbs_mr(void)
{
	SIZE(verbs_mr);
	FIELD(verbs_mr, ibv_mr);
	FIELD(verbs_mr, mr_type);
	FIELD(verbs_mr, access);
}

static void print_verbs_dm(void)
{
	SIZE(verbs_dm);
	FIELD(verbs_dm, dm);
	FIELD(verbs_dm, handle);
#if IBVERBS_PABI_VERSION >= 65
	SIZE(verbs_dmah);
	FIELD(verbs_dmah, dmah);
	FIELD(verbs_dmah, handle);
#endif
}

static void print_verbs_qp(void)
{
	SIZE(verbs_qp);
	FIELD(verbs_qp, qp);
	FIELD(verbs_qp, qp_ex);
	FIELD(verbs_qp, comp_mask);
	FIELD(verbs_qp, xrcd);
}

static void print_verbs_cq(void)
{
	SIZE(verbs_cq);
	FIELD(verbs_cq, cq);
	FIELD(verbs_cq, cq_ex);
}

static void print_verbs_xrcd(void)
{
	SIZE(verbs_xrcd);
	FIELD(verbs_xrcd, xrcd);
	FIELD(verbs_xrcd, comp_mask);
	FIELD(verbs_xrcd, handle);
}

static void print_verbs_srq(void)
{
	SIZE(verbs_srq);
	FIELD(verbs_srq, srq);
	FIELD(verbs_srq, srq_type);
	FIELD(verbs_srq, xrcd);
	FIELD(verbs_srq, cq);
	FIELD(verbs_srq, srq_num);
}

static void print_commands(void)
{
	SIZE(ibv_alloc_mw);
	FIELD(ibv_alloc_mw, core_payload);
	SIZE(ibv_alloc_pd);
	FIELD(ibv_alloc_pd, core_payload);
	SIZE(ibv_modify_qp);
	FIELD(ibv_modify_qp, core_payload);
	SIZE(ibv_modify_srq);
	FIELD(ibv_modify_srq, core_payload);
	SIZE(ibv_open_qp);
	FIELD(ibv_open_qp, core_payload);
	SIZE(ibv_open_xrcd);
	FIELD(ibv_open_xrcd, core_payload);
	SIZE(ibv_post_send);
	FIELD(ibv_post_send, core_payload);
	SIZE(ibv_query_port);
	FIELD(ibv_query_port, core_payload);
	SIZE(ibv_query_qp);
	FIELD(ibv_query_qp, core_payload);
	SIZE(ibv_query_srq);
	FIELD(ibv_query_srq, core_payload);
	SIZE(ibv_reg_mr);
	FIELD(ibv_reg_mr, core_payload);
	SIZE(ibv_resize_cq);
	FIELD(ibv_resize_cq, core_payload);
}

static void print_values(void)
{
	VALUE(VERBS_MATCH_SENTINEL);
	VALUE(VERBS_MATCH_DRIVER_ID);
	VALUE(VERBS_QP_XRCD);
	VALUE(VERBS_QP_EX);
	VALUE(IBV_MR_TYPE_MR);
	VALUE(IBV_MR_TYPE_DMABUF_MR);
}

/* One line an op, in alphabetical order, as the tree has them. */
static void print_ops(void)
{
	SIZE(verbs_context_ops);
	OP(advise_mr);
	OP(alloc_dm);
	OP(alloc_mw);
	OP(alloc_null_mr);
	OP(alloc_parent_domain);
	OP(alloc_pd);
	OP(alloc_td);
	OP(async_event);
	OP(attach_counters_point_flow);
	OP(attach_mcast);
	OP(bind_mw);
	OP(close_xrcd);
	OP(cq_event);
	OP(create_ah);
	OP(create_counters);
	OP(create_cq);
	OP(create_cq_ex);
	OP(create_flow);
	OP(create_flow_action_esp);
	OP(create_qp);
	OP(create_qp_ex);
	OP(create_rwq_ind_table);
	OP(create_srq);
	OP(create_srq_ex);
	OP(create_wq);
	OP(dealloc_mw);
	OP(dealloc_pd);
	OP(dealloc_td);
	OP(dereg_mr);
	OP(destroy_ah);
	OP(destroy_counters);
	OP(destroy_cq);
	OP(destroy_flow);
	OP(destroy_flow_action);
	OP(destroy_qp);
	OP(destroy_rwq_ind_table);
	OP(destroy_srq);
	OP(destroy_wq);
	OP(detach_mcast);
	OP(free_context);
	OP(free_dm);
	OP(get_srq_num);
	OP(import_dm);
	OP(import_mr);
	OP(import_pd);
	OP(modify_cq);
	OP(modify_flow_action_esp);
	OP(modify_qp);
	OP(modify_qp_rate_limit);
	OP(modify_srq);
	OP(modify_wq);
	OP(open_qp);
	OP(open_xrcd);
	OP(poll_cq);
	OP(post_recv);
	OP(post_send);
	OP(post_srq_ops);
	OP(post_srq_recv);
	OP(query_device_ex);
	OP(query_ece);
	OP(query_port);
	OP(query_qp);
	OP(query_qp_data_in_order);
	OP(query_rt_values);
	OP(query_srq);
	OP(read_counters);
	OP(reg_dm_mr);
	OP(reg_dmabuf_mr);
	OP(reg_mr);
	OP(req_notify_cq);
	OP(rereg_mr);
	OP(resize_cq);
	OP(set_ece);
	OP(unimport_dm);
	OP(unimport_mr);
	OP(unimport_pd);
}

/* Those that came with rdma-core 65, in the order in which our header has them. */
static void print_ops_of_65(void)
{
#if IBVERBS_PABI_VERSION >= 65
	OP(alloc_buf);
	OP(alloc_dmah);
	OP(create_comp_cntr);
	OP(dealloc_dmah);
	OP(destroy_comp_cntr);
	OP(dm_export_dmabuf_fd);
	OP(free_buf);
	OP(inc_comp_cntr);
	OP(inc_err_comp_cntr);
	OP(qp_attach_comp_cntr);
	OP(query_comp_cntr_caps);
	OP(query_port_speed);
	OP(read_comp_cntr);
	OP(read_err_comp_cntr);
	OP(reg_mr_ex);
	OP(set_comp_cntr);
	OP(set_err_comp_cntr);
#endif
}

int main(void)
{
	print_verbs_match_ent();
	print_verbs_device_ops();
	print_verbs_device();
	print_verbs_mr();
	print_verbs_dm();
	print_verbs_qp();
	print_verbs_cq();
	print_verbs_srq();
	print_verbs_xrcd();
	print_commands();
	print_values();
	print_ops();
	print_ops_of_65();
	return 0;
}
