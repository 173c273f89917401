// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/xarray.h>

#include "odp/access.h"
#include "odp/core.h"
#include "odp/tree.h"

/*
 * A span's lock is held between calls, which sparse cannot follow: __acquire() and __release()
 * make these two functions look as if they changed nothing.
 */
static void access_span_unlock(struct rodp_span *span)
{
	__acquire(&span->leaf->lock);
	spin_unlock(&span->leaf->lock);
	span->leaf = NULL;
}

/* Lock the leaf of the next byte. False: there is no such leaf. */
static bool access_span_lock(struct rodp_span *span)
{
	span->leaf = rodp_tree_find(span->mirror, span->va);
	if (unlikely(!span->leaf))
		return false;
	spin_lock(&span->leaf->lock);
	__release(&span->leaf->lock);
	/* A whole number of pages, unless the leaf ends before. */
	span->until = min((span->va + RODP_SPAN_HOLD_BYTES) & PAGE_MASK,
			  (span->va | (RODP_LEAF_BYTES - 1)) + 1);
	return true;
}

bool rodp_span_advance(struct rodp_span *span)
{
	if (span->leaf)
		access_span_unlock(span);
	return access_span_lock(span) && rodp_span_yield(span);
}

size_t rodp_span_end(struct rodp_span *span)
{
	if (span->leaf)
		access_span_unlock(span);
	return span->va - span->start;
}

/* Two leaves, or one twice, locked together. */
struct access_pair {
	struct rodp_leaf *dst, *src;
};

/*
 * Lock both, in the order of the leaves' addresses, so that two copies in opposite directions
 * cannot deadlock. Lockdep knows the second lock as nested: both are of one class.
 */
static void access_pair_lock(const struct access_pair *pair)
{
	struct rodp_leaf *first = min(pair->dst, pair->src), *second = max(pair->dst, pair->src);

	spin_lock(&first->lock);
	__release(&first->lock);
	if (second == first)
		return;
	spin_lock_nested(&second->lock, SINGLE_DEPTH_NESTING);
	__release(&second->lock);
}

static void access_pair_unlock(const struct access_pair *pair)
{
	if (pair->dst != pair->src) {
		__acquire(&pair->dst->lock);
		spin_unlock(&pair->dst->lock);
	}
	__acquire(&pair->src->lock);
	spin_unlock(&pair->src->lock);
}

/*
 * Copy bytes that lie within one page on either side. It may be the same page, but memmove() for
 * all copies would be slower on those CPUs whose microcode moves word by word.
 */
static __always_inline void access_copy_piece(void *dst_page, u64 dst_pos, const void *src_page,
					      u64 src_pos, size_t bytes)
{
	if (likely(dst_page != src_page))
		memcpy(dst_page + offset_in_page(dst_pos), src_page + offset_in_page(src_pos),
		       bytes);
	else
		memmove(dst_page + offset_in_page(dst_pos), src_page + offset_in_page(src_pos),
			bytes);
}

/*
 * Copy bytes that lie within one page on either side. False: a miss, with *src_missed telling
 * on which side.
 */
static inline bool access_pair_copy_page(const struct access_pair *pair, u64 dst_va, u64 src_va,
					 size_t bytes, bool *src_missed)
{
	u64 src, dst;

	lockdep_assert_held(&pair->src->lock);
	lockdep_assert_held(&pair->dst->lock);
	src = rodp_entries_use(&pair->src->entries, src_va, false);
	dst = likely(src) ? rodp_entries_use(&pair->dst->entries, dst_va, true) : 0;
	if (unlikely(!dst)) {
		*src_missed = !src;
		return false;
	}
	access_copy_piece(__va(rodp_entry_phys(dst)), dst_va, __va(rodp_entry_phys(src)), src_va,
			  bytes);
	return true;
}

/* Find the leaves of both. False: a leaf is missing, with *src_missed telling on which side. */
static inline bool access_pair_find(struct access_pair *pair, struct rodp_mirror *dst, u64 dst_va,
				    struct rodp_mirror *src, u64 src_va, bool *src_missed)
{
	pair->src = rodp_tree_find(src, src_va);
	pair->dst = rodp_tree_find(dst, dst_va);
	if (likely(pair->src && pair->dst))
		return true;
	*src_missed = !pair->src;
	return false;
}

