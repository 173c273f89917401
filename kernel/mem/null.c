// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* MRs without memory, see null.h. */
#include <linux/mm.h>

#include "mem/null.h"

/* Where all that is written goes; nobody reads it. */
static u8 null_sink[PAGE_SIZE] __aligned(PAGE_SIZE);

static void *null_run(const struct rodp_mr *mr, u64 iova, size_t max, bool write, size_t *bytes)
{
	void *page = write ? (void *)null_sink : page_address(ZERO_PAGE(0));

	*bytes = min_t(size_t, max, PAGE_SIZE - offset_in_page(iova));
	return page + offset_in_page(iova);
}

static const struct rodp_mr_ops null_ops = {
	.name = "null",
	.run = null_run,
};

struct rodp_mr *rodp_mr_create_null(struct rodp_dev *dev, struct ib_pd *pd, u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&null_ops, pd, 0, U64_MAX, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, 0);
}
