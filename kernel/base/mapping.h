/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Kernel memory that a process may map through its command fd: rings, device memory. */
#ifndef RODP_BASE_MAPPING_H
#define RODP_BASE_MAPPING_H

#include <rdma/ib_verbs.h>

/**
 * struct rodp_mapping - Memory that may be mapped; embedded in its owner
 * @entry: the entry in the ucontext, whose offset mmap() is called with
 * @map: maps the memory into a VMA; 0 or a negative errno
 * @free: frees the memory, called when the last reference to @entry is dropped
 */
struct rodp_mapping {
	struct rdma_user_mmap_entry entry;
	int (*map)(struct rodp_mapping *mapping, struct vm_area_struct *vma);
	void (*free)(struct rodp_mapping *mapping);
};

/**
 * rodp_mapping_mmap() - ib_device_ops.mmap
 * @uctx: the ucontext of the file
 * @vma: its offset says which mapping
 *
 * Context: Process, with the mmap lock held.
 * Return: 0, -EINVAL when there is no such mapping, or what its map() returns.
 */
int rodp_mapping_mmap(struct ib_ucontext *uctx, struct vm_area_struct *vma);

/**
 * rodp_mapping_mmap_free() - ib_device_ops.mmap_free
 * @entry: of a mapping; its last reference was dropped
 */
void rodp_mapping_mmap_free(struct rdma_user_mmap_entry *entry);

#endif