/* A copy between two mirrors: its next bytes, and how many are left. */
struct access_pair_copy {
	u64 dst_va, src_va;
	size_t left;
};

static bool access_is_leaf_start(u64 va)
{
	return !(va & (RODP_LEAF_BYTES - 1));
}

/*
 * Copy what may be copied under one hold of the locks, page by page: pages that are contiguous on
 * both sides are rare, and looking for them costs more than it saves. False: a miss.
 */
static bool access_pair_copy_hold(const struct access_pair *pair, struct access_pair_copy *copy,
				  bool *src_missed)
{
	const size_t until = copy->left > RODP_SPAN_HOLD_BYTES ? copy->left - RODP_SPAN_HOLD_BYTES
							       : 0;
	size_t bytes;
	bool hit;

	access_pair_lock(pair);
	do {
		bytes = min(copy->left, PAGE_SIZE - max(offset_in_page(copy->src_va),
							offset_in_page(copy->dst_va)));
		hit = access_pair_copy_page(pair, copy->dst_va, copy->src_va, bytes, src_missed);
		if (unlikely(!hit))
			break;
		copy->dst_va += bytes;
		copy->src_va += bytes;
		copy->left -= bytes;
	} while (copy->left > until && !access_is_leaf_start(copy->dst_va) &&
		 !access_is_leaf_start(copy->src_va));
	access_pair_unlock(pair);
	return hit;
}

/* Copy any number of pages. */
static noinline size_t access_copy_many(struct rodp_mirror *dst, u64 dst_va,
					struct rodp_mirror *src, u64 src_va, size_t len,
					bool *src_missed)
{
	struct access_pair_copy copy = { .dst_va = dst_va, .src_va = src_va, .left = len };
	struct access_pair pair;

	while (access_pair_find(&pair, dst, copy.dst_va, src, copy.src_va, src_missed) &&
	       access_pair_copy_hold(&pair, &copy, src_missed) && copy.left)
		;
	return len - copy.left;
}

/* Copy within one page on either side: the fast path, for most packets. */
static size_t access_copy_within_page(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src,
				      u64 src_va, size_t len, bool *src_missed)
{
	struct access_pair pair;
	bool hit;

	if (unlikely(!access_pair_find(&pair, dst, dst_va, src, src_va, src_missed)))
		return 0;
	access_pair_lock(&pair);
	hit = access_pair_copy_page(&pair, dst_va, src_va, len, src_missed);
	access_pair_unlock(&pair);
	return hit ? len : 0;
}

size_t rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src, u64 src_va,
			size_t len, bool *src_missed)
{
	lockdep_assert_in_softirq();
	if (likely(max(offset_in_page(dst_va), offset_in_page(src_va)) + len <= PAGE_SIZE))
		return access_copy_within_page(dst, dst_va, src, src_va, len, src_missed);
	return access_copy_many(dst, dst_va, src, src_va, len, src_missed);
}

/* A copy between a mirror and kernel pages: its next bytes, and how many are left. */
struct access_page_copy {
	u64 va;
	void *const *page;
	u64 pos; /* of the next byte in page[] */
	size_t left;
};

/* Copy what may be copied under one hold of the lock, page by page. False: a miss. */
static bool access_page_copy_hold(struct rodp_leaf *leaf, struct access_page_copy *copy, bool write)
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
			access_copy_piece(__va(rodp_entry_phys(entry)), va, page, va + shift,
					  bytes);
		else
			access_copy_piece(page, va + shift, __va(rodp_entry_phys(entry)), va,
					  bytes);
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
	struct access_page_copy copy = { .va = va, .page = page, .pos = offset, .left = len };
	struct rodp_leaf *leaf;

	lockdep_assert_in_softirq();
	do {
		leaf = rodp_tree_find(mirror, copy.va);
	} while (leaf && access_page_copy_hold(leaf, &copy, write) && copy.left);
	return len - copy.left;
}
