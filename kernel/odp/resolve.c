// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Resolving, see resolve.h. */
#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/magic.h>
#include <linux/memremap.h>
#include <linux/mm.h>

#include "base/stats.h"
#include "compat/odp.h"
#include "leaf.h"
#include "mirror_impl.h"
#include "resolve.h"
#include "tree.h"

/*
 * Collisions in a row before the job must take a break. Each one halves what is
 * asked for, so by then it is one page for a while, which only an invalidation
 * every few microseconds still hits.
 */
#define MAX_COLLISIONS 32

/*
 * Times that one page is faulted slowly. Each is a success of the handler that
 * something undid before HMM could see it.
 */
#define MAX_SLOW_FAULTS 16

/* What is to be mapped, and how far it came. */
struct extent {
	struct rodp_leaf *leaf;
	unsigned long *pfns;
	u64 va, end;
	u64 step; /* bytes to ask HMM for at once */
	bool write;
	unsigned int collisions; /* since the last success */
	unsigned int slow_faults;
};

/*
 * memfd_secret() pages are out of the direct map. HMM hands them out all the
 * same; the kernel's own test for them is not there for modules.
 */
static bool page_is_secret(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping = READ_ONCE(folio->mapping);

	if (folio_test_large(folio) || folio_test_anon(folio) || !mapping || !mapping->host)
		return false;
	return mapping->host->i_sb->s_magic == SECRETMEM_MAGIC;
}

/*
 * Whether the kernel can touch the page at its direct-map address. The page is
 * mapped and cannot change meanwhile: the leaf is locked, the sequence holds.
 */
static bool page_is_touchable(struct page *page)
{
	return !PageHWPoison(page) && !is_device_private_page(page) && !is_pci_p2pdma_page(page) &&
	       !page_is_secret(page);
}

/* leaf->lock held, the sequence checked. Returns the pages installed, or -EFAULT for none. */
static int install(const struct extent *extent, unsigned int count)
{
	struct rodp_leaf *leaf = extent->leaf;
	const unsigned int first = rodp_entries_slot(extent->va);
	unsigned int i, mapped = 0;

	for (i = 0; i < count; i++) {
		const unsigned long pfn = extent->pfns[i];
		struct page *page = hmm_pfn_to_page(pfn);
		/* Mapped as one with the page before, which was looked at. */
		const bool same = i && hmm_pfn_to_map_order(pfn);

		if (!same && !page_is_touchable(page))
			break;
		mapped += rodp_entries_install(&leaf->entries, first + i,
					       (u64)page_to_pfn(page) << PAGE_SHIFT,
					       pfn & HMM_PFN_WRITE);
	}
	rodp_stats_add(leaf->mirror->stats, RODP_STAT_ODP_PAGES_MAPPED, mapped);
	return i ? i : -EFAULT;
}

/* One round of I3 over the next step. Returns the pages that are mapped now, or why none is. */
static int attempt(const struct extent *extent)
{
	struct rodp_leaf *leaf = extent->leaf;
	const u64 end = min(extent->end, extent->va + extent->step);
	struct hmm_range range = {
		.notifier = &leaf->notifier,
		.start = extent->va,
		.end = end,
		.hmm_pfns = extent->pfns,
		.default_flags = HMM_PFN_REQ_FAULT | (extent->write ? HMM_PFN_REQ_WRITE : 0),
	};
	int result = rodp_hmm_range_fault(&range);

	if (result)
		return result;
	spin_lock_bh(&leaf->lock);
	if (mmu_interval_read_retry(&leaf->notifier, range.notifier_seq))
		result = -EBUSY;
	else
		result = install(extent, (end - extent->va) >> PAGE_SHIFT);
	spin_unlock_bh(&leaf->lock);
	return result;
}

static void proceed(struct extent *extent, unsigned int pages)
{
	extent->va += (u64)pages << PAGE_SHIFT;
	extent->step = min(extent->step * 2, RODP_LEAF_BYTES);
	extent->collisions = 0;
	extent->slow_faults = 0;
}

/* Returns whether what is asked for was more than one page, and now is less. */
static bool halve(struct extent *extent)
{
	if (extent->step <= PAGE_SIZE)
		return false;
	extent->step = PAGE_ALIGN(extent->step / 2);
	return true;
}

static int collided(struct extent *extent)
{
	rodp_stats_inc(extent->leaf->mirror->stats, RODP_STAT_ODP_FAULT_RETRIES);
	halve(extent);
	return ++extent->collisions < MAX_COLLISIONS ? 0 : -EAGAIN;
}

/*
 * HMM fails for a range when it fails for one page of it, and does not say which. Narrow
 * the step until the first page itself fails, then give it its last chance.
 */
static int refused(struct extent *extent, int error)
{
	if (halve(extent))
		return 0;
	if (error == -EFAULT && extent->slow_faults++ < MAX_SLOW_FAULTS &&
	    !rodp_hmm_fault_slowly(extent->leaf->mirror->mm, extent->va, extent->write))
		return 0;
	return error == -ENOMEM ? error : -EFAULT;
}

static int resolve_extent(struct extent *extent)
{
	int result, error = 0;

	while (extent->va < extent->end && !error) {
		result = attempt(extent);
		if (result > 0)
			proceed(extent, result);
		else if (result == -EBUSY)
			error = collided(extent);
		else
			error = refused(extent, result);
		cond_resched();
	}
	return error;
}

int rodp_resolve(struct rodp_mirror *mirror, u64 va, u64 end, bool write, unsigned long *pfns,
		 u64 *reached)
{
	struct extent extent = {
		.pfns = pfns,
		.va = va,
		.end = end,
		.step = end - va,
		.write = write,
	};
	int error;

	*reached = va;
	extent.leaf = rodp_tree_pin(mirror, va);
	if (IS_ERR(extent.leaf))
		return PTR_ERR(extent.leaf);
	error = resolve_extent(&extent);
	rodp_tree_unpin(extent.leaf);
	*reached = extent.va;
	return error;
}
