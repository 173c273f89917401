/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the entries of a leaf need from their surroundings, so that the same code builds in the
 * kernel and in the user-space unit tests.
 */
#ifndef RODP_ODP_ENTRIES_ENV_H
#define RODP_ODP_ENTRIES_ENV_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/types.h>

/*
 * Report to the mm that the device wrote the page at phys. Returns where the page's folio
 * ends: the report is for all of it.
 * Context: the page is mapped (see leaf.h on mm_lock); a dirty_folio operation takes locks that
 * are not safe against softirqs (i_lock, private_lock), so no lock that a softirq takes may be
 * held.
 */
static inline u64 rodp_env_mark_dirty(u64 phys)
{
	struct folio *folio = page_folio(pfn_to_page(phys >> PAGE_SHIFT));

	folio_mark_dirty(folio);
	return ((u64)folio_pfn(folio) << PAGE_SHIFT) + folio_size(folio);
}
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
typedef __u64 u64;
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#define PAGE_SIZE	     (1UL << PAGE_SHIFT)
#define READ_ONCE(x)	     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

u64 rodp_env_mark_dirty(u64 phys); /* the test's own */
#endif

#endif
