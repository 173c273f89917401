/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Grants: what a peer may touch with an rkey, be it an MR's or a memory window's. Who has
 * one uses access.h with its MR and iova, whatever the key was of.
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

/*
 * Whether rkey opens [va, va + bytes) with every right in access to a QP of pd with serial
 * number qp; then grant is to be given back, with BH disabled until then, for one access.
 * A transfer of zero bytes checks no key at all (IBTA vol. 1, 9.7.4.1.3): do not ask.
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

static inline void rodp_grant_put(struct rodp_grant *grant)
{
	rodp_mr_put(grant->mr);
	if (grant->window)
		rodp_window_unuse(grant->window);
}

#endif
