// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/xarray.h>

#include "access.h"
#include "core.h"
#include "tree.h"

/*
 * A span's lock is held between calls, which sparse cannot follow; it is told
 * that these two functions change nothing.
 */
static void span_unlock(struct rodp_span *span)
{
	__acquire(&span->leaf->lock);
	spin_unlock(&span->leaf->lock);
	span->leaf = NULL;
}

/* Lock the leaf of the next byte. */
static bool span_lock(struct rodp_span *span)
{
	span->leaf = rodp_tree_find(span->mirror, span->va);
	if (unlikely(!span->leaf))
		return false;
	spin_lock(&span->leaf->lock);
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

size_t rodp_span_end(struct rodp_span *span)
{
	if (span->leaf)
		span_unlock(span);
	return span->va - span->start;
}

/* Two leaves, or one twice, locked together. */
struct leaf_pair {
	struct rodp_leaf *dst, *src;
};

/* In the order of their addresses. As with spans, sparse is told that nothing changes. */
static void pair_lock(const struct leaf_pair *pair)
{
	struct rodp_leaf *first = min(pair->dst, pair->src), *second = max(pair->dst, pair->src);

	spin_lock(&first->lock);
	__release(&first->lock);
	if (second == first)
		return;
	spin_lock_nested(&second->lock, SINGLE_DEPTH_NESTING);
	__release(&second->lock);
}

static void pair_unlock(const struct leaf_pair *pair)
{
	if (pair->dst != pair->src) {
		__acquire(&pair->dst->lock);
		spin_unlock(&pair->dst->lock);
	}
	__acquire(&pair->src->lock);
	spin_unlock(&pair->src->lock);
}

/* How far a copy came: next bytes, and how many are left. */
struct pair_copy {
	u64 dst_va, src_va;
	size_t left;
	bool src_missed;
};

static bool is_leaf_start(u64 va)
{
	return !(va & (RODP_LEAF_BYTES - 1));
}

/*
 * Both locked. Copies up to a page boundary of either side: pages that are contiguous
 * on both sides are rare, and looking for them costs more than it saves. False: a miss.
 */
static bool pair_copy_page(const struct leaf_pair *pair, struct pair_copy *copy)
{
	const size_t src_off = copy->src_va & (PAGE_SIZE - 1);
	const size_t dst_off = copy->dst_va & (PAGE_SIZE - 1);
	const size_t bytes = min(copy->left, PAGE_SIZE - max(src_off, dst_off));
	u64 src, dst;

	src = rodp_entries_use(&pair->src->entries, copy->src_va, false);
	copy->src_missed = !src;
	if (unlikely(!src))
		return false;
	dst = rodp_entries_use(&pair->dst->entries, copy->dst_va, true);
	if (unlikely(!dst))
		return false;
	/* The same page may be on both sides; memmove() is slower on some CPUs (mem/access.c). */
	if (likely(rodp_entry_phys(src) != rodp_entry_phys(dst)))
		memcpy(__va(rodp_entry_phys(dst)) + dst_off, __va(rodp_entry_phys(src)) + src_off,
		       bytes);
	else
		memmove(__va(rodp_entry_phys(dst)) + dst_off, __va(rodp_entry_phys(src)) + src_off,
			bytes);
	copy->dst_va += bytes;
	copy->src_va += bytes;
	copy->left -= bytes;
	return true;
}

/* What one hold of the locks can do. False: a miss. */
static bool pair_copy_hold(const struct leaf_pair *pair, struct pair_copy *copy)
{
	const size_t until = copy->left > RODP_SPAN_HOLD_BYTES ? copy->left - RODP_SPAN_HOLD_BYTES
							       : 0;
	bool hit;

	pair_lock(pair);
	do {
		hit = pair_copy_page(pair, copy);
	} while (hit && copy->left > until && !is_leaf_start(copy->dst_va) &&
		 !is_leaf_start(copy->src_va));
	pair_unlock(pair);
	return hit;
}

size_t rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src, u64 src_va,
			size_t len, bool *src_missed)
{
	struct pair_copy copy = { .dst_va = dst_va, .src_va = src_va, .left = len };
	struct leaf_pair pair;

	do {
		pair.src = rodp_tree_find(src, copy.src_va);
		pair.dst = rodp_tree_find(dst, copy.dst_va);
		copy.src_missed = !pair.src;
	} while (pair.src && pair.dst && pair_copy_hold(&pair, &copy) && copy.left);
	*src_missed = copy.src_missed;
	return len - copy.left;
}

/* Bytes present from va on in its leaf, at most up to end. */
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

	while (va < end && bytes) {
		leaf = rodp_tree_find(mirror, va);
		bytes = leaf ? leaf_present(leaf, va, end, write) : 0;
		va += bytes;
	}
	return va - start;
}
