/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Kernel memory that a process may map through the command fd: each kind knows how. */
#ifndef RODP_BASE_MAPPING_H
#define RODP_BASE_MAPPING_H

#include <rdma/ib_verbs.h>

struct rodp_mapping {
	struct rdma_user_mmap_entry entry;
	int (*map)(struct rodp_mapping *mapping, struct vm_area_struct *vma);
	void (*free)(struct rodp_mapping *mapping); /* the entry's last reference is gone */
};

/* ib_device_ops.mmap and .mmap_free */
int rodp_mapping_mmap(struct ib_ucontext *uctx, struct vm_area_struct *vma);
void rodp_mapping_mmap_free(struct rdma_user_mmap_entry *entry);

#endif
