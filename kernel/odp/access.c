// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
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

/*
 * Lock the leaf of va, and find the memory for an access within its page. NULL: a miss, nothing is locked. The caller
 * unlocks *leaf behind the copy, where sparse sees it.
 */
static inline void *access_page_lock(struct rodp_mirror *mirror, u64 va, bool write,
				     struct rodp_leaf **leaf)
{
	u64 entry;

	lockdep_assert_in_softirq();
	*leaf = rodp_tree_find(mirror, va);
	if (unlikely(!*leaf))
		return NULL;
	spin_lock(&(*leaf)->lock);
	entry = rodp_entries_use(&(*leaf)->entries, va, write);
	if (likely(entry)) {
		__release(&(*leaf)->lock);
		return __va(rodp_entry_phys(entry)) + offset_in_page(va);
	}
	spin_unlock(&(*leaf)->lock);
	return NULL;
}

static inline void access_page_unlock(struct rodp_leaf *leaf)
{
	__acquire(&leaf->lock);
	spin_unlock(&leaf->lock);
}

ssize_t rodp_mirror_read_page(struct rodp_mirror *mirror, u64 va, void *dst, size_t len)
{
	struct rodp_leaf *leaf;
	void *from = access_page_lock(mirror, va, false, &leaf);
	bool damaged;

	if (unlikely(!from))
		return 0;
	damaged = copy_mc_to_kernel(dst, from, len);
	access_page_unlock(leaf);
	return damaged ? -EIO : (ssize_t)len;
}

