// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Residency, see residency.h. */
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "uapi/rodp_abi.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/residency.h"

static u8 residency_of_entry(u64 entry)
{
	u8 page = RODP_PAGE_TRACKED;

	if (entry & RODP_ENTRY_PRESENT)
		page |= RODP_PAGE_PRESENT;
	if (entry & RODP_ENTRY_WRITE)
		page |= RODP_PAGE_WRITABLE;
	if (entry & RODP_ENTRY_DIRTY)
		page |= RODP_PAGE_DIRTY;
	if (entry & RODP_ENTRY_ACCESSED)
		page |= RODP_PAGE_ACCESSED;
	return page;
}

static void residency_of_leaf(struct rodp_mirror *mirror, u64 va, u8 *page, size_t count)
{
	const struct rodp_leaf *leaf;
	size_t i;

	rcu_read_lock();
	leaf = xa_load(&mirror->leaves, va >> RODP_LEAF_SHIFT);
	for (i = 0; leaf && i < count; i++)
		page[i] = residency_of_entry(
			READ_ONCE(leaf->entries.slot[rodp_entries_slot(va) + i]));
	rcu_read_unlock();
	if (!leaf)
		memset(page, 0, count);
}

void rodp_mirror_residency(struct rodp_mirror *mirror, u64 va, u8 *page, size_t count)
{
	size_t n;

	for (; count; va += (u64)n << PAGE_SHIFT, page += n, count -= n) {
		n = min_t(size_t, count, RODP_LEAF_PAGES - rodp_entries_slot(va));
		residency_of_leaf(mirror, va, page, n);
		cond_resched();
	}
}
