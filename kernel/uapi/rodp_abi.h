/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The ABI between the rodp kernel driver and its libibverbs provider.
 *
 * The only file that both include. Everything here is fixed-size, naturally
 * aligned and little-or-big-endian as the host, except fields typed __be32.
 *
 * Queues are rings in memory that the kernel allocates and the process maps.
 * A ring is a struct rodp_ring_hdr, then `entries` slots of `stride` bytes from
 * RODP_RING_DATA on. Producer and consumer counters run freely modulo 2^32; slot
 * n lives at index n & (entries - 1); entries is a power of two. The counter of
 * each side is written by that side only, with release semantics, after the
 * slots it speaks of; it is read by the other side with acquire semantics.
 * At the transition of a QP to RESET the kernel sets both counters to 0.
 * The kernel believes nothing in a ring: sizes come from its own memory, and
 * each slot is copied once before it is looked at.
 */
#ifndef RODP_ABI_H
#define RODP_ABI_H

#include <linux/types.h>

#define RODP_ABI_VERSION 1
/* "RODP"; the same number in ib_device_ops.driver_id and in the provider. */
#define RODP_DRIVER_ID 0x524f4450

/* Offset of slot 0 in a ring, bytes. */
#define RODP_RING_DATA 256

/*
 * Ring flags.
 *
 * SQ, RQ: RODP_RING_NEED_KICK is set by the kernel while nobody would notice a
 * new entry by itself. A poster stores the entry, then prod (release), then
 * executes a full fence, then reads the flags: when the bit is set it must ring
 * the doorbell (the POST_SEND or POST_RECV write command with wr_count 0). The
 * kernel sets the bit, executes a full fence and looks at prod once more before
 * it goes idle.
 *
 * CQ: the two ARM bits are set by the process (ibv_req_notify_cq) and cleared
 * by the kernel when it raises the completion event.
 */
#define RODP_RING_NEED_KICK   (1u << 0)
#define RODP_CQ_ARM_NEXT      (1u << 0)
#define RODP_CQ_ARM_SOLICITED (1u << 1)

struct rodp_ring_hdr {
	__u32 prod;
	__u32 pad0[15];
	__u32 cons;
	__u32 pad1[15];
	__u32 flags;
	__u32 pad2[31];
};

struct rodp_sge {
	__aligned_u64 addr;
	__u32 length;
	__u32 lkey;
};

/* rodp_send_wqe.flags: the values of enum ibv_send_flags. */
#define RODP_WQE_FENCE	   (1u << 0)
#define RODP_WQE_SIGNALED  (1u << 1)
#define RODP_WQE_SOLICITED (1u << 2)
#define RODP_WQE_INLINE	   (1u << 3)

/*
 * A send work request: 64 bytes, then num_sge scatter/gather entries, or
 * `inline_len` bytes of data when RODP_WQE_INLINE is set. opcode takes the
 * values of enum ib_uverbs_wr_opcode.
 */
struct rodp_send_wqe {
	__aligned_u64 wr_id;
	__u8 opcode;
	__u8 flags;
	__u8 num_sge;
	__u8 reserved0;
	__u32 inline_len; /* bytes, with RODP_WQE_INLINE */
	union {
		__be32 imm_data;
		__u32 invalidate_rkey;
	};
	__u32 remote_srqn; /* XRC only */
	union {
		struct {
			__aligned_u64 remote_addr;
			__u32 rkey;
			__u32 reserved;
		} rdma;
		struct {
			__aligned_u64 remote_addr;
			__aligned_u64 compare_add;
			__aligned_u64 swap;
			__u32 rkey;
			__u32 reserved;
		} atomic;
		struct {
			__u32 remote_qpn;
			__u32 remote_qkey;
			__u32 ah_num;
			__u32 reserved;
		} ud;
		struct {
			__aligned_u64 addr;
			__aligned_u64 length; /* bytes */
			__u32 mr_lkey;
			__u32 mw_rkey;
			__u32 new_rkey;
			__u32 access; /* enum ibv_access_flags */
		} bind;
		struct {
			__aligned_u64 remote_addr;
			__u32 length; /* bytes */
			__u32 rkey;
			__u32 type; /* enum ibv_placement_type */
			__u32 level; /* enum ibv_selectivity_level */
		} flush;
		__aligned_u64 reserved1[5];
	};
	struct rodp_sge sge[];
};

/* Stride of an SQ that holds max_sge entries and max_inline bytes: what the kernel uses. */
#define RODP_SEND_WQE_HDR 64

struct rodp_recv_wqe {
	__aligned_u64 wr_id;
	__u32 num_sge;
	__u32 reserved;
	struct rodp_sge sge[];
};

/* rodp_cqe.wc_flags: the values of enum ibv_wc_flags that the kernel's own enum has not. */
#define RODP_WC_WITH_INV (1u << 3)

