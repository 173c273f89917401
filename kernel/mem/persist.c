// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Persistent memory, see persist.h. */
#include <linux/ioport.h>
#include <linux/libnvdimm.h>
#include <linux/mm.h>
#include <rdma/ib_umem.h>

#include "mem/persist.h"

/* What firmware says of it, or, legacy, the kernel's command line. */
static bool persist_covers(phys_addr_t at, size_t bytes)
{
	return region_intersects(at, bytes, IORESOURCE_MEM, IORES_DESC_PERSISTENT_MEMORY) ==
		       REGION_INTERSECTS ||
	       region_intersects(at, bytes, IORESOURCE_MEM, IORES_DESC_PERSISTENT_MEMORY_LEGACY) ==
		       REGION_INTERSECTS;
}

bool rodp_persist_umem(struct ib_umem *umem)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(&umem->sgt_append.sgt, sg, i) {
		if (!persist_covers(page_to_phys(sg_page(sg)) + sg->offset, sg->length))
			return false;
	}
	return true;
}

bool rodp_persist_page(const void *addr)
{
	return is_zone_device_page(virt_to_page(addr));
}

void rodp_persist_write_back(void *addr, size_t bytes)
{
	arch_wb_cache_pmem(addr, bytes);
}
