/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The part of libibverbs' provider interface that rodp uses.
 *
 * libibverbs exports this interface (symbol version IBVERBS_PRIVATE_nn) but no
 * distribution installs its header. This file declares the few structures and
 * calls that the provider needs on top of the installed <infiniband/verbs.h>, so
 * that it can be built without rdma-core's sources. It is used only when the
 * provider is built on its own; inside an rdma-core tree the tree's own
 * <infiniband/driver.h> takes its place.
 *
 * RODP_RDMA_CORE is the release of the library that the provider is for, e.g. 56, and
 * IBVERBS_PABI_VERSION its provider ABI. RODP_OTHER_RELEASE says that the installed
 * headers are of another one. What this file says is compared with each release,
 * field by field (../../layout/README.md).
 */
#ifndef RODP_COMPAT_DRIVER_H
#define RODP_COMPAT_DRIVER_H

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rdma/ib_user_verbs.h>
#ifdef RODP_OTHER_RELEASE
#include "other_release.h"
#else
#include <infiniband/verbs.h>
#endif

#ifndef container_of
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#endif

struct ibv_command_buffer;
struct ibv_create_cq_ex;
struct ibv_create_qp_ex;
struct ibv_create_srq;
struct ibv_create_xsrq;
struct ibv_fd_arr;
struct ibv_get_context;
struct verbs_create_cq_prov_attr;
struct verbs_sysfs_dev;

struct list_node {
	struct list_node *next, *prev;
};

/* What a device is recognised by; rodp uses the driver number only. */
enum {
	VERBS_MATCH_SENTINEL = 0,
	VERBS_MATCH_DRIVER_ID = 3
};

struct verbs_match_ent {
	void *driver_data;
	union {
		const char *modalias;
		uint64_t driver_id;
	} u;
	uint16_t vendor;
	uint16_t device;
	uint8_t kind;
};

#define VERBS_DRIVER_ID(_id)                                        \
	{                                                           \
		.u.driver_id = (_id), .kind = VERBS_MATCH_DRIVER_ID \
	}

struct verbs_device_ops {
	const char *name;
	uint32_t match_min_abi_version;
	uint32_t match_max_abi_version;
	const struct verbs_match_ent *match_table;
	const struct verbs_device_ops **static_providers;
	bool (*match_device)(struct verbs_sysfs_dev *sysfs_dev);
	struct verbs_context *(*alloc_context)(struct ibv_device *device, int cmd_fd,
					       void *private_data);
	struct verbs_context *(*import_context)(struct ibv_device *device, int cmd_fd);
	struct verbs_device *(*alloc_device)(struct verbs_sysfs_dev *sysfs_dev);
	void (*uninit_device)(struct verbs_device *device);
};

struct verbs_device {
	struct ibv_device device;
	const struct verbs_device_ops *ops;
	atomic_int refcount;
	struct list_node entry;
	struct verbs_sysfs_dev *sysfs;
	uint64_t core_support;
};

enum ibv_mr_type {
	IBV_MR_TYPE_MR,
	IBV_MR_TYPE_NULL_MR,
	IBV_MR_TYPE_IMPORTED_MR,
	IBV_MR_TYPE_DMABUF_MR,
};

struct verbs_mr {
	struct ibv_mr ibv_mr;
	enum ibv_mr_type mr_type;
	int access;
};

struct verbs_dm {
	struct ibv_dm dm;
	uint32_t handle;
};

#if RODP_RDMA_CORE >= 59
struct verbs_dmah {
	struct ibv_dmah dmah;
	uint32_t handle;
};
#endif

enum verbs_qp_mask {
	VERBS_QP_XRCD = 1 << 0,
	VERBS_QP_EX = 1 << 1
};

struct verbs_xrcd {
	struct ibv_xrcd xrcd;
	uint32_t comp_mask;
	uint32_t handle;
};

