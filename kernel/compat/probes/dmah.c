// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Are there DMA handles? */
#include <rdma/ib_verbs.h>

static int alloc(struct ib_dmah *dmah, struct uverbs_attr_bundle *attrs)
{
	return dmah->valid_fields & BIT(IB_DMAH_PH_EXISTS) ? 0 : -EINVAL;
}

const struct ib_device_ops probe = { .alloc_dmah = alloc };
