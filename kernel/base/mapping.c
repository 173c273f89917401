// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Mappings, see mapping.h. */
#include <linux/mmap_lock.h>

#include "base/mapping.h"

static struct rodp_mapping *mapping_of(struct rdma_user_mmap_entry *entry)
{
	return container_of(entry, struct rodp_mapping, entry);
}

void rodp_mapping_mmap_free(struct rdma_user_mmap_entry *entry)
{
	mapping_of(entry)->free(mapping_of(entry));
}

int rodp_mapping_mmap(struct ib_ucontext *uctx, struct vm_area_struct *vma)
{
	struct rdma_user_mmap_entry *entry;
	int err;

	mmap_assert_write_locked(vma->vm_mm);
	entry = rdma_user_mmap_entry_get(uctx, vma);
	if (!entry)
		return -EINVAL;
	err = mapping_of(entry)->map(mapping_of(entry), vma);
	rdma_user_mmap_entry_put(entry);
	return err;
}