#ifndef RODP_OTHER_RELEASE
struct verbs_qp {
	union {
		struct ibv_qp qp;
		struct ibv_qp_ex qp_ex;
	};
	uint32_t comp_mask;
	struct verbs_xrcd *xrcd;
};
#endif

struct verbs_cq {
	union {
		struct ibv_cq cq;
		struct ibv_cq_ex cq_ex;
	};
};

struct verbs_srq {
	struct ibv_srq srq;
	enum ibv_srq_type srq_type;
	struct verbs_xrcd *xrcd;
	struct ibv_cq *cq;
	uint32_t srq_num;
};

/*
 * One slot per operation that a provider may have, in libibverbs' order. Slots
 * that rodp leaves empty keep their name for the comparison. A slot that came with
 * a release pushes those behind it away.
 */
#define VERBS_UNUSED_OP(name) void (*name)(void);
#if RODP_RDMA_CORE >= 64
#define VERBS_UNUSED_OP_64(name) VERBS_UNUSED_OP(name)
#else
#define VERBS_UNUSED_OP_64(name)
#endif
#if RODP_RDMA_CORE >= 65
#define VERBS_UNUSED_OP_65(name) VERBS_UNUSED_OP(name)
#else
#define VERBS_UNUSED_OP_65(name)
#endif

