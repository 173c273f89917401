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

struct rodp_dmabuf;
struct rodp_mirror;
struct rodp_mirror_set;
struct rodp_mr;

/**
 * struct rodp_mr_ops - what a kind of memory behind MRs has of its own
 * @name: what `rdma resource show mr` calls it.
 * @release: Gives the memory back, when no access is under way. Process context, may sleep.
 *	NULL: there is nothing to give back.
 * @run: Where in the kernel the byte at @iova is. *@bytes becomes how many bytes from there on are
 *	contiguous, at least 1 and at most @max. Context: BH disabled. NULL: the memory is the
 *	list mr->pages, or on demand (on_demand.h).
 * @fits: Whether the memory, as it is, can be used with these IB_ACCESS_* rights. NULL: the rights
 *	are fixed.
 * @dormant: The key opens nothing until it is put in force (fast.h).
 *
 * Each kind has a file, with a constructor that is rodp_mr_begin(), what is its own, and
 * rodp_mr_finish().
 */
struct rodp_mr_ops {
	const char *name;
	void (*release)(struct rodp_mr *mr);
	void *(*run)(const struct rodp_mr *mr, u64 iova, size_t max, bool write, size_t *bytes);
	bool (*fits)(const struct rodp_mr *mr, u32 access);
	bool dormant;
};

struct rodp_mr {
	struct ib_mr
		ib; /* ib.lkey == ib.rkey: the key. Of fast.h: iova and length as listed last */
	const struct rodp_mr_ops *ops;
	u64 iova, length; /* the bounds, bytes */
	u32 key; /* in force: ib.lkey, which a kernel consumer may change, or 0: none */
	u32 access; /* IB_ACCESS_* */
	atomic_t windows; /* memory windows bound to it; MR_CLOSED: none may be */
	refcount_t ref;
	struct completion unused;
	struct rcu_head rcu;
	union {
		struct {
			void **page; /* kernel address of each page */
			u32 offset; /* of the first byte in page[0], bytes */
			union {
				struct ib_umem *umem; /* pinned.c */
				struct rodp_dmabuf *dmabuf; /* dmabuf.c */
				struct {
					u32 max; /* pages */
					u32 listed; /* in page[max], page[max + 1], ... */
					u32 leaving; /* key out of force whose accesses were under way, or 0 */
				} fast; /* fast.c */
			};
		} pages;
		struct {
			struct rodp_mirror_set *set;
			struct rodp_mirror *mirror;
			u64 va; /* of the first byte */
			struct rodp_tally_view view; /* what happens within the bounds */
			atomic64_t faults; /* requests made */
		} odp; /* on_demand.c */
	};
};

static inline struct rodp_mr *to_rodp_mr(struct ib_mr *ib)
{
	return container_of(ib, struct rodp_mr, ib);
}

/**
 * rodp_mr_module_init() - set up what MRs are allocated from
 *
 * Context: Process, at module load.
 * Return: 0 or -ENOMEM.
 */
int rodp_mr_module_init(void);

/**
 * rodp_mr_module_exit() - undo it
 *
 * Context: Process, once rcu_barrier() has waited for the last MR.
 */
void rodp_mr_module_exit(void);

/**
 * rodp_mr_begin() - allocate an MR, without memory and key
 * @ops: its kind of memory.
 * @pd: its PD.
 * @iova: of the first byte, as peers know it.
 * @length: bytes.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, may sleep.
 * Return: the MR, for rodp_mr_finish(), or ERR_PTR: -EINVAL (the bounds wrap around), -ENOMEM.
 */
struct rodp_mr *rodp_mr_begin(const struct rodp_mr_ops *ops, struct ib_pd *pd, u64 iova, u64 length,
			      u32 access);
/**
 * rodp_mr_finish() - assign a key to an MR: from here on it can be found
 * @dev: the device.
 * @mr: an MR that rodp_mr_begin() made.
 * @err: 0, or why its memory could not be had; then the MR is freed.
 *
 * Context: Process, may sleep.
 * Return: @mr, or ERR_PTR: @err, -ENOMEM, -EBUSY (no key is free). After an error memory and MR
 * are released.
 */
struct rodp_mr *rodp_mr_finish(struct rodp_dev *dev, struct rodp_mr *mr, int err);

/**
 * rodp_mr_close() - let no memory window be bound to an MR any more
 * @mr: the MR. Only one caller changes or destroys it at a time: uverbs locks its object
 *	exclusively for both.
 *
 * The first step of changing or destroying an MR. rodp_mr_reopen() undoes it.
 *
 * Context: Any.
 * Return: whether it is closed; false: windows are bound to it.
 */
bool rodp_mr_close(struct rodp_mr *mr);

/**
 * rodp_mr_reopen() - let windows be bound to an MR again
 * @mr: a closed MR that was neither changed nor destroyed.
 *
 * Context: Any.
 */
void rodp_mr_reopen(struct rodp_mr *mr);

/**
 * rodp_mr_change() - move an MR to another PD and change its rights, and reopen it
 * @mr: a closed MR.
 * @pd: its PD from now on.
 * @access: its IB_ACCESS_* from now on. The caller has checked that the memory can have these
 *	rights (&rodp_mr_ops.fits).
 *
 * Memory and key stay. Waits until no access is under way; an access that comes meanwhile is
 * refused.
 *
 * Context: Process, sleeps briefly.
 */
void rodp_mr_change(struct rodp_mr *mr, struct ib_pd *pd, u32 access);

/**
 * rodp_mr_destroy() - take the key away, wait until no access is under way, free
 * @dev: the device.
 * @mr: the MR.
 *
 * Context: Process, sleeps briefly.
 * Return: 0, or -EBUSY: memory windows are bound to it, and nothing has changed.
 */
int rodp_mr_destroy(struct rodp_dev *dev, struct rodp_mr *mr);

/**
 * rodp_mr_bind() - count a memory window that is bound to an MR
 * @mr: the MR, which the caller has a reference to.
 *
 * The MR cannot be destroyed or changed until rodp_mr_unbind().
 *
 * Context: Any.
 * Return: false: the MR is closed.
 */
bool rodp_mr_bind(struct rodp_mr *mr);

/* Undoes rodp_mr_bind(). @mr may be freed before this returns. Context: Any. */
void rodp_mr_unbind(struct rodp_mr *mr);

/**
 * rodp_mr_get() - find an MR by its key, for one access
 * @dev: the device.
 * @pd: the PD that it must belong to.
 * @key: an lkey or rkey.
 * @access: rights that it must grant, IB_ACCESS_*. Every MR grants local read, 0.
 * @iova: of the first byte.
 * @bytes: how many; at least 1, since a transfer of zero bytes checks no key (IBTA vol. 1,
 *	9.7.4.1.3).
 *
 * Context: Process or softirq.
 * Return: the MR with a reference, for rodp_mr_put() before anything is waited for; or NULL: no
 * such MR, or not in force, of another PD, without a right, or [@iova, @iova + @bytes) does not
 * lie within it.
 */
struct rodp_mr *rodp_mr_get(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access, u64 iova,
			    u64 bytes);

/**
 * rodp_mr_put() - drop a reference
 * @mr: the MR, which may be freed before this returns.
 *
 * Context: Any.
 */
void rodp_mr_put(struct rodp_mr *mr);

/* Whether [iova, iova + bytes) lies within the MR. */
static inline bool rodp_mr_covers(const struct rodp_mr *mr, u64 iova, u64 bytes)
{
	return iova >= mr->iova && bytes <= mr->length && iova - mr->iova <= mr->length - bytes;
}

#endif
