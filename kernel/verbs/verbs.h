/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The verbs: what ib_core calls. Each file implements the calls for one object; ops.c
 * is the table.
 */
#ifndef RODP_VERBS_VERBS_H
#define RODP_VERBS_VERBS_H

#include <rdma/ib_verbs.h>

#include "base/dev.h"
#include "odp/mirror.h"

struct rodp_qp;
struct rodp_srq;
struct rodp_window;

struct rodp_ucontext {
	struct ib_ucontext ib;
	struct rodp_mirror_set mirrors; /* of its ODP memory regions */
};

static inline struct rodp_ucontext *to_rodp_ucontext(struct ib_ucontext *ib)
{
	return container_of(ib, struct rodp_ucontext, ib);
}

struct rodp_pd {
	struct ib_pd ib;
};

struct rodp_mw {
	struct ib_mw ib;
	struct rodp_window *window;
};

static inline struct rodp_mw *to_rodp_mw(struct ib_mw *ib)
{
	return container_of(ib, struct rodp_mw, ib);
}

struct rodp_xrcd {
	struct ib_xrcd ib;
};

extern const struct ib_device_ops rodp_device_ops; /* ops.c */

/*
 * device.c: 0, -EEXIST (the netdev has a device), -EADDRINUSE (another RoCEv2 device has the port),
 * -ENOMEM, ib_core's
 */
int rodp_device_add(const char *name, struct net_device *ndev);
void rodp_device_free(struct ib_device *ib);

/* query.c */
int rodp_query_device(struct ib_device *ib, struct ib_device_attr *attr, struct ib_udata *udata);
int rodp_query_port(struct ib_device *ib, u32 port, struct ib_port_attr *attr);
/* The speed of the port's netdev, in units of 100 Mb/s. */
int rodp_query_port_speed(struct ib_device *ib, u32 port, u64 *speed);
int rodp_query_pkey(struct ib_device *ib, u32 port, u16 index, u16 *pkey);
int rodp_get_port_immutable(struct ib_device *ib, u32 port, struct ib_port_immutable *immutable);
enum rdma_link_layer rodp_get_link_layer(struct ib_device *ib, u32 port);
/* Whether the netdev can carry packets. */
enum ib_port_state rodp_port_state(const struct rodp_dev *dev);

/* observe.c: the driver's own ioctl methods */
extern const struct uapi_definition rodp_uapi_defs[];

/* import.c: the same, for what another process made */
extern const struct uapi_definition rodp_import_defs[];

/* export.c */
extern const struct uapi_definition rodp_export_defs[];

/* restrack.c */
int rodp_fill_stat_mr(struct sk_buff *msg, struct ib_mr *ib);
int rodp_fill_res_mr(struct sk_buff *msg, struct ib_mr *ib);
int rodp_fill_res_qp(struct sk_buff *msg, struct ib_qp *ib);
int rodp_fill_res_cq(struct sk_buff *msg, struct ib_cq *ib);
int rodp_fill_res_srq(struct sk_buff *msg, struct ib_srq *ib);

/* counters.c */
struct rdma_hw_stats *rodp_alloc_hw_port_stats(struct ib_device *ib, u32 port);
int rodp_get_hw_stats(struct ib_device *ib, struct rdma_hw_stats *stats, u32 port, int index);

/* context.c */
int rodp_alloc_ucontext(struct ib_ucontext *ib, struct ib_udata *udata);
void rodp_dealloc_ucontext(struct ib_ucontext *ib);
void rodp_disassociate_ucontext(struct ib_ucontext *ib);
int rodp_query_ucontext(struct ib_ucontext *ib, struct uverbs_attr_bundle *attrs);
int rodp_alloc_pd(struct ib_pd *ib, struct ib_udata *udata);
int rodp_dealloc_pd(struct ib_pd *ib, struct ib_udata *udata);

/* cq.c */
int rodp_create_cq(struct ib_cq *ib, const struct ib_cq_init_attr *attr,
		   struct uverbs_attr_bundle *attrs);
int rodp_resize_cq(struct ib_cq *ib, unsigned int cqe, struct ib_udata *udata);
int rodp_destroy_cq(struct ib_cq *ib, struct ib_udata *udata);

/* queue_pair.c */
int rodp_create_qp(struct ib_qp *ib, struct ib_qp_init_attr *init, struct ib_udata *udata);
int rodp_modify_qp(struct ib_qp *ib, struct ib_qp_attr *attr, int mask, struct ib_udata *udata);
int rodp_query_qp(struct ib_qp *ib, struct ib_qp_attr *attr, int mask,
		  struct ib_qp_init_attr *init);
