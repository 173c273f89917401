// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Shared memory, see memory.h. */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "monitor/memory.h"

static void memory_free_pages(struct monitor_memory *memory)
{
	u32 i;

	for (i = 0; i < memory->count && memory->pages[i]; i++)
		__free_page(memory->pages[i]);
	kvfree(memory->pages);
}

static int memory_fill(struct monitor_memory *memory)
{
	u32 i;

	for (i = 0; i < memory->count; i++) {
		memory->pages[i] = alloc_page(MONITOR_GFP | __GFP_ZERO);
		if (!memory->pages[i])
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	memory->addr = vmap(memory->pages, memory->count, VM_MAP, PAGE_KERNEL);
	return memory->addr ? 0 : -ENOMEM;
}

int monitor_memory_alloc(struct monitor_memory *memory, size_t bytes)
{
	int err;

	memory->count = bytes >> PAGE_SHIFT;
	memory->pages = kvcalloc(memory->count, sizeof(*memory->pages), MONITOR_GFP);
	if (!memory->pages)
		return -ENOMEM;
	err = memory_fill(memory);
	if (err)
		memory_free_pages(memory);
	return err;
}

void monitor_memory_free(struct monitor_memory *memory)
{
	vunmap(memory->addr);
	memory_free_pages(memory);
}

int monitor_memory_map(const struct monitor_memory *memory, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff || vma_pages(vma) != memory->count)
		return -EINVAL;
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	return vm_map_pages(vma, memory->pages, memory->count);
}
