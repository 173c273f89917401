/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The provider's objects: what rodp adds to each of libibverbs' own.
 */
#ifndef RODP_H
#define RODP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <infiniband/driver.h>

#include "rodp_abi.h"
#include "ring.h"

/* ibv_qp_ex has these operations since these releases. */
#define RODP_HAVE_ATOMIC_WRITE (RODP_RDMA_CORE >= 44)
#define RODP_HAVE_FLUSH	       (RODP_RDMA_CORE >= 45)

struct rodp_context {
	struct verbs_context vctx;
	/* What the kernel reported when the device was opened. */
	uint64_t timestamp_mask;
	unsigned int device_cap_flags;
	uint64_t device_cap_flags_ex; /* as IB_UVERBS_DEVICE_* */
	enum ibv_atomic_cap atomic_cap;
	bool on_demand; /* all operations work with on-demand memory */
	bool kick_by_ioctl; /* see doorbell.c; once true it stays so, whoever looks when */
};

/*
 * The posting side of a ring: SQ, RQ or SRQ. prod is the producer counter that
 * counts; the ring holds a copy for the kernel. cons is the kernel's counter as
 * last read. Both are protected by lock.
 */
struct rodp_wq {
	struct rodp_ring ring;
	pthread_spinlock_t lock;
	uint32_t prod;
	uint32_t cons;
	uint32_t max_sge;
};

struct rodp_cq {
	struct verbs_cq vcq;
	struct rodp_ring ring;
	pthread_spinlock_t lock;
	bool single_threaded; /* the application promised: lock is not taken */
	uint32_t cons;
	uint32_t prod; /* the kernel's counter as last read */
	struct ibv_pd *owner; /* of this memory */
	const struct rodp_cqe *cqe; /* between start_poll and end_poll; NULL: none is left */
};

struct rodp_qp {
	struct verbs_qp vqp;
	struct rodp_wq sq;
	struct rodp_wq rq; /* not mapped when the QP has an SRQ */
	uint32_t max_inline; /* bytes */
	struct ibv_pd *owner; /* of this memory */
	uint64_t send_ops; /* what may be posted, enum ibv_qp_create_send_ops_flags */

	/* The list being built between ibv_wr_start and ibv_wr_complete, under sq.lock. */
	struct {
		struct rodp_send_wqe *wqe;
		uint32_t prod;
		int err;
	} wr;
};

struct rodp_srq {
	struct verbs_srq vsrq;
	struct rodp_wq rq;
	struct ibv_pd *owner; /* of this memory */
};

struct rodp_ah {
	struct ibv_ah ibv_ah;
	uint32_t ah_num;
};

static inline struct rodp_context *to_rodp_context(struct ibv_context *context)
{
	return container_of(context, struct rodp_context, vctx.context);
}

static inline struct rodp_cq *to_rodp_cq(struct ibv_cq *cq)
{
	return container_of(cq, struct rodp_cq, vcq.cq);
}

static inline struct rodp_cq *to_rodp_cq_ex(struct ibv_cq_ex *cq)
{
	return container_of(cq, struct rodp_cq, vcq.cq_ex);
}

static inline struct rodp_qp *to_rodp_qp(struct ibv_qp *qp)
{
	return container_of(qp, struct rodp_qp, vqp.qp);
}

static inline struct rodp_qp *to_rodp_qp_ex(struct ibv_qp_ex *qp)
{
	return container_of(qp, struct rodp_qp, vqp.qp_ex);
}

static inline struct rodp_srq *to_rodp_srq(struct ibv_srq *srq)
{
	return container_of(srq, struct rodp_srq, vsrq.srq);
}

static inline struct rodp_ah *to_rodp_ah(struct ibv_ah *ah)
{
	return container_of(ah, struct rodp_ah, ibv_ah);
}

/* ah.c */
struct ibv_ah *rodp_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr);
int rodp_destroy_ah(struct ibv_ah *ah);

/* cq.c */
struct ibv_cq *rodp_create_cq(struct ibv_context *context, int cqe,
			      struct ibv_comp_channel *channel, int comp_vector);
struct ibv_cq_ex *rodp_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
int rodp_resize_cq(struct ibv_cq *cq, int cqe);
int rodp_destroy_cq(struct ibv_cq *cq);
int rodp_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);
int rodp_req_notify_cq(struct ibv_cq *cq, int solicited_only);
void rodp_cq_forget_qp(struct ibv_cq *cq, uint32_t qp_num);

/* cq_ex.c */
void rodp_cq_set_ex_ops(struct rodp_cq *cq, uint64_t wc_flags);

