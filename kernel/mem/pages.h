/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The memory of an MR that is a list of pages, by their kernel addresses: mr->pages. */
#ifndef RODP_MEM_PAGES_H
#define RODP_MEM_PAGES_H

#include <linux/mm.h>
#include <linux/slab.h>

#include "base/share.h"
#include "mem/mr.h"

/**
 * rodp_pages_alloc() - allocate the list of pages of an MR
 * @mr: the MR; its length decides how many there are.
 * @offset: where its first byte is in the object that the pages are of: what matters is the
 *	offset in a page.
 * @count: becomes how many entries the caller has to fill in.
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
static inline int rodp_pages_alloc(struct rodp_mr *mr, u64 offset, size_t *count)
{
	mr->pages.offset = offset_in_page(offset);
	*count = DIV_ROUND_UP_ULL(mr->pages.offset + mr->length, PAGE_SIZE);
	mr->pages.page = kvmalloc_array(*count, sizeof(void *), RODP_GFP_SIZED);
	return mr->pages.page ? 0 : -ENOMEM;
}

static inline void rodp_pages_free(struct rodp_mr *mr)
{
	kvfree(mr->pages.page);
}

#endif
