// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "access.h"
#include "leaf.h"
#include "mirror_impl.h"

/* RCU held. */
static struct rodp_leaf *leaf_find(struct rodp_mirror *mirror, u64 va)
{
	return xa_load(&mirror->leaves, va >> RODP_LEAF_SHIFT);
}

/*
 * A span's lock is held between calls, which sparse cannot follow; it is told
 * that these two functions change nothing.
 */
static void span_unlock(struct rodp_span *span)
{
	__acquire(&span->leaf->lock);
	spin_unlock_bh(&span->leaf->lock);
	span->leaf = NULL;
}

/* Lock the leaf of the next byte. */
static bool span_lock(struct rodp_span *span)
{
	span->leaf = leaf_find(span->mirror, span->va);
	if (unlikely(!span->leaf))
		return false;
	spin_lock_bh(&span->leaf->lock);
	__release(&span->leaf->lock);
	span->held = 0;
	return true;
}

/* Whether the lock that is held must not, or cannot, serve the next byte. */
static bool span_is_used_up(const struct rodp_span *span)
{
	return span->held >= RODP_SPAN_HOLD_BYTES || !(span->va & (RODP_LEAF_BYTES - 1));
}

bool rodp_span_advance(struct rodp_span *span)
{
	u64 phys;

	if (span->leaf && span_is_used_up(span))
		span_unlock(span);
	if (!span->leaf && !span_lock(span))
		return false;
	span->bytes = rodp_entries_run(&span->leaf->entries, span->va,
				       min_t(size_t, span->left, RODP_SPAN_HOLD_BYTES - span->held),
				       span->write, &phys);
	if (unlikely(!span->bytes))
		return false;
	span->addr = __va(phys);
	span->va += span->bytes;
	span->left -= span->bytes;
	span->held += span->bytes;
	return true;
}

/* Lock the leaves of both, the one at the lower address first. One leaf is locked for dst. */
static void pair_lock(struct rodp_span *dst, struct rodp_span *src)
{
	struct rodp_leaf *first = min(dst->leaf, src->leaf), *second = max(dst->leaf, src->leaf);

	spin_lock_bh(&first->lock);
	__release(&first->lock);
	if (first == second) {
		src->leaf = NULL;
		return;
	}
	spin_lock_nested(&second->lock, SINGLE_DEPTH_NESTING);
	__release(&second->lock);
	local_bh_disable(); /* span_unlock() enables it for each */
}

static void pair_unlock(struct rodp_span *dst, struct rodp_span *src)
{
	if (src->leaf)
		span_unlock(src);
	if (dst->leaf)
		span_unlock(dst);
}

static bool pair_find(struct rodp_span *dst, struct rodp_span *src)
{
	dst->leaf = leaf_find(dst->mirror, dst->va);
	src->leaf = leaf_find(src->mirror, src->va);
	if (dst->leaf && src->leaf)
		return true;
	src->missed = !src->leaf;
	dst->missed = !src->missed;
	dst->leaf = src->leaf = NULL;
	return false;
}

static void pair_step(struct rodp_span *span, u64 phys, size_t bytes)
{
	span->addr = __va(phys);
	span->bytes = bytes;
	span->va += bytes;
	span->left -= bytes;
}

bool rodp_span_next_pair(struct rodp_span *dst, struct rodp_span *src)
{
	size_t max = min_t(size_t, dst->left, RODP_SPAN_HOLD_BYTES), bytes;
	struct rodp_leaf *from;
	u64 to_phys, from_phys;

	pair_unlock(dst, src);
	if (!max || !pair_find(dst, src))
		return false;
	from = src->leaf;
	pair_lock(dst, src);
	/* The source first: what is yielded of the target becomes DIRTY. */
	bytes = rodp_entries_run(&from->entries, src->va, max, false, &from_phys);
	src->missed = !bytes;
	if (bytes)
		bytes = rodp_entries_run(&dst->leaf->entries, dst->va, bytes, true, &to_phys);
	dst->missed = !bytes && !src->missed;
	if (!bytes)
		return false;
	pair_step(dst, to_phys, bytes);
	pair_step(src, from_phys, bytes);
	return true;
}

size_t rodp_span_end(struct rodp_span *span) __releases(RCU)
{
	if (span->leaf)
		span_unlock(span);
	rcu_read_unlock();
	return span->va - span->start;
}

/* RCU held. Bytes present from va on in its leaf, at most up to end. */
static u64 leaf_present(const struct rodp_leaf *leaf, u64 va, u64 end, bool write)
{
	const u64 need = rodp_entry_need(write);
	const u64 start = va;

	do {
		if (!rodp_entry_allows(READ_ONCE(leaf->entries.slot[rodp_entries_slot(va)]), need))
			break;
		va = (va | (PAGE_SIZE - 1)) + 1;
	} while (va < end && (va & (RODP_LEAF_BYTES - 1)));
	return min(va, end) - start;
}

u64 rodp_mirror_present(struct rodp_mirror *mirror, u64 va, u64 len, bool write)
{
	const u64 end = va + len;
	const u64 start = va;
	struct rodp_leaf *leaf;
	u64 bytes = 1;

	rcu_read_lock();
	while (va < end && bytes) {
		leaf = leaf_find(mirror, va);
		bytes = leaf ? leaf_present(leaf, va, end, write) : 0;
		va += bytes;
	}
	rcu_read_unlock();
	return va - start;
}