size_t rodp_mirror_write_page(struct rodp_mirror *mirror, u64 va, const void *src, size_t len)
{
	struct rodp_leaf *leaf;
	void *to = access_page_lock(mirror, va, true, &leaf);

	if (unlikely(!to))
		return 0;
	memcpy(to, src, len);
	access_page_unlock(leaf);
	return len;
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
 * all copies would be slower on those CPUs whose microcode moves word by word. False: the source is
 * damaged, and the machine has survived it (copy_mc_to_kernel(), where the CPU can; it has no
 * counterpart for memory that overlaps).
 */
static __always_inline bool access_copy_piece(void *dst_page, u64 dst_pos, const void *src_page,
					      u64 src_pos, size_t bytes)
{
	void *dst = dst_page + offset_in_page(dst_pos);
	const void *src = src_page + offset_in_page(src_pos);

	if (likely(dst_page != src_page))
		return !copy_mc_to_kernel(dst, src, bytes);
	memmove(dst, src, bytes);
	return true;
}

/* Why a copy stopped: which end has something that is not there, or cannot be read. */
enum access_miss {
	PAIR_NO_MISS = 0,
	PAIR_SRC_MISSED,
	PAIR_DST_MISSED,
	PAIR_SRC_DAMAGED,
};

/* Both locked; the bytes are in one page on either side. */
static inline enum access_miss access_pair_copy_page(const struct access_pair *pair, u64 dst_va,
						     u64 src_va, size_t bytes)
{
	u64 src, dst;

	lockdep_assert_held(&pair->src->lock);
	lockdep_assert_held(&pair->dst->lock);
	src = rodp_entries_use(&pair->src->entries, src_va, false);
	if (unlikely(!src))
		return PAIR_SRC_MISSED;
	dst = rodp_entries_use(&pair->dst->entries, dst_va, true);
	if (unlikely(!dst))
		return PAIR_DST_MISSED;
	if (unlikely(!access_copy_piece(__va(rodp_entry_phys(dst)), dst_va,
					__va(rodp_entry_phys(src)), src_va, bytes)))
		return PAIR_SRC_DAMAGED;
	return PAIR_NO_MISS;
}

static inline enum access_miss access_pair_find(struct access_pair *pair, struct rodp_mirror *dst,
						u64 dst_va, struct rodp_mirror *src, u64 src_va)
{
	pair->src = rodp_tree_find(src, src_va);
	pair->dst = rodp_tree_find(dst, dst_va);
	if (likely(pair->src && pair->dst))
		return PAIR_NO_MISS;
	return pair->src ? PAIR_DST_MISSED : PAIR_SRC_MISSED;
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
 * What one hold of the locks can do, page by page: pages that are contiguous on both sides are
 * rare, and looking for them costs more than it saves.
 */
static enum access_miss access_pair_copy_hold(const struct access_pair *pair,
					      struct access_pair_copy *copy)
{
	const size_t until = copy->left > RODP_SPAN_HOLD_BYTES ? copy->left - RODP_SPAN_HOLD_BYTES
							       : 0;
	enum access_miss miss;
	size_t bytes;

	access_pair_lock(pair);
	do {
		bytes = min(copy->left, PAGE_SIZE - max(offset_in_page(copy->src_va),
							offset_in_page(copy->dst_va)));
		miss = access_pair_copy_page(pair, copy->dst_va, copy->src_va, bytes);
		if (unlikely(miss))
			break;
		copy->dst_va += bytes;
		copy->src_va += bytes;
		copy->left -= bytes;
	} while (copy->left > until && !access_is_leaf_start(copy->dst_va) &&
		 !access_is_leaf_start(copy->src_va));
	access_pair_unlock(pair);
	return miss;
}

static inline struct rodp_copied access_pair_copied(size_t done, enum access_miss miss)
{
	return (struct rodp_copied){
		.done = done,
		.src_missed = miss == PAIR_SRC_MISSED,
		.damaged = miss == PAIR_SRC_DAMAGED,
	};
}

/* Any number of pages. */
static noinline struct rodp_copied access_copy_many(struct rodp_mirror *dst, u64 dst_va,
						    struct rodp_mirror *src, u64 src_va, size_t len)
{
	struct access_pair_copy copy = { .dst_va = dst_va, .src_va = src_va, .left = len };
	struct access_pair pair;
	enum access_miss miss;

	do {
		miss = access_pair_find(&pair, dst, copy.dst_va, src, copy.src_va);
		if (likely(!miss))
			miss = access_pair_copy_hold(&pair, &copy);
	} while (!miss && copy.left);
	return access_pair_copied(len - copy.left, miss);
}

/* A packet's payload, mostly: the shortest way there is. */
static struct rodp_copied access_copy_within_page(struct rodp_mirror *dst, u64 dst_va,
						  struct rodp_mirror *src, u64 src_va, size_t len)
{
	struct access_pair pair;
	enum access_miss miss = access_pair_find(&pair, dst, dst_va, src, src_va);

	if (unlikely(miss))
		return access_pair_copied(0, miss);
	access_pair_lock(&pair);
	miss = access_pair_copy_page(&pair, dst_va, src_va, len);
	access_pair_unlock(&pair);
	return access_pair_copied(miss ? 0 : len, miss);
}

struct rodp_copied rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src,
				    u64 src_va, size_t len)
{
	lockdep_assert_in_softirq();
	if (likely(max(offset_in_page(dst_va), offset_in_page(src_va)) + len <= PAGE_SIZE))
		return access_copy_within_page(dst, dst_va, src, src_va, len);
	return access_copy_many(dst, dst_va, src, src_va, len);
}

/* A copy between a mirror and kernel pages: its next bytes, and how many are left. */
struct access_page_copy {
	u64 va;
	void *const *page;
	u64 pos; /* of the next byte in page[] */
	size_t left;
};

/* Copy within a page, between memory of the leaf (entry, va) and kernel memory (at pos). */
static inline enum access_miss access_page_copy_page(const struct access_page_copy *copy, u64 entry,
						     u64 va, u64 pos, size_t bytes, bool write)
{
	void *leaf_page = __va(rodp_entry_phys(entry)), *page = copy->page[pos >> PAGE_SHIFT];
	bool copied = write ? access_copy_piece(leaf_page, va, page, pos, bytes)
			    : access_copy_piece(page, pos, leaf_page, va, bytes);

	return likely(copied) ? PAIR_NO_MISS : PAIR_SRC_DAMAGED;
}

/* Copy what may be copied under one hold of the lock, page by page. */
static enum access_miss access_page_copy_hold(struct rodp_leaf *leaf, struct access_page_copy *copy,
					      bool write)
{
	const u64 until = min(copy->va + min_t(u64, copy->left, RODP_SPAN_HOLD_BYTES),
			      (copy->va | (RODP_LEAF_BYTES - 1)) + 1);
	const u64 shift = copy->pos - copy->va;
	enum access_miss miss = PAIR_NO_MISS;
	u64 va = copy->va, entry;
	size_t bytes;

	spin_lock(&leaf->lock);
	do {
		entry = rodp_entries_use(&leaf->entries, va, write);
		if (unlikely(!entry)) {
			miss = write ? PAIR_DST_MISSED : PAIR_SRC_MISSED;
			break;
		}
		bytes = min(until - va,
			    PAGE_SIZE - max(offset_in_page(va), offset_in_page(va + shift)));
		miss = access_page_copy_page(copy, entry, va, va + shift, bytes, write);
		if (unlikely(miss))
			break;
		va += bytes;
	} while (va < until);
	spin_unlock(&leaf->lock);
	copy->pos += va - copy->va;
	copy->left -= va - copy->va;
	copy->va = va;
	return miss;
}

struct rodp_copied rodp_mirror_copy_pages(struct rodp_mirror *mirror, u64 va, void *const *page,
					  u64 offset, size_t len, bool write)
{
	struct access_page_copy copy = { .va = va, .page = page, .pos = offset, .left = len };
	enum access_miss miss = write ? PAIR_DST_MISSED : PAIR_SRC_MISSED;
	struct rodp_leaf *leaf;

	lockdep_assert_in_softirq();
	while (copy.left && (leaf = rodp_tree_find(mirror, copy.va))) {
		enum access_miss stopped = access_page_copy_hold(leaf, &copy, write);

		if (unlikely(stopped)) {
			miss = stopped;
			break;
		}
	}
	return access_pair_copied(len - copy.left, miss);
}
