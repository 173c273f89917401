/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The RDMA core's structs and numbers, as far as kernel/qp looks at them. */
#ifndef MODEL_ENV_VERBS_H
#define MODEL_ENV_VERBS_H

#include "container.h"

enum ib_qp_state {
	IB_QPS_RESET,
	IB_QPS_INIT,
	IB_QPS_RTR,
	IB_QPS_RTS,
	IB_QPS_SQD,
	IB_QPS_SQE,
	IB_QPS_ERR,
};

enum ib_qp_type {
	IB_QPT_SMI,
	IB_QPT_GSI,
	IB_QPT_RC,
	IB_QPT_UC,
	IB_QPT_UD,
	IB_QPT_XRC_INI = 9,
	IB_QPT_XRC_TGT,
};

enum ib_wr_opcode {
	IB_WR_RDMA_WRITE,
	IB_WR_RDMA_WRITE_WITH_IMM,
	IB_WR_SEND,
	IB_WR_SEND_WITH_IMM,
	IB_WR_RDMA_READ,
	IB_WR_ATOMIC_CMP_AND_SWP,
	IB_WR_ATOMIC_FETCH_AND_ADD,
	IB_WR_BIND_MW = 8,
	IB_WR_LOCAL_INV = 7,
	IB_WR_SEND_WITH_INV = 9,
	IB_WR_FLUSH = 14,
	IB_WR_ATOMIC_WRITE = 15,
	IB_WR_REG_MR = 0x20,
};

enum ib_wc_status {
	IB_WC_SUCCESS,
	IB_WC_LOC_LEN_ERR,
	IB_WC_LOC_QP_OP_ERR,
	IB_WC_LOC_EEC_OP_ERR,
	IB_WC_LOC_PROT_ERR,
	IB_WC_WR_FLUSH_ERR,
	IB_WC_MW_BIND_ERR,
	IB_WC_BAD_RESP_ERR,
	IB_WC_LOC_ACCESS_ERR,
	IB_WC_REM_INV_REQ_ERR,
	IB_WC_REM_ACCESS_ERR,
	IB_WC_REM_OP_ERR,
	IB_WC_RETRY_EXC_ERR,
	IB_WC_RNR_RETRY_EXC_ERR,
	IB_WC_REM_INV_RD_REQ_ERR = 14,
};

enum ib_wc_opcode {
	IB_WC_SEND,
	IB_WC_RDMA_WRITE,
	IB_WC_RDMA_READ,
	IB_WC_COMP_SWAP,
	IB_WC_FETCH_ADD,
	IB_WC_BIND_MW,
	IB_WC_LOCAL_INV,
	IB_WC_FLUSH = 8,
	IB_WC_ATOMIC_WRITE,
	IB_WC_REG_MR,
	IB_WC_RECV = 128,
	IB_WC_RECV_RDMA_WITH_IMM,
};

#define IB_WC_GRH      1u
#define IB_WC_WITH_IMM 2u

enum ib_access_flags {
	IB_ACCESS_LOCAL_WRITE = 1,
	IB_ACCESS_REMOTE_WRITE = 2,
	IB_ACCESS_REMOTE_READ = 4,
	IB_ACCESS_REMOTE_ATOMIC = 8,
	IB_ACCESS_FLUSH_GLOBAL = 1 << 8,
	IB_ACCESS_FLUSH_PERSISTENT = 1 << 9,
};

#define IB_DEVICE_FLUSH_GLOBAL 1

enum ib_qp_attr_mask {
	IB_QP_STATE = 1,
	IB_QP_CUR_STATE = 1 << 1,
	IB_QP_EN_SQD_ASYNC_NOTIFY = 1 << 2,
	IB_QP_ACCESS_FLAGS = 1 << 3,
	IB_QP_PKEY_INDEX = 1 << 4,
	IB_QP_PORT = 1 << 5,
	IB_QP_QKEY = 1 << 6,
	IB_QP_AV = 1 << 7,
	IB_QP_PATH_MTU = 1 << 8,
	IB_QP_TIMEOUT = 1 << 9,
	IB_QP_RETRY_CNT = 1 << 10,
	IB_QP_RNR_RETRY = 1 << 11,
	IB_QP_RQ_PSN = 1 << 12,
	IB_QP_MAX_QP_RD_ATOMIC = 1 << 13,
	IB_QP_ALT_PATH = 1 << 14,
	IB_QP_MIN_RNR_TIMER = 1 << 15,
	IB_QP_SQ_PSN = 1 << 16,
	IB_QP_MAX_DEST_RD_ATOMIC = 1 << 17,
	IB_QP_PATH_MIG_STATE = 1 << 18,
	IB_QP_DEST_QPN = 1 << 20,
};