/* A completion. status, opcode and wc_flags take libibverbs' values (enum ibv_wc_*). */
struct rodp_cqe {
	__aligned_u64 wr_id;
	__aligned_u64 timestamp; /* ns, CLOCK_REALTIME as ibv_wc_read_completion_wallclock_ns */
	__u32 status;
	__u32 opcode;
	__u32 vendor_err;
	__u32 byte_len;
	union {
		__be32 imm_data;
		__u32 invalidated_rkey;
	};
	__u32 qp_num;
	__u32 src_qp;
	__u32 wc_flags;
	__u16 pkey_index;
	__u16 slid;
	__u8 sl;
	__u8 dlid_path_bits;
	__u16 vlan_id; /* 0: no VLAN */
	__aligned_u64 reserved1; /* 0 */
};

/* Driver parts of the uverbs commands and responses. */

struct rodp_alloc_ucontext_resp {
	__u32 max_inline; /* bytes, the most a QP may ask for */
	__u32 reserved;
};

/* offset and length are the arguments of mmap(2) on the command fd, bytes. */
struct rodp_ring_resp {
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 entries;
	__u32 stride; /* bytes */
};

/* With the registration of an MR, or without it at all. */
struct rodp_reg_mr {
	__u32 flags; /* RODP_REG_MR_* */
	__u32 reserved; /* 0 */
};

/* A null MR: start and iova are 0, the rights LOCAL_WRITE; the length says nothing. */
#define RODP_REG_MR_NULL (1u << 0)

/* Of device memory: the driver's attribute of UVERBS_METHOD_DM_ALLOC. As struct rodp_ring_resp. */
enum rodp_alloc_dm_attr {
	RODP_ATTR_ALLOC_DM_RESP = 1u << 12, /* out, struct rodp_alloc_dm_resp */
};

struct rodp_alloc_dm_resp {
	__aligned_u64 offset;
	__aligned_u64 length;
};

struct rodp_create_cq_resp {
	struct rodp_ring_resp ring;
};

/*
 * A ring is replaced in two steps, so that kernel and process never disagree about which one
 * counts: the kernel makes the new ring (PREPARE), the process maps it, and only then does it take
 * the old one's place (COMMIT). A process that cannot map it leaves it at that. What is prepared
 * again, or never used, goes with the queue at the latest. NOW is both at once.
 */
enum rodp_resize_step {
	RODP_RESIZE_NOW,
	RODP_RESIZE_PREPARE, /* answers with the new ring; nothing has changed */
	RODP_RESIZE_COMMIT, /* EINVAL: nothing is prepared, or what is in the old ring does not fit */
};

/* With the resizing of a CQ, or without it at all: NOW. */
struct rodp_resize_cq_req {
	__u32 step; /* enum rodp_resize_step */
	__u32 reserved; /* 0 */
};

/* Of COMMIT: zeros. */
struct rodp_resize_cq_resp {
	struct rodp_ring_resp ring;
};

struct rodp_create_qp_resp {
	struct rodp_ring_resp sq;
	struct rodp_ring_resp rq; /* entries == 0: the QP has none (SRQ, XRC) */
	__u32 max_inline; /* bytes granted */
	__u32 max_send_sge;
};

struct rodp_create_srq_resp {
	struct rodp_ring_resp ring;
	__u32 srq_num;
	__u32 reserved;
};

/*
 * Observing: an ioctl object of the driver's own on the command fd, without privileges.
 * Numbers are those of the driver's name space (UVERBS_ID_DRIVER_NS and on).
 *
 * A process is told of its own address space only: of one that belongs to another process
 * that shares the fd, nothing (EACCES), unless it may read anybody's memory (CAP_SYS_PTRACE).
 */
#define RODP_ID_NS (1u << 12)

enum rodp_object {
	RODP_OBJECT_ODP = RODP_ID_NS,
	RODP_OBJECT_IMPORT,
	RODP_OBJECT_EXPORT,
};

enum rodp_odp_method {
	RODP_METHOD_RESIDENCY = RODP_ID_NS,
	RODP_METHOD_MR_STATS,
	RODP_METHOD_LATENCY,
};

/*
 * RESIDENCY: what the device knows of [VA, VA + LENGTH), a byte a page, as many as PAGES
 * has room for (an attribute holds at most 65535 bytes). NEXT: where to go on, a VA;
 * at the end, VA + LENGTH. The answer is a look at pages that come and go meanwhile.
 *
 * Without MR: of the memory that the process registered on demand through this fd (none:
 * every byte is 0), or that process PID did, for a caller with CAP_SYS_PTRACE. With MR: of that region, which must cover the range (addresses are VAs, not
 * iovas).
 * EINVAL: LENGTH 0, VA + LENGTH beyond 2^64 - 1, a range that MR does not cover.
 * Both MR and PID are EINVAL. EOPNOTSUPP: MR is not on demand. ESRCH: no such process, or it has no
 * memory any more. EACCES: no CAP_SYS_PTRACE.
 */
