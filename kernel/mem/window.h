/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Memory windows: a key of its own, bounds and rights over a part of an MR (IBTA vol. 1,
 * 10.6.7). A window is bound and invalidated by work requests; an MR that has bound
 * windows cannot be deregistered.
 *
 * Type 1 opens to every QP of its PD. Type 2 is 2B: it opens to the QP that bound it
 * and to no other, also not to one that gets the same number later.
 *
 * When an unbinding returns, no access through the window is under way any more.
 * Accesses last as long as a copy, with BH disabled, and wait for no lane: so whoever
 * unbinds, in softirq too, spins until they are over.
 */
#ifndef RODP_MEM_WINDOW_H
#define RODP_MEM_WINDOW_H

#include "mem/mr.h"

struct rodp_window {
	struct rodp_dev *dev;
	struct ib_pd *pd;
	bool type2;
	spinlock_t lock; /* BH disabled: what follows, but for busy */
	u32 key; /* the rkey at this time */
	u32 access; /* IB_ACCESS_REMOTE_* */
	u64 qp; /* type 2: the serial number of the QP */
	struct rodp_mr *mr; /* NULL: not bound. Counted in mr->windows */
	u64 va; /* of the first byte, for peers */
	u64 iova; /* of the first byte, in the MR */
	u64 length; /* bytes */
	atomic_t busy; /* accesses under way */
	struct rcu_head rcu;
};

/* What a bind work request asks for. */
struct rodp_bind {
	u64 addr; /* iova in the MR */
	u64 length; /* bytes; 0: only unbind (type 1) */
	u32 mr_lkey;
	u32 mw_rkey; /* the window's key until now */
	u32 new_rkey; /* and from now on */
	u32 access; /* IB_ACCESS_REMOTE_*, IB_ZERO_BASED (type 2) */
};

/* Process context, sleeps. ERR_PTR: -ENOMEM, -EBUSY (no key is free). */
struct rodp_window *rodp_window_create(struct rodp_dev *dev, struct ib_pd *pd, bool type2);
/* Unbind and free. Process context. */
void rodp_window_destroy(struct rodp_window *window);

/*
 * Bind as a QP of pd with serial number qp asks. BH disabled, a lane may be held.
 * Returns 0 or -EINVAL: a key that is not this window's at this time or another PD's, a
 * type 2 window that is bound already, rights that the MR does not allow, bounds.
 */
int rodp_window_bind(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, const struct rodp_bind *bind);

/*
 * Unbind the type 2 window that has this key now. -ENOENT: no window has such an index;
 * -EINVAL: another variant, PD or QP, a type 1 window. Context as above.
 */
int rodp_window_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key);

/*
 * Begin an access through the window with this key: if it is open to the QP, grants every
 * right in access and covers [*va, *va + bytes), returns the MR with a reference and makes
 * *va an iova of the MR; else NULL. Ended by rodp_mr_put(), then rodp_window_unuse().
 * BH disabled until then.
 */
struct rodp_mr *rodp_window_use(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key, u32 access,
				u64 *va, u64 bytes, struct rodp_window **window);

static inline void rodp_window_unuse(struct rodp_window *window)
{
	atomic_dec_return_release(&window->busy);
}

#endif