enum ib_mtu {
	IB_MTU_256 = 1,
	IB_MTU_4096 = 5,
};

enum ib_event_type {
	IB_EVENT_CQ_ERR,
	IB_EVENT_QP_FATAL,
	IB_EVENT_QP_REQ_ERR,
	IB_EVENT_QP_ACCESS_ERR,
	IB_EVENT_COMM_EST,
	IB_EVENT_SQ_DRAINED,
	IB_EVENT_SRQ_LIMIT_REACHED = 15,
	IB_EVENT_QP_LAST_WQE_REACHED,
};

#define IB_MIG_MIGRATED			      0
#define IB_SIGNAL_ALL_WR		      0
#define IB_SIGNAL_REQ_WR		      1
#define IB_QP_CREATE_BLOCK_MULTICAST_LOOPBACK 2
#define IB_SRQT_BASIC			      0
#define IB_SRQT_XRC			      1
#define IB_AH_GRH			      1

union ib_gid {
	u8 raw[16];
};

struct ib_global_route {
	union ib_gid dgid;
	const void *sgid_attr;
};

struct rdma_ah_attr {
	struct ib_global_route grh;
};

struct ib_device {
	struct mutex unregistration_lock;
};

struct ib_ucontext {
	struct ib_device *device;
};

struct ib_pd {
	struct ib_device *device;
};

struct ib_xrcd {
	struct ib_device *device;
};

struct ib_umem;
struct ib_event;
struct ib_qp;
struct ib_srq;

struct rdma_user_mmap_entry {
	int unused;
};

struct ib_cq {
	struct ib_device *device;
	int cqe;
	void *cq_context;
	void (*comp_handler)(struct ib_cq *cq, void *context);
	void (*event_handler)(struct ib_event *event, void *context);
};

struct ib_mr {
	struct ib_device *device;
	struct ib_pd *pd;
	u32 lkey, rkey;
	u64 iova, length;
	unsigned int page_size;
};

struct ib_qp_cap {
	u32 max_send_wr, max_recv_wr, max_send_sge, max_recv_sge, max_inline_data;
};

struct ib_qp_init_attr {
	struct ib_cq *send_cq, *recv_cq;
	struct ib_srq *srq;
	struct ib_xrcd *xrcd;
	struct ib_qp_cap cap;
	int sq_sig_type;
	enum ib_qp_type qp_type;
	u32 create_flags;
};

struct ib_qp_attr {
	enum ib_qp_state qp_state, cur_qp_state;
	enum ib_mtu path_mtu;
	int path_mig_state;
	u32 qkey, rq_psn, sq_psn, dest_qp_num;
	int qp_access_flags;
	struct ib_qp_cap cap;
	struct rdma_ah_attr ah_attr;
	u16 pkey_index;
	u8 en_sqd_async_notify, sq_draining;
	u8 max_rd_atomic, max_dest_rd_atomic, min_rnr_timer, timeout, retry_cnt, rnr_retry;
	u32 port_num;
};

struct ib_event {
	struct ib_device *device;
	union {
		struct ib_cq *cq;
		struct ib_qp *qp;
		struct ib_srq *srq;
	} element;
	enum ib_event_type event;
};

struct ib_qp {
	struct ib_device *device;
	struct ib_pd *pd;
	u32 qp_num;
	enum ib_qp_type qp_type;
	void *qp_context;
	void (*event_handler)(struct ib_event *event, void *context);
	struct {
		struct task_struct *task;
	} res;
};

struct ib_ah {
	struct ib_device *device;
};

struct ib_srq_attr {
	u32 max_wr, max_sge, srq_limit;
};

struct ib_srq_init_attr {
	int srq_type;
	struct ib_srq_attr attr;
};

struct ib_srq {
	struct ib_device *device;
	struct ib_pd *pd;
	void *srq_context;
	void (*event_handler)(struct ib_event *event, void *context);
	struct {
		struct ib_cq *cq;
		struct {
			struct ib_xrcd *xrcd;
			u32 srq_num;
		} xrc;
	} ext;
};

#define ib_device_put(dev)	 ((void)(dev))
#define rdma_ah_get_ah_flags(ah) ((void)(ah), IB_AH_GRH)
#define rdma_ah_read_grh(ah)	 (&(ah)->grh)
#define iboe_get_mtu(mtu)	 ((void)(mtu), IB_MTU_4096)
#define net_eq(a, b)		 ((a) == (b))

bool ib_modify_qp_is_ok(enum ib_qp_state cur, enum ib_qp_state next, enum ib_qp_type type,
			int mask);

/* A route's cache: nothing is cached. */
struct dst_cache {
	int unused;
};

#endif