enum rodp_residency_attr {
	RODP_ATTR_RESIDENCY_MR = RODP_ID_NS, /* handle, optional */
	RODP_ATTR_RESIDENCY_VA, /* in, __u64 */
	RODP_ATTR_RESIDENCY_LENGTH, /* in, __u64, bytes */
	RODP_ATTR_RESIDENCY_PAGES, /* out, __u8 each: RODP_PAGE_* */
	RODP_ATTR_RESIDENCY_NEXT, /* out, __u64 */
	RODP_ATTR_RESIDENCY_PID, /* in, __u32, optional: as the caller sees it */
};

#define RODP_PAGE_TRACKED  (1u << 0) /* there is a leaf (2 MiB of VA) for it */
#define RODP_PAGE_PRESENT  (1u << 1) /* the device can read it without a fault */
#define RODP_PAGE_WRITABLE (1u << 2) /* and write it */
#define RODP_PAGE_DIRTY	   (1u << 3) /* it did, and the mm has not been told */
#define RODP_PAGE_ACCESSED (1u << 4) /* it touched the page since the mm last asked */

/* MR_STATS. EOPNOTSUPP: MR is not on demand. */
enum rodp_mr_stats_attr {
	RODP_ATTR_MR_STATS_MR = RODP_ID_NS, /* handle */
	RODP_ATTR_MR_STATS_STATS, /* out, struct rodp_mr_stats */
};

/*
 * What happened within the bounds of a region (whole pages) since it was registered.
 * Regions that overlap share their pages, and each counts what happens to them, by
 * whomever: so in each of them, pages present now = pages present at registration +
 * page_faults + page_prefetch - page_invalidations.
 */
struct rodp_mr_stats {
	__aligned_u64 page_faults; /* pages that faults made present */
	__aligned_u64
		page_faults_handled; /* fault requests that accesses through this region made */
	__aligned_u64 page_invalidations; /* pages that are present no more */
	/*
	 * Invalidations of a leaf (2 MiB) that took pages of it, the first one up to the last one
	 * of which touch the region.
	 */
	__aligned_u64 page_invalidations_handled;
	__aligned_u64 page_prefetch; /* pages that prefetching made present */
};

/* LATENCY. */
enum rodp_latency_attr {
	RODP_ATTR_LATENCY_SCOPE = RODP_ID_NS, /* in, __u64: enum rodp_latency_scope */
	RODP_ATTR_LATENCY_LATENCY, /* out, struct rodp_latency */
};

enum rodp_latency_scope {
	RODP_LATENCY_DEVICE, /* of all, since the device was made */
	RODP_LATENCY_OWN, /* of the process, through this fd, since it has on-demand regions */
};

/*
 * How long those waited who missed, from the fault request until they were woken, ns.
 * bucket[n] counts waits of 2^n up to 2^(n + 1) - 1; the first has 0 as well, the last all
 * that are longer. The count of all is the sum of the buckets.
 */
#define RODP_LATENCY_BUCKETS 40

struct rodp_latency {
	__aligned_u64 sum_ns;
	__aligned_u64 bucket[RODP_LATENCY_BUCKETS];
};

/*
 * Importing: what another process that has the same file made, by its handle. MRs are asked for
 * with the core's own UVERBS_METHOD_QUERY_MR. ENOENT: there is no such object.
 */
enum rodp_import_method {
	RODP_METHOD_IMPORT_PD = RODP_ID_NS,
	RODP_METHOD_IMPORT_DM,
};

enum rodp_import_pd_attr {
	RODP_ATTR_IMPORT_PD_HANDLE = RODP_ID_NS, /* handle */
};

enum rodp_import_dm_attr {
	RODP_ATTR_IMPORT_DM_HANDLE = RODP_ID_NS, /* handle */
	RODP_ATTR_IMPORT_DM_RESP, /* out, struct rodp_import_dm_resp */
};

struct rodp_import_dm_resp {
	struct rodp_alloc_dm_resp map;
	__aligned_u64 bytes; /* that were asked for */
};

/* Exporting: device memory as a dma-buf, which keeps the memory when it is freed. */
enum rodp_export_method {
	RODP_METHOD_EXPORT_DM = RODP_ID_NS,
};

enum rodp_export_dm_attr {
	RODP_ATTR_EXPORT_DM_HANDLE = RODP_ID_NS, /* handle */
	RODP_ATTR_EXPORT_DM_FD, /* out, __u32: a file descriptor, closed on exec */
};

/*
 * With IB_SRQ_MAX_WR. The command has no response, so the kernel writes where the request says: the
 * new ring. What was posted and not taken is carried over to it, as its counters tell. The last two
 * fields may be left out: NOW.
 */
struct rodp_modify_srq_req {
	__aligned_u64 ring_resp; /* a struct rodp_ring_resp *; not with COMMIT */
	__u32 step; /* enum rodp_resize_step */
	__u32 reserved; /* 0 */
};

struct rodp_create_ah_resp {
	__u32 ah_num;
	__u32 reserved;
};

#endif