/* clang-format off */
struct verbs_context_ops {
	int (*advise_mr)(struct ibv_pd *pd, enum ibv_advise_mr_advice advice, uint32_t flags,
			 struct ibv_sge *sg_list, uint32_t num_sges);
	VERBS_UNUSED_OP_64(alloc_buf)
	struct ibv_dm *(*alloc_dm)(struct ibv_context *context, struct ibv_alloc_dm_attr *attr);
#if RODP_RDMA_CORE >= 59
	struct ibv_dmah *(*alloc_dmah)(struct ibv_context *context,
				       struct ibv_dmah_init_attr *attr);
#endif
	struct ibv_mw *(*alloc_mw)(struct ibv_pd *pd, enum ibv_mw_type type);
	struct ibv_mr *(*alloc_null_mr)(struct ibv_pd *pd);
	struct ibv_pd *(*alloc_parent_domain)(struct ibv_context *context,
					      struct ibv_parent_domain_init_attr *attr);
	struct ibv_pd *(*alloc_pd)(struct ibv_context *context);
	struct ibv_td *(*alloc_td)(struct ibv_context *context, struct ibv_td_init_attr *attr);
	VERBS_UNUSED_OP(async_event)
	VERBS_UNUSED_OP(attach_counters_point_flow)
	int (*attach_mcast)(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);
	int (*bind_mw)(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *mw_bind);
	int (*close_xrcd)(struct ibv_xrcd *xrcd);
	VERBS_UNUSED_OP(cq_event)
	struct ibv_ah *(*create_ah)(struct ibv_pd *pd, struct ibv_ah_attr *attr);
	VERBS_UNUSED_OP_65(create_comp_cntr)
	VERBS_UNUSED_OP(create_counters)
	struct ibv_cq *(*create_cq)(struct ibv_context *context, int cqe,
				    struct ibv_comp_channel *channel, int comp_vector);
	struct ibv_cq_ex *(*create_cq_ex)(struct ibv_context *context,
					  struct ibv_cq_init_attr_ex *attr);
	VERBS_UNUSED_OP(create_flow)
	VERBS_UNUSED_OP(create_flow_action_esp)
	struct ibv_qp *(*create_qp)(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
	struct ibv_qp *(*create_qp_ex)(struct ibv_context *context,
				       struct ibv_qp_init_attr_ex *attr);
	VERBS_UNUSED_OP(create_rwq_ind_table)
	struct ibv_srq *(*create_srq)(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
	struct ibv_srq *(*create_srq_ex)(struct ibv_context *context,
					 struct ibv_srq_init_attr_ex *attr);
	VERBS_UNUSED_OP(create_wq)
#if RODP_RDMA_CORE >= 59
	int (*dealloc_dmah)(struct ibv_dmah *dmah);
#endif
	int (*dealloc_mw)(struct ibv_mw *mw);
	int (*dealloc_pd)(struct ibv_pd *pd);
	int (*dealloc_td)(struct ibv_td *td);
	int (*dereg_mr)(struct verbs_mr *vmr);
	int (*destroy_ah)(struct ibv_ah *ah);
	VERBS_UNUSED_OP_65(destroy_comp_cntr)
	VERBS_UNUSED_OP(destroy_counters)
	int (*destroy_cq)(struct ibv_cq *cq);
	VERBS_UNUSED_OP(destroy_flow)
	VERBS_UNUSED_OP(destroy_flow_action)
	int (*destroy_qp)(struct ibv_qp *qp);
	VERBS_UNUSED_OP(destroy_rwq_ind_table)
	int (*destroy_srq)(struct ibv_srq *srq);
	VERBS_UNUSED_OP(destroy_wq)
	int (*detach_mcast)(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid);
#if RODP_RDMA_CORE >= 62
	int (*dm_export_dmabuf_fd)(struct ibv_dm *dm);
#endif
	VERBS_UNUSED_OP_64(free_buf)
	void (*free_context)(struct ibv_context *context);
	int (*free_dm)(struct ibv_dm *dm);
	int (*get_srq_num)(struct ibv_srq *srq, uint32_t *srq_num);
	struct ibv_dm *(*import_dm)(struct ibv_context *context, uint32_t dm_handle);
	struct ibv_mr *(*import_mr)(struct ibv_pd *pd, uint32_t mr_handle);
	struct ibv_pd *(*import_pd)(struct ibv_context *context, uint32_t pd_handle);
	VERBS_UNUSED_OP_65(inc_comp_cntr)
	VERBS_UNUSED_OP_65(inc_err_comp_cntr)
	VERBS_UNUSED_OP(modify_cq)
	VERBS_UNUSED_OP(modify_flow_action_esp)
	int (*modify_qp)(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
	VERBS_UNUSED_OP(modify_qp_rate_limit)
	int (*modify_srq)(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
	VERBS_UNUSED_OP(modify_wq)
	struct ibv_qp *(*open_qp)(struct ibv_context *context, struct ibv_qp_open_attr *attr);
	struct ibv_xrcd *(*open_xrcd)(struct ibv_context *context,
				      struct ibv_xrcd_init_attr *attr);
	int (*poll_cq)(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);
	int (*post_recv)(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);
	int (*post_send)(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);
	VERBS_UNUSED_OP(post_srq_ops)
	int (*post_srq_recv)(struct ibv_srq *srq, struct ibv_recv_wr *wr,
			     struct ibv_recv_wr **bad_wr);
	VERBS_UNUSED_OP_65(qp_attach_comp_cntr)
	VERBS_UNUSED_OP_65(query_comp_cntr_caps)
	int (*query_device_ex)(struct ibv_context *context,
			       const struct ibv_query_device_ex_input *input,
			       struct ibv_device_attr_ex *attr, size_t attr_size);
	VERBS_UNUSED_OP(query_ece)
	int (*query_port)(struct ibv_context *context, uint8_t port_num,
			  struct ibv_port_attr *attr);
#if RODP_RDMA_CORE >= 62
	int (*query_port_speed)(struct ibv_context *context, uint32_t port_num,
				uint64_t *port_speed);
#endif
	int (*query_qp)(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
			struct ibv_qp_init_attr *init_attr);
	VERBS_UNUSED_OP(query_qp_data_in_order)
	int (*query_rt_values)(struct ibv_context *context, struct ibv_values_ex *values);
	int (*query_srq)(struct ibv_srq *srq, struct ibv_srq_attr *attr);
	VERBS_UNUSED_OP_65(read_comp_cntr)
	VERBS_UNUSED_OP(read_counters)
	VERBS_UNUSED_OP_65(read_err_comp_cntr)
	struct ibv_mr *(*reg_dm_mr)(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t dm_offset,
				    size_t length, unsigned int access);
	struct ibv_mr *(*reg_dmabuf_mr)(struct ibv_pd *pd, uint64_t offset, size_t length,
					uint64_t iova, int fd, int access);
	struct ibv_mr *(*reg_mr)(struct ibv_pd *pd, void *addr, size_t length, uint64_t hca_va,
				 int access);
#if RODP_RDMA_CORE >= 59
	struct ibv_mr *(*reg_mr_ex)(struct ibv_pd *pd, struct ibv_mr_init_attr *mr_init_attr);
#endif
	int (*req_notify_cq)(struct ibv_cq *cq, int solicited_only);
	int (*rereg_mr)(struct verbs_mr *vmr, int flags, struct ibv_pd *pd, void *addr,
			size_t length, int access);
	int (*resize_cq)(struct ibv_cq *cq, int cqe);
	VERBS_UNUSED_OP_65(set_comp_cntr)
	VERBS_UNUSED_OP(set_ece)
	VERBS_UNUSED_OP_65(set_err_comp_cntr)
	void (*unimport_dm)(struct ibv_dm *dm);
	void (*unimport_mr)(struct ibv_mr *mr);
	void (*unimport_pd)(struct ibv_pd *pd);
};
/* clang-format on */

/*
 * A command is a header and the kernel's structure; a provider passes the memory,
 * libibverbs fills it in. Commands declared above without a body may be NULL.
 */
#define VERBS_COMMAND(_name, _kernel_struct)        \
	struct _name {                              \
		struct ib_uverbs_cmd_hdr hdr;       \
		struct _kernel_struct core_payload; \
	}

VERBS_COMMAND(ibv_alloc_mw, ib_uverbs_alloc_mw);
VERBS_COMMAND(ibv_alloc_pd, ib_uverbs_alloc_pd);
VERBS_COMMAND(ibv_modify_qp, ib_uverbs_modify_qp);
VERBS_COMMAND(ibv_modify_srq, ib_uverbs_modify_srq);
VERBS_COMMAND(ibv_open_qp, ib_uverbs_open_qp);
VERBS_COMMAND(ibv_open_xrcd, ib_uverbs_open_xrcd);
VERBS_COMMAND(ibv_post_send, ib_uverbs_post_send);
VERBS_COMMAND(ibv_query_port, ib_uverbs_query_port);
VERBS_COMMAND(ibv_query_qp, ib_uverbs_query_qp);
VERBS_COMMAND(ibv_query_srq, ib_uverbs_query_srq);
VERBS_COMMAND(ibv_reg_mr, ib_uverbs_reg_mr);
VERBS_COMMAND(ibv_rereg_mr, ib_uverbs_rereg_mr);
VERBS_COMMAND(ibv_resize_cq, ib_uverbs_resize_cq);

/* The symbol's name carries the ABI number: a provider cannot load into another one. */
#define VERBS_PASTE_(a, b)    a##b
#define VERBS_PASTE(a, b)     VERBS_PASTE_(a, b)
#define verbs_register_driver VERBS_PASTE(verbs_register_driver_, IBVERBS_PABI_VERSION)

#define PROVIDER_DRIVER(_name, _ops)                                    \
	static __attribute__((constructor)) void _name##_register(void) \
	{                                                               \
		verbs_register_driver(&(_ops));                         \
	}

#define verbs_init_and_alloc_context(_device, _cmd_fd, _ptr, _member, _driver_id) \
	((__typeof__(_ptr))_verbs_init_and_alloc_context(                         \
		_device, _cmd_fd, sizeof(*(_ptr)),                                \
		(struct verbs_context *)offsetof(__typeof__(*(_ptr)), _member), _driver_id))

#include "verbs_calls.h"

#endif
