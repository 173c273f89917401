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

int rodp_mr_module_init(void);
/* After rcu_barrier(). */
void rodp_mr_module_exit(void);

/*
 * Begin an MR, whose memory is the caller's to add: known to peers as [iova, iova + length).
 * Process context, sleeps. ERR_PTR: -EINVAL (the bounds wrap around), -ENOMEM.
 */
struct rodp_mr *rodp_mr_begin(const struct rodp_mr_ops *ops, struct ib_pd *pd, u64 iova, u64 length,
			      u32 access);
/*
 * Give the MR a key: from here on it can be found. err: what became of its memory; if that was an
 * error, there is none, and the MR is freed. Process context, sleeps. Returns mr, or ERR_PTR: err,
 * -ENOMEM, -EBUSY (no key is free), and all is undone.
 */
struct rodp_mr *rodp_mr_finish(struct rodp_dev *dev, struct rodp_mr *mr, int err);

/*
 * Close mr for memory windows, as a first step of changing or destroying it. False: some are
 * bound. rodp_mr_reopen() undoes it.
 */
bool rodp_mr_close(struct rodp_mr *mr);
void rodp_mr_reopen(struct rodp_mr *mr);

/*
 * Give a closed MR another PD and other rights, and reopen it. The memory stays; that it can have
 * these rights is the caller's to know (ops->fits). No access is under way meanwhile,
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

#endif
