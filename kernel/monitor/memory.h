/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * memory: pages that the kernel and one process both write, charged to the process's memory cgroup.
 */
#ifndef RODP_MONITOR_MEMORY_H
#define RODP_MONITOR_MEMORY_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/types.h>

/*
 * For what is as large as the process asks: charged; where there is no room the call fails, and nobody
 * is killed for it.
 */
#define MONITOR_GFP (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct monitor_memory - see above
 * @addr: where the kernel has it.
 * @pages: one after another.
 * @count: how many.
 */
struct monitor_memory {
	void *addr;
	struct page **pages;
	u32 count;
};

/**
 * monitor_memory_alloc() - zeros
 * @memory: is filled in
 * @bytes: whole pages
 *
 * Context: Process, sleeps.
 * Return: 0, -ENOMEM, or -EINTR: the process is being killed; then there is nothing to free.
 */
int monitor_memory_alloc(struct monitor_memory *memory, size_t bytes);

/**
 * monitor_memory_free() - the kernel's end of it
 * @memory: as filled in; what is mapped, or pinned, is freed when it is not any more
 *
 * Context: Process, sleeps.
 */
void monitor_memory_free(struct monitor_memory *memory);

/**
 * monitor_memory_map() - map it
 * @memory: what to map
 * @vma: of the whole of it; a child does not inherit it
 *
 * Context: Process, in mmap().
 * Return: 0 or a negative errno.
 */
int monitor_memory_map(const struct monitor_memory *memory, struct vm_area_struct *vma);

#endif