/* dm.c */
struct ibv_dm *rodp_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr);
int rodp_free_dm(struct ibv_dm *dm);
struct ibv_mr *rodp_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t offset, size_t length,
			      unsigned int access);
struct ibv_dm *rodp_import_dm(struct ibv_context *context, uint32_t handle);
void rodp_unimport_dm(struct ibv_dm *dm);
int rodp_dm_export_dmabuf_fd(struct ibv_dm *dm);

/* import.c: 0 or an errno */
int rodp_find_pd(struct ibv_context *context, uint32_t handle);
int rodp_find_dm(struct ibv_context *context, uint32_t handle, struct rodp_import_dm_resp *resp);
int rodp_export_dm(struct ibv_context *context, uint32_t handle, uint32_t *fd);

/* doorbell.c */
int rodp_doorbell(struct ibv_context *context, uint32_t command, uint32_t handle);

/* mr.c */
struct ibv_mr *rodp_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t hca_va,
			   int access);
struct ibv_mr *rodp_alloc_null_mr(struct ibv_pd *pd);
struct ibv_mr *rodp_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				  int fd, int access);
#if RODP_RDMA_CORE >= 59
struct ibv_mr *rodp_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr);
struct ibv_dmah *rodp_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr);
int rodp_dealloc_dmah(struct ibv_dmah *dmah);
#endif
struct ibv_mr *rodp_import_mr(struct ibv_pd *pd, uint32_t handle);
void rodp_unimport_mr(struct ibv_mr *mr);
int rodp_rereg_mr(struct verbs_mr *vmr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		  int access);
int rodp_dereg_mr(struct verbs_mr *vmr);

/* mw.c */
struct ibv_mw *rodp_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
int rodp_dealloc_mw(struct ibv_mw *mw);
int rodp_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);

/* pd.c */

/* What a parent domain's allocators are told; the man page has the numbers. */
enum rodp_resource {
	RODP_RESOURCE_QP = 1,
	RODP_RESOURCE_CQ = 2,
	RODP_RESOURCE_SRQ = 3,
};

/*
 * *owner is what the memory is to be freed with, and kept until then: NULL if it is of malloc's.
 * pd may be NULL.
 */
void *rodp_object_alloc(struct ibv_pd *pd, size_t size, enum rodp_resource type,
			struct ibv_pd **owner);
void rodp_object_free(void *object, enum rodp_resource type, struct ibv_pd *owner);
bool rodp_pd_is_parent(struct ibv_pd *pd);
struct ibv_pd *rodp_alloc_pd(struct ibv_context *context);
struct ibv_pd *rodp_alloc_parent_domain(struct ibv_context *context,
					struct ibv_parent_domain_init_attr *attr);
int rodp_dealloc_pd(struct ibv_pd *pd);
struct ibv_pd *rodp_import_pd(struct ibv_context *context, uint32_t handle);
void rodp_unimport_pd(struct ibv_pd *pd);
struct ibv_td *rodp_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr);
int rodp_dealloc_td(struct ibv_td *td);

/* qp.c */
struct ibv_qp *rodp_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
struct ibv_qp *rodp_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);
int rodp_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		  struct ibv_qp_init_attr *init_attr);
int rodp_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
int rodp_destroy_qp(struct ibv_qp *qp);
int rodp_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

/* send.c */
uint64_t rodp_send_ops(const struct rodp_context *context, enum ibv_qp_type type);
int rodp_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);

/* srq.c */
struct ibv_srq *rodp_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
struct ibv_srq *rodp_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr);
int rodp_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
int rodp_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr);
int rodp_destroy_srq(struct ibv_srq *srq);
int rodp_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

/* wq.c */
int rodp_wq_init(struct rodp_wq *wq, struct ibv_context *context, const struct rodp_ring_resp *resp,
		 size_t min_stride, uint32_t max_sge);
int rodp_wq_init_recv(struct rodp_wq *wq, struct ibv_context *context,
		      const struct rodp_ring_resp *resp, uint32_t max_sge);
void rodp_wq_reload(struct rodp_wq *wq);
void rodp_wq_destroy(struct rodp_wq *wq);
int rodp_wq_post_recv(struct rodp_wq *wq, struct ibv_context *context, uint32_t command,
		      uint32_t handle, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

/* xrc.c */
struct ibv_xrcd *rodp_open_xrcd(struct ibv_context *context, struct ibv_xrcd_init_attr *attr);
int rodp_close_xrcd(struct ibv_xrcd *xrcd);
struct ibv_qp *rodp_open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr);
int rodp_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num);

/* wr.c */
void rodp_qp_set_wr_ops(struct rodp_qp *qp, uint64_t send_ops);

#endif
