/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What a mapping lets the device do: what it lets its process do by ordinary loads and stores.
 * HMM looks at page table entries and would let more.
 *
 * Pure: a unit test brings flags of its own.
 */
#ifndef RODP_ODP_VMA_H
#define RODP_ODP_VMA_H

#ifdef __KERNEL__
#include <linux/mm.h>
#include <linux/types.h>
#endif

/* Kernels without shadow stacks. */
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK 0UL
#endif

/**
 * rodp_vma_allows() - Whether the device may use the pages of a mapping
 * @flags: vm_flags of the mapping
 * @write: whether it is to write them
 *
 * A shadow stack's pages are writable in the page table, but only by the CPU's own calls and
 * returns: ordinary stores fault, and so does the device.
 *
 * Context: Any.
 * Return: whether it may.
 */
static inline bool rodp_vma_allows(unsigned long flags, bool write)
{
	if ((flags & (VM_IO | VM_PFNMAP)) || !(flags & VM_READ))
		return false;
	return !write || ((flags & VM_WRITE) && !(flags & VM_SHADOW_STACK));
}

#endif
