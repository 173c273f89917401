// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/xarray.h>

#include "odp/access.h"
#include "odp/core.h"
#include "odp/tree.h"

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
	/* To the end of a page, unless the leaf ends before. */
	span->until = min((span->va + RODP_SPAN_HOLD_BYTES) & PAGE_MASK,
			  (span->va | (RODP_LEAF_BYTES - 1)) + 1);
	return true;
}

bool rodp_span_advance(struct rodp_span *span)
{
	if (span->leaf)
		span_unlock(span);
	return span_lock(span) && rodp_span_yield(span);
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

/*
 * Within a page on either side, which may be the same page: memmove() is slower on some CPUs,
 * where it goes word by word in microcode.
 */
static __always_inline void copy_piece(void *dst_page, u64 dst_pos, const void *src_page,
				       u64 src_pos, size_t bytes)
{
	if (likely(dst_page != src_page))
		memcpy(dst_page + offset_in_page(dst_pos), src_page + offset_in_page(src_pos),
		       bytes);
	else
		memmove(dst_page + offset_in_page(dst_pos), src_page + offset_in_page(src_pos),
			bytes);
}

/* Which end of a copy has something that is not there. */
enum pair_miss {
	PAIR_NO_MISS = 0,
	PAIR_SRC_MISSED,
	PAIR_DST_MISSED,
};

/* Both locked; the bytes are in one page on either side. */
static inline enum pair_miss pair_copy_page(const struct leaf_pair *pair, u64 dst_va, u64 src_va,
					    size_t bytes)
{
	u64 src, dst;

	src = rodp_entries_use(&pair->src->entries, src_va, false);
	if (unlikely(!src))
		return PAIR_SRC_MISSED;
	dst = rodp_entries_use(&pair->dst->entries, dst_va, true);
	if (unlikely(!dst))
		return PAIR_DST_MISSED;
	copy_piece(__va(rodp_entry_phys(dst)), dst_va, __va(rodp_entry_phys(src)), src_va, bytes);
	return PAIR_NO_MISS;
}

static inline enum pair_miss pair_find(struct leaf_pair *pair, struct rodp_mirror *dst, u64 dst_va,
				       struct rodp_mirror *src, u64 src_va)
{
	pair->src = rodp_tree_find(src, src_va);
	pair->dst = rodp_tree_find(dst, dst_va);
	if (likely(pair->src && pair->dst))
		return PAIR_NO_MISS;
	return pair->src ? PAIR_DST_MISSED : PAIR_SRC_MISSED;
}

/* How far a copy came: next bytes, and how many are left. */
struct pair_copy {
	u64 dst_va, src_va;
	size_t left;
};

static bool is_leaf_start(u64 va)
{
	return !(va & (RODP_LEAF_BYTES - 1));
}

/*
 * What one hold of the locks can do, page by page: pages that are contiguous on both sides are
 * rare, and looking for them costs more than it saves.
 */
static enum pair_miss pair_copy_hold(const struct leaf_pair *pair, struct pair_copy *copy)
{
	const size_t until = copy->left > RODP_SPAN_HOLD_BYTES ? copy->left - RODP_SPAN_HOLD_BYTES
							       : 0;
	enum pair_miss miss;
	size_t bytes;

	pair_lock(pair);
	do {
		bytes = min(copy->left, PAGE_SIZE - max(offset_in_page(copy->src_va),
							offset_in_page(copy->dst_va)));
		miss = pair_copy_page(pair, copy->dst_va, copy->src_va, bytes);
		if (unlikely(miss))
			break;
		copy->dst_va += bytes;
		copy->src_va += bytes;
		copy->left -= bytes;
	} while (copy->left > until && !is_leaf_start(copy->dst_va) &&
		 !is_leaf_start(copy->src_va));
	pair_unlock(pair);
	return miss;
}

static inline struct rodp_copied pair_copied(size_t done, enum pair_miss miss)
{
	return (struct rodp_copied){ .done = done, .src_missed = miss == PAIR_SRC_MISSED };
}

/* Any number of pages. */
static noinline struct rodp_copied copy_pages(struct rodp_mirror *dst, u64 dst_va,
					      struct rodp_mirror *src, u64 src_va, size_t len)
{
	struct pair_copy copy = { .dst_va = dst_va, .src_va = src_va, .left = len };
	struct leaf_pair pair;
	enum pair_miss miss;

	do {
		miss = pair_find(&pair, dst, copy.dst_va, src, copy.src_va);
		if (likely(!miss))
			miss = pair_copy_hold(&pair, &copy);
	} while (!miss && copy.left);
	return pair_copied(len - copy.left, miss);
}

/* A packet's payload, mostly: the shortest way there is. */
static struct rodp_copied copy_within_page(struct rodp_mirror *dst, u64 dst_va,
					   struct rodp_mirror *src, u64 src_va, size_t len)
{
	struct leaf_pair pair;
	enum pair_miss miss = pair_find(&pair, dst, dst_va, src, src_va);

	if (unlikely(miss))
		return pair_copied(0, miss);
	pair_lock(&pair);
	miss = pair_copy_page(&pair, dst_va, src_va, len);
	pair_unlock(&pair);
	return pair_copied(miss ? 0 : len, miss);
}

struct rodp_copied rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src,
				    u64 src_va, size_t len)
{
	if (likely(max(offset_in_page(dst_va), offset_in_page(src_va)) + len <= PAGE_SIZE))
		return copy_within_page(dst, dst_va, src, src_va, len);
	return copy_pages(dst, dst_va, src, src_va, len);
}

/* How far a copy between a mirror and other pages came: next bytes, and how many are left. */
struct page_copy {
	u64 va;
	void *const *page;
	u64 pos; /* of the next byte in page[] */
	size_t left;
};

/* What one hold of the lock can do, page by page. False: a miss. */
static bool page_copy_hold(struct rodp_leaf *leaf, struct page_copy *copy, bool write)
{
	const u64 until = min(copy->va + min_t(u64, copy->left, RODP_SPAN_HOLD_BYTES),
			      (copy->va | (RODP_LEAF_BYTES - 1)) + 1);
	const u64 shift = copy->pos - copy->va;
	u64 va = copy->va, entry;
	size_t bytes;
	void *page;

	spin_lock(&leaf->lock);
	do {
		entry = rodp_entries_use(&leaf->entries, va, write);
		if (unlikely(!entry))
			break;
		bytes = min(until - va,
			    PAGE_SIZE - max(offset_in_page(va), offset_in_page(va + shift)));
		page = copy->page[(va + shift) >> PAGE_SHIFT];
		if (write)
			copy_piece(__va(rodp_entry_phys(entry)), va, page, va + shift, bytes);
		else
			copy_piece(page, va + shift, __va(rodp_entry_phys(entry)), va, bytes);
		va += bytes;
	} while (va < until);
	spin_unlock(&leaf->lock);
	copy->pos += va - copy->va;
	copy->left -= va - copy->va;
	copy->va = va;
	return va == until;
}

size_t rodp_mirror_copy_pages(struct rodp_mirror *mirror, u64 va, void *const *page, u64 offset,
			      size_t len, bool write)
{
	struct page_copy copy = { .va = va, .page = page, .pos = offset, .left = len };
	struct rodp_leaf *leaf;

	do {
		leaf = rodp_tree_find(mirror, copy.va);
	} while (leaf && page_copy_hold(leaf, &copy, write) && copy.left);
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
