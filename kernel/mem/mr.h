/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Memory regions: bounds, rights and a key over some memory.
 *
 * An MR is found by key under RCU and used with a reference; dereg takes it out
 * of the table, waits for the references to go, and frees it after a grace
 * period. References are held for one access, never across a wait.
 */
#ifndef RODP_MEM_MR_H
#define RODP_MEM_MR_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <rdma/ib_verbs.h>

#include "base/dev.h"
#include "odp/tally.h"

struct rodp_dm;
struct rodp_dmabuf;
struct rodp_mirror;
struct rodp_mirror_set;

enum rodp_mr_kind {
	RODP_MR_PINNED, /* pages held by ib_umem */
	RODP_MR_ODP, /* a view of a mirror */
	RODP_MR_DMA, /* all of the kernel's memory: an iova is a kernel address */
	RODP_MR_FAST, /* pages that a kernel consumer lists (fast.h) */
	RODP_MR_DM, /* pages of device memory (dm.h) */
	RODP_MR_DMABUF, /* a dma-buf, as the kernel has it mapped (dmabuf.h) */
	RODP_MR_NULL, /* no memory: reads zeros, what is written vanishes */
};

struct rodp_mr {
	struct ib_mr ib; /* ib.lkey == ib.rkey: the key. FAST: iova and length as listed last */
	u64 iova, length; /* the bounds, bytes */
	enum rodp_mr_kind kind;
	u32 key; /* in force: ib.lkey, which a kernel consumer may change, or 0: none */
	u32 access; /* IB_ACCESS_* */
	atomic_t windows; /* memory windows bound to it; MR_CLOSED: none may be */
	refcount_t ref;
	struct completion unused;
	struct rcu_head rcu;
	union {
		struct {
			union {
				struct ib_umem *umem;
				struct rodp_dmabuf *dmabuf; /* DMABUF */
			};
			void **page; /* kernel address of each page */
			u32 offset; /* of the first byte in page[0], bytes */
			u32 pages, max_pages; /* FAST: in page[] */
			u32 listed; /* FAST: in page[max_pages], page[max_pages + 1], ... */
		} pinned; /* DMABUF, FAST and DM as well, without umem */
		struct {
			struct rodp_mirror_set *set;
			struct rodp_mirror *mirror;
			u64 va; /* of the first byte */
			struct rodp_tally_view view; /* what happens within the bounds */
			atomic64_t faults; /* requests made */
		} odp;
	};
};

static inline struct rodp_mr *to_rodp_mr(struct ib_mr *ib)
{
	return container_of(ib, struct rodp_mr, ib);
}

int rodp_mr_module_init(void);
/* After rcu_barrier(). */
void rodp_mr_module_exit(void);

/*
 * Register [start, start + length) of current's memory, known to peers as
 * [iova, iova + length). Process context, sleeps.
 * ERR_PTR: -EINVAL (wrap-around, rights that contradict each other, pinned memory that is to be
 * persistent and is not),
 * -EOPNOTSUPP (rights not supported), -ENOMEM, what ib_umem_get() says.
 * O(1) in length for ODP memory, O(pages) for pinned memory.
 */
struct rodp_mr *rodp_mr_create_odp(struct rodp_dev *dev, struct ib_pd *pd,
				   struct rodp_mirror_set *set, u64 start, u64 length, u64 iova,
				   u32 access);
struct rodp_mr *rodp_mr_create_pinned(struct rodp_dev *dev, struct ib_pd *pd, u64 start, u64 length,
				      u64 iova, u32 access);

/*
 * A region of all that a kernel consumer may name: the device has no DMA of its own, so an
 * iova is what ib_dma_map_*() made of it, a kernel address. Nothing checks it; a PD of user space
 * never has one. Errors as above.
 */
struct rodp_mr *rodp_mr_create_dma(struct rodp_dev *dev, struct ib_pd *pd, u32 access);

/* A region for fast registration, see fast.h; and one without memory. Errors as above. */
struct rodp_mr *rodp_mr_create_fast(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages);
struct rodp_mr *rodp_mr_create_null(struct rodp_dev *dev, struct ib_pd *pd, u32 access);

/* [offset, offset + length) of dm, which covers it and outlives the MR; iova 0. Errors as above. */
struct rodp_mr *rodp_mr_create_dm(struct rodp_dev *dev, struct ib_pd *pd, struct rodp_dm *dm,
				  u64 offset, u64 length, u32 access);

/* [offset, offset + length) of the dma-buf of current's file fd. Errors as above, and dmabuf.h's. */
struct rodp_mr *rodp_mr_create_dmabuf(struct rodp_dev *dev, struct ib_pd *pd, int fd, u64 offset,
				      u64 length, u64 iova, u32 access);

/*
 * Close mr for memory windows, as a first step of changing or destroying it. False: some are
 * bound. rodp_mr_reopen() undoes it.
 */
bool rodp_mr_close(struct rodp_mr *mr);
void rodp_mr_reopen(struct rodp_mr *mr);

/*
 * Give a closed MR of kind ODP or PINNED another PD and other rights, and reopen it. The memory
 * stays; that it can have these rights is the caller's to know. No access is under way meanwhile,
 * one that comes just then is refused. Sleeps, briefly.
 */
void rodp_mr_change(struct rodp_mr *mr, struct ib_pd *pd, u32 access);

/*
 * Take the key away, wait until no access is under way, free. Sleeps, briefly.
 * Returns 0, or -EBUSY when memory windows are bound to it: then nothing has changed.
 */
int rodp_mr_destroy(struct rodp_dev *dev, struct rodp_mr *mr);

/* A memory window is bound to mr, which the caller has a reference to: false when it is on its way out. */
bool rodp_mr_bind(struct rodp_mr *mr);
/* No more; mr may be gone when this returns. Any context. */
void rodp_mr_unbind(struct rodp_mr *mr);

/*
 * The MR of key, referenced, if it belongs to pd, grants every right in access
 * (IB_ACCESS_*; 0 asks for local read, which every MR grants) and
 * [iova, iova + bytes) lies within it; otherwise NULL.
 * A transfer of zero bytes checks no key at all (IBTA vol. 1, 9.7.4.1.3): do not ask.
 * Context: process or softirq.
 */
struct rodp_mr *rodp_mr_get(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access, u64 iova,
			    u64 bytes);
void rodp_mr_put(struct rodp_mr *mr);

/* Whether [iova, iova + bytes) lies within the MR. */
bool rodp_mr_covers(const struct rodp_mr *mr, u64 iova, u64 bytes);

/* Whether it is all of the address space. The MR is of kind ODP. */
static inline bool rodp_mr_is_implicit(const struct rodp_mr *mr)
{
	return !mr->odp.va && mr->length == U64_MAX;
}

/* The one place that turns an iova of an ODP MR into a VA (I6). iova lies within the MR. */
static inline u64 rodp_mr_va(const struct rodp_mr *mr, u64 iova)
{
	return mr->odp.va + (iova - mr->iova);
}

#endif
