/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Grants: what a peer may touch with an rkey, be it an MR's or a memory window's. The holder of
 * a grant uses access.h with its MR and iova, and need not know which of the two it was.
 */
#ifndef RODP_MEM_GRANT_H
#define RODP_MEM_GRANT_H

#include "mem/mr.h"
#include "mem/window.h"

struct rodp_grant {
	struct rodp_mr *mr; /* referenced */
	struct rodp_window *window; /* NULL: the key is the MR's own */
	u64 iova; /* of the first byte, in mr */
};

/**
 * rodp_grant_get() - look whether an rkey opens a range to a QP
 * @grant: is filled in if it does.
 * @dev: the device.
 * @pd: the QP's PD.
 * @qp: the QP's serial number.
 * @rkey: the key that the peer named.
 * @access: rights that it must grant, IB_ACCESS_*.
 * @va: of the first byte, as the peer named it.
 * @bytes: how many; at least 1, since a transfer of zero bytes checks no key (IBTA vol. 1,
 *	9.7.4.1.3).
 *
 * Context: BH disabled, until rodp_grant_put(). A grant lasts for one access; an invalidation of
 * the key is not done until it is put.
 * Return: whether it does; then the caller owes rodp_grant_put().
 */
static inline bool rodp_grant_get(struct rodp_grant *grant, struct rodp_dev *dev, struct ib_pd *pd,
				  u64 qp, u32 rkey, u32 access, u64 va, u64 bytes)
{
	grant->window = NULL;
	grant->iova = va;
	grant->mr = rodp_mr_get(dev, pd, rkey, access, va, bytes);
	if (unlikely(!grant->mr))
		grant->mr = rodp_window_use(dev, pd, qp, rkey, access, &grant->iova, bytes,
					    &grant->window);
	return grant->mr;
}

/* Ends what rodp_grant_get() began. */
static inline void rodp_grant_put(struct rodp_grant *grant)
{
	rodp_mr_put(grant->mr);
	if (grant->window)
		rodp_window_unuse(grant->window);
}

#endif
