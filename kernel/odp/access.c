// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to mirrored memory, see access.h. */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
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

size_t rodp_span_end(struct rodp_span *span) __releases(RCU)
{
	if (span->leaf)
		span_unlock(span);
	rcu_read_unlock();
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

/* Both locked. Copies what is contiguous on both sides, at most max bytes. 0: a miss. */
static size_t pair_copy_run(struct leaf_pair *pair, u64 dst_va, u64 src_va, size_t max,
			    bool *src_missed)
{
	u64 dst_phys, src_phys;
	size_t bytes = rodp_entries_run(&pair->src->entries, src_va, max, false, &src_phys);

	*src_missed = !bytes;
	if (bytes)
		bytes = rodp_entries_run(&pair->dst->entries, dst_va, bytes, true, &dst_phys);
	if (!bytes)
		return 0;
	/* The same page may be on both sides. */
	memmove(__va(dst_phys), __va(src_phys), bytes);
	return bytes;
}

/* Bytes from va to the end of its leaf. */
static u64 leaf_rest(u64 va)
{
	return RODP_LEAF_BYTES - (va & (RODP_LEAF_BYTES - 1));
}

/* RCU held. What one hold of the locks can do of max bytes. Short: a miss. */
static size_t pair_copy(struct leaf_pair *pair, u64 dst_va, u64 src_va, size_t max,
			bool *src_missed)
{
	size_t done = 0, bytes;

	pair_lock(pair);
	do {
		bytes = pair_copy_run(pair, dst_va + done, src_va + done, max - done, src_missed);
		done += bytes;
	} while (bytes && done < max);
	pair_unlock(pair);
	return done;
}

size_t rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src, u64 src_va,
			size_t len, bool *src_missed)
{
	struct leaf_pair pair;
	size_t done = 0, hold, bytes;
	bool missed = false;

	rcu_read_lock();
	do {
		pair.src = rodp_tree_find(src, src_va + done);
		pair.dst = rodp_tree_find(dst, dst_va + done);
		missed = !pair.src;
		if (!pair.src || !pair.dst)
			break;
		hold = min3(leaf_rest(dst_va + done), leaf_rest(src_va + done),
			    min_t(u64, len - done, RODP_SPAN_HOLD_BYTES));
		bytes = pair_copy(&pair, dst_va + done, src_va + done, hold, &missed);
		done += bytes;
	} while (bytes == hold && done < len);
	rcu_read_unlock();
	if (src_missed)
		*src_missed = missed;
	return done;
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
		leaf = rodp_tree_find(mirror, va);
		bytes = leaf ? leaf_present(leaf, va, end, write) : 0;
		va += bytes;
	}
	rcu_read_unlock();
	return va - start;
}