int rodp_destroy_qp(struct ib_qp *ib, struct ib_udata *udata);
int rodp_post_send(struct ib_qp *ib, const struct ib_send_wr *wr, const struct ib_send_wr **bad);
int rodp_post_recv(struct ib_qp *ib, const struct ib_recv_wr *wr, const struct ib_recv_wr **bad);

/* kpost.c: work requests that kernel consumers hand over as lists */
int rodp_kpost_send(struct rodp_qp *qp, const struct ib_send_wr *wr, const struct ib_send_wr **bad);
int rodp_kpost_recv(struct rodp_qp *qp, const struct ib_recv_wr *wr, const struct ib_recv_wr **bad);
int rodp_kpost_srq_recv(struct rodp_srq *srq, const struct ib_recv_wr *wr,
			const struct ib_recv_wr **bad);

/* kpoll.c: completion queues of kernel consumers */
int rodp_poll_cq(struct ib_cq *ib, int max, struct ib_wc *wc);
int rodp_req_notify_cq(struct ib_cq *ib, enum ib_cq_notify_flags flags);

/* ah.c */
int rodp_create_ah(struct ib_ah *ib, struct rdma_ah_init_attr *init, struct ib_udata *udata);
int rodp_modify_ah(struct ib_ah *ib, struct rdma_ah_attr *attr);
int rodp_query_ah(struct ib_ah *ib, struct rdma_ah_attr *attr);
int rodp_destroy_ah(struct ib_ah *ib, u32 flags);
int rodp_attach_mcast(struct ib_qp *ib, union ib_gid *gid, u16 lid);
int rodp_detach_mcast(struct ib_qp *ib, union ib_gid *gid, u16 lid);

/* shared_receive.c */
int rodp_create_srq(struct ib_srq *ib, struct ib_srq_init_attr *init, struct ib_udata *udata);
int rodp_modify_srq(struct ib_srq *ib, struct ib_srq_attr *attr, enum ib_srq_attr_mask mask,
		    struct ib_udata *udata);
int rodp_query_srq(struct ib_srq *ib, struct ib_srq_attr *attr);
int rodp_destroy_srq(struct ib_srq *ib, struct ib_udata *udata);
int rodp_post_srq_recv(struct ib_srq *ib, const struct ib_recv_wr *wr,
		       const struct ib_recv_wr **bad);
int rodp_alloc_xrcd(struct ib_xrcd *ib, struct ib_udata *udata);
int rodp_dealloc_xrcd(struct ib_xrcd *ib, struct ib_udata *udata);

/* region.c */
struct ib_mr *rodp_reg_user_mr(struct ib_pd *pd, u64 start, u64 length, u64 iova, int access,
			       struct ib_dmah *dmah, struct ib_udata *udata);
int rodp_dereg_mr(struct ib_mr *ib, struct ib_udata *udata);
struct ib_mr *rodp_rereg_user_mr(struct ib_mr *ib, int flags, u64 start, u64 length, u64 iova,
				 int access, struct ib_pd *pd, struct ib_udata *udata);
struct ib_mr *rodp_get_dma_mr(struct ib_pd *pd, int access);
struct ib_mr *rodp_alloc_mr(struct ib_pd *pd, enum ib_mr_type type, u32 max_pages);
int rodp_map_mr_sg(struct ib_mr *ib, struct scatterlist *sg, int nents, unsigned int *offset);

/* dm.c */
struct ib_dm *rodp_alloc_dm(struct ib_device *ib, struct ib_ucontext *uctx,
			    struct ib_dm_alloc_attr *attr, struct uverbs_attr_bundle *attrs);
int rodp_dealloc_dm(struct ib_dm *ib, struct uverbs_attr_bundle *attrs);
struct ib_mr *rodp_reg_dm_mr(struct ib_pd *pd, struct ib_dm *ib, struct ib_dm_mr_attr *attr,
			     struct uverbs_attr_bundle *attrs);
extern const struct uapi_definition rodp_dm_defs[];

/* dmabuf.c */
struct ib_mr *rodp_reg_dmabuf_mr(struct ib_pd *pd, u64 offset, u64 length, u64 iova, int fd,
				 int access);

/* dmah.c */
int rodp_alloc_dmah(struct ib_dmah *dmah, struct uverbs_attr_bundle *attrs);
int rodp_dealloc_dmah(struct ib_dmah *dmah, struct uverbs_attr_bundle *attrs);

/* window.c */
int rodp_alloc_mw(struct ib_mw *ib, struct ib_udata *udata);
int rodp_dealloc_mw(struct ib_mw *ib);

/* advise.c */
int rodp_advise_mr(struct ib_pd *pd, enum ib_uverbs_advise_mr_advice advice, u32 flags,
		   struct ib_sge *sg_list, u32 num_sge, struct uverbs_attr_bundle *attrs);

#endif
