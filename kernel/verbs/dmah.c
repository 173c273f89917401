// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "verbs/verbs.h"

/*
 * DMA handles: where a device's writes to memory are wanted (TLP processing hints, PCIe 6.2). The
 * CPU writes here, into its own caches, so that nothing is to be done about them. As hardware has
 * it they want a processing hint, and memory that is pinned.
 */
int rodp_alloc_dmah(struct ib_dmah *dmah, struct uverbs_attr_bundle *attrs)
{
	return rodp_dmah_has_ph(dmah) ? 0 : -EINVAL;
}

int rodp_dealloc_dmah(struct ib_dmah *dmah, struct uverbs_attr_bundle *attrs)
{
	return 0;
}
