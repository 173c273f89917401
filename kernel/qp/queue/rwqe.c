// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Receive work requests out of rings, see rwqe.h. */
#include "qp/queue/rwqe.h"

int rodp_rwqe_copy(struct rodp_rwqe *dst, const struct rodp_recv_wqe *src, u32 max_sge)
{
	u64 length = 0;
	u32 i;

	dst->wr_id = READ_ONCE(src->wr_id);
	dst->num_sge = READ_ONCE(src->num_sge);
	if (dst->num_sge > max_sge) {
		dst->num_sge = 0;
		return -EINVAL;
	}
	memcpy(dst->sge, src->sge, dst->num_sge * sizeof(dst->sge[0]));
	for (i = 0; i < dst->num_sge; i++)
		length += dst->sge[i].length;
	dst->length = min_t(u64, length, U32_MAX);
	return 0;
}
