// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* MRs over the kernel's memory, see dma.h. */
#include "mem/dma.h"

void *rodp_dma_run(const struct rodp_mr *mr, u64 iova, size_t max, bool write, size_t *bytes)
{
	*bytes = max;
	return (void *)(uintptr_t)iova;
}

static const struct rodp_mr_ops dma_ops = {
	.name = "kernel",
	.run = rodp_dma_run,
};

struct rodp_mr *rodp_mr_create_dma(struct rodp_dev *dev, struct ib_pd *pd, u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&dma_ops, pd, 0, U64_MAX, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, 0);
}
