/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Transfers: moving bytes between a packet and the memory that a work request
 * or a remote key names, parking the lane at a miss.
 */
#ifndef RODP_QP_XFER_H
#define RODP_QP_XFER_H

#include "mem/grant.h"
#include "qp/lane/types.h"

/* Whether qp's peer may, with this key of pd; then rodp_grant_put() after the access (mem/grant.h). */
static inline bool rodp_xfer_grant(struct rodp_qp *qp, struct ib_pd *pd, struct rodp_grant *grant,
				   u32 rkey, u32 access, u64 va, u64 bytes)
{
	return rodp_grant_get(grant, qp->dev, pd, qp->serial, rkey, access, va, bytes);
}

/*
 * Move bytes between xfer->buf and the MR at iova. The caller has a reference
 * and has checked bounds and rights for iova and xfer->bytes.
 * Returns 0, -EAGAIN (parked; call again with the same xfer->done), or -EFAULT; of a
 * local peer's memory what rodp_loan_xfer() returns.
 */
int rodp_xfer_mr(struct rodp_park *park, struct rodp_mr *mr, u64 iova, struct rodp_xfer *xfer);

/*
 * Move bytes between xfer->buf and a scatter/gather list, from byte `offset` of the list.
 * Keys are checked here, against xfer->pd or the QP's PD, for local read or local write.
 * Returns as above, or -EINVAL when the list is shorter than offset + bytes, or
 * -EACCES when a key does not grant the access.
 */
int rodp_xfer_sgl(struct rodp_qp *qp, struct rodp_park *park, const struct rodp_sge *sge,
		  u32 num_sge, u64 offset, struct rodp_xfer *xfer);

#endif
