/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Memory windows: a key of its own, bounds and rights over a part of an MR (IBTA vol. 1,
 * 10.6.7). A window is bound and invalidated by work requests; an MR that has bound
 * windows cannot be deregistered.
 *
 * Type 1 opens to every QP of its PD. Type 2 is 2B: it opens to the QP that bound it
 * and to no other, also not to one that gets the same number later.
 *
 * When an unbinding is done, no access through the window is under way any more. Accesses last as
 * long as a copy, with BH disabled. A work request that unbinds and finds some under way is told
 * -EAGAIN and comes again: nobody new gets in meanwhile. It does not spin: with PREEMPT_RT whoever
 * is inside may have to wait for the CPU that spins.
 *
 * A window is found under RCU, and may be bound, invalidated and destroyed at the same time, from
 * several CPUs. Each step compares the window's key under its lock. A destroyed window has none, so
 * that whoever comes later refuses; and each MR that a bind counted is given up by exactly one of
 * them.
 */
#ifndef RODP_MEM_WINDOW_H
#define RODP_MEM_WINDOW_H

#include "mem/mr.h"

struct rodp_window {
	struct rodp_dev *dev;
	struct ib_pd *pd;
	bool type2;
	spinlock_t lock; /* BH disabled: what follows, but for busy */
	u32 key; /* the rkey at this time; 0: the window is destroyed */
	u32 access; /* IB_ACCESS_REMOTE_* */
	u64 qp; /* type 2: the serial number of the QP */
	struct rodp_mr *mr; /* NULL: not bound. Counted in mr->windows */
	u64 va; /* of the first byte, for peers */
	u64 iova; /* of the first byte, in the MR */
	u64 length; /* bytes */
	atomic_t busy; /* accesses under way; each has a reference to the MR */
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

/**
 * rodp_window_create() - make a memory window that is not bound
 * @dev: the device.
 * @pd: its PD.
 * @type2: type 2B, else type 1.
 *
 * Context: Process, may sleep.
 * Return: the window, or ERR_PTR: -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_window *rodp_window_create(struct rodp_dev *dev, struct ib_pd *pd, bool type2);

/**
 * rodp_window_destroy() - unbind a window for good, and free it
 * @window: the window. QPs may be about to bind or use it; they are refused.
 *
 * Context: Process, sleeps until accesses through the window are over.
 */
void rodp_window_destroy(struct rodp_window *window);

/**
 * rodp_window_bind() - bind a window, as a work request asks
 * @dev: the device.
 * @pd: the PD of the QP whose request it is.
 * @qp: the serial number of that QP.
 * @bind: the request.
 *
 * If it is refused, the window is as it was.
 *
 * Context: BH disabled; a lane may be held.
 * Return: 0; -EAGAIN: accesses by the old key are under way, and the window is unbound: ask again;
 * -EINVAL: a key that is not the window's at this time or of another PD, a type 2 window that is
 * bound already, rights that the MR does not allow, bounds.
 */
int rodp_window_bind(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, const struct rodp_bind *bind);

/**
 * rodp_window_invalidate() - unbind the type 2 window that has a key
 * @dev: the device.
 * @pd: the PD of the QP that asks, or whose peer asks.
 * @qp: the serial number of that QP.
 * @key: the window's key.
 *
 * Context: BH disabled; a lane may be held.
 * Return: 0; -EAGAIN: it is unbound, and accesses by the key are still under way: ask again;
 * -ENOENT: no window has the key's index; -EINVAL: another variant, PD or QP, or a type 1 window.
 */
int rodp_window_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key);

/**
 * rodp_window_use() - begin an access through a window
 * @dev: the device.
 * @pd: the PD of the QP.
 * @qp: the QP's serial number.
 * @key: the rkey.
 * @access: rights that the window must grant, IB_ACCESS_REMOTE_*, IB_ACCESS_FLUSH_*.
 * @va: of the first byte, as peers know it; becomes an iova of the MR.
 * @bytes: how many, at least 1.
 * @used: becomes the window.
 *
 * Context: BH disabled, until the end of the access: rodp_mr_put(), then rodp_window_unuse().
 * Return: the MR behind the window, with a reference; or NULL: no such window, not open to this
 * QP, without a right, or [*@va, *@va + @bytes) does not lie within it.
 */
struct rodp_mr *rodp_window_use(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key, u32 access,
				u64 *va, u64 bytes, struct rodp_window **used);

/* Ends an access: the window may be freed before this returns. */
static inline void rodp_window_unuse(struct rodp_window *window)
{
	atomic_dec_return_release(&window->busy);
}

#endif
