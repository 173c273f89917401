// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The table of what ib_core may call, see verbs.h. */
#include <linux/module.h>

#include "net/place.h"
#include "qp/qp.h"
#include "qp/queue/srq.h"
#include "qp/ud/address.h"
#include "ring/cq.h"
#include "base/mapping.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

RODP_CREATE_CQ_OP(create_cq_op, rodp_create_cq)
RODP_RESIZE_CQ_OP(resize_cq_op, rodp_resize_cq)
RODP_REG_DMABUF_OP(reg_dmabuf_op, rodp_reg_dmabuf_mr)
RODP_REG_USER_MR_OP(reg_user_mr_op, rodp_reg_user_mr)

const struct ib_device_ops rodp_device_ops = {
	.owner = THIS_MODULE,
	.driver_id = RODP_DRIVER_ID,
	.uverbs_abi_ver = RODP_ABI_VERSION,
	RODP_ROBUST_UDATA RODP_FILL_RES_SRQ(rodp_fill_res_srq)
		RODP_QUERY_PORT_SPEED(rodp_query_port_speed)

			.add_gid = rodp_place_add_gid,
	.advise_mr = rodp_advise_mr,
	.alloc_hw_port_stats = rodp_alloc_hw_port_stats,
	.alloc_dm = rodp_alloc_dm,
	.alloc_mr = rodp_alloc_mr,
	.alloc_mw = rodp_alloc_mw,
	.alloc_pd = rodp_alloc_pd,
	.alloc_ucontext = rodp_alloc_ucontext,
	.alloc_xrcd = rodp_alloc_xrcd,
	.attach_mcast = rodp_attach_mcast,
	.create_ah = rodp_create_ah,
	.create_cq = create_cq_op,
	.create_qp = rodp_create_qp,
	.create_srq = rodp_create_srq,
	.create_user_ah = rodp_create_ah,
	.dealloc_dm = rodp_dealloc_dm,
	.dealloc_driver = rodp_device_free,
	.dealloc_mw = rodp_dealloc_mw,
	.dealloc_pd = rodp_dealloc_pd,
	.dealloc_ucontext = rodp_dealloc_ucontext,
	.dealloc_xrcd = rodp_dealloc_xrcd,
	.del_gid = rodp_place_del_gid,
	.dereg_mr = rodp_dereg_mr,
	.destroy_ah = rodp_destroy_ah,
	.destroy_cq = rodp_destroy_cq,
	.destroy_qp = rodp_destroy_qp,
	.destroy_srq = rodp_destroy_srq,
	.detach_mcast = rodp_detach_mcast,
	.disassociate_ucontext = rodp_disassociate_ucontext,
	.fill_res_cq_entry = rodp_fill_res_cq,
	.fill_res_mr_entry = rodp_fill_res_mr,
	.fill_res_qp_entry = rodp_fill_res_qp,
	.fill_stat_mr_entry = rodp_fill_stat_mr,
	.get_dma_mr = rodp_get_dma_mr,
	.get_hw_stats = rodp_get_hw_stats,
	.get_link_layer = rodp_get_link_layer,
	.get_port_immutable = rodp_get_port_immutable,
	.map_mr_sg = rodp_map_mr_sg,
	.mmap = rodp_mapping_mmap,
	.mmap_free = rodp_mapping_mmap_free,
	.modify_ah = rodp_modify_ah,
	.modify_qp = rodp_modify_qp,
	.modify_srq = rodp_modify_srq,
	.poll_cq = rodp_poll_cq,
	.post_recv = rodp_post_recv,
	.post_send = rodp_post_send,
	.post_srq_recv = rodp_post_srq_recv,
	.query_ah = rodp_query_ah,
	.query_device = rodp_query_device,
	.query_pkey = rodp_query_pkey,
	.query_port = rodp_query_port,
	.query_qp = rodp_query_qp,
	.query_srq = rodp_query_srq,
	.query_ucontext = rodp_query_ucontext,
	.reg_dm_mr = rodp_reg_dm_mr,
	.reg_user_mr = reg_user_mr_op,
	.reg_user_mr_dmabuf = reg_dmabuf_op,
	.req_notify_cq = rodp_req_notify_cq,
	.rereg_user_mr = rodp_rereg_user_mr,
	.resize_user_cq = resize_cq_op,

	INIT_RDMA_OBJ_SIZE(ib_ah, rodp_ah, ib),
	INIT_RDMA_OBJ_SIZE(ib_cq, rodp_cq, ib),
	RODP_DMAH_OPS(rodp_alloc_dmah, rodp_dealloc_dmah) INIT_RDMA_OBJ_SIZE(ib_mw, rodp_mw, ib),
	INIT_RDMA_OBJ_SIZE(ib_pd, rodp_pd, ib),
	INIT_RDMA_OBJ_SIZE(ib_qp, rodp_qp, end.ib),
	INIT_RDMA_OBJ_SIZE(ib_srq, rodp_srq, ib),
	INIT_RDMA_OBJ_SIZE(ib_ucontext, rodp_ucontext, ib),
	INIT_RDMA_OBJ_SIZE(ib_xrcd, rodp_xrcd, ib),
};
