// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verb of MRs over dma-bufs. */
#include "mem/dmabuf.h"
#include "verbs/verbs.h"

/* What it may be registered for. On demand it is not: the exporter keeps it where it is. */
#define DMABUF_ACCESS                                                             \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ | \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_MW_BIND | IB_ACCESS_FLUSH_GLOBAL |   \
	 IB_ACCESS_OPTIONAL)

struct ib_mr *rodp_reg_dmabuf_mr(struct ib_pd *pd, u64 offset, u64 length, u64 iova, int fd,
				 int access)
{
	struct rodp_mr *mr;

	if (access & ~DMABUF_ACCESS)
		return ERR_PTR(-EOPNOTSUPP);
	mr = rodp_mr_create_dmabuf(to_rodp_dev(pd->device), pd, fd, offset, length, iova, access);
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}
