/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* A receive work request out of a ring, a QP's own or an SRQ's. */
#ifndef RODP_QP_RWQE_H
#define RODP_QP_RWQE_H

#include "base/dev.h"
#include "uapi/rodp_abi.h"

struct rodp_rwqe {
	u64 wr_id;
	u32 num_sge;
	u32 length; /* of all entries together, bytes, saturated */
	struct rodp_sge sge[RODP_MAX_SGE];
};

/*
 * A receive work request out of a ring: copied once, the copy checked. Returns 0, or
 * -EINVAL (more entries than max_sge, which is at most RODP_MAX_SGE).
 */
int rodp_rwqe_copy(struct rodp_rwqe *dst, const struct rodp_recv_wqe *src, u32 max_sge);

#endif
