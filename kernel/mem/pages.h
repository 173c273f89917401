/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The memory of an MR that is a list of pages, by their kernel addresses: mr->pages. */
#ifndef RODP_MEM_PAGES_H
#define RODP_MEM_PAGES_H

#include <linux/mm.h>
#include <linux/slab.h>

#include "mem/mr.h"

/*
 * Make a list for the memory that begins at `offset` of whatever its pages are of, and has as many
 * bytes as the MR. The entries are the caller's to fill, *count of them. Process context, sleeps.
 * Returns 0 or -ENOMEM.
 */
static inline int rodp_pages_alloc(struct rodp_mr *mr, u64 offset, size_t *count)
{
	mr->pages.offset = offset_in_page(offset);
	*count = DIV_ROUND_UP_ULL(mr->pages.offset + mr->length, PAGE_SIZE);
	mr->pages.page = kvmalloc_array(*count, sizeof(void *), GFP_KERNEL_ACCOUNT);
	return mr->pages.page ? 0 : -ENOMEM;
}

static inline void rodp_pages_free(struct rodp_mr *mr)
{
	kvfree(mr->pages.page);
}

#endif
