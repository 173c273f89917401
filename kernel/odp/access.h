/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device access to mirrored memory. There is no other way in (invariant I1).
 *
 * A caller walks a VA range span by span. While it has a span, it holds the lock of the
 * span's leaf, so that no invalidation of these bytes can complete: hold it for the copy and for
 * nothing else. Nothing here sleeps, allocates or faults. Bytes that are not present with
 * the rights asked for are a miss, for which the caller requests a fault (fault.h).
 *
 *	struct rodp_span span;
 *
 *	rodp_span_begin(&span, mirror, va, len, write);
 *	while (rodp_span_next(&span))
 *		memcpy(dst, span.addr, span.bytes), dst += span.bytes;
 *	done = rodp_span_end(&span);
 *	if (done < len)
 *		miss at va + done;
 *
 * Context of everything here: BH disabled (a lane is locked, say), but not hard interrupt. Softirqs
 * take the locks of leaves, and the grace periods of leaves wait for such sections.
 */
#ifndef RODP_ODP_ACCESS_H
#define RODP_ODP_ACCESS_H

#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "odp/leaf.h"

/* Most bytes that are touched under one hold of a leaf's lock. */
#define RODP_SPAN_HOLD_BYTES 16384

/**
 * struct rodp_span - A walk over a VA range, and the bytes that it is at
 * @addr: kernel address of the bytes, valid after rodp_span_next() returned true
 * @bytes: how many there are at @addr: at least 1, within one page
 */
struct rodp_span {
	void *addr;
	size_t bytes;

	/* private: */
	struct rodp_mirror *mirror;
	struct rodp_leaf *leaf; /* locked, or NULL */
	u64 va; /* next byte */
	u64 until; /* VA where this hold of the lock ends */
	u64 start;
	size_t left;
	bool write;
};

/**
 * rodp_span_begin() - Begin a walk over [va, va + len)
 * @span: the walk
 * @mirror: the mirror; outlives the walk
 * @va: first byte, a VA of the mirror's mm
 * @len: bytes; the range does not wrap (the bounds of the caller's MR guarantee that)
 * @write: whether the caller writes the bytes, else it reads them
 *
 * The walk must be ended with rodp_span_end().
 *
 * Context: BH disabled until the end. One walk at a time in a context: rodp_mirror_copy() is for
 * two ranges.
 */
static inline void rodp_span_begin(struct rodp_span *span, struct rodp_mirror *mirror, u64 va,
				   size_t len, bool write)
{
	lockdep_assert_in_softirq();
	span->mirror = mirror;
	span->leaf = NULL;
	span->va = va;
	span->until = va;
	span->start = va;
	span->left = len;
	span->write = write;
}

/* Part of rodp_span_next(): lock the leaf of the next byte, then yield. False: a miss. */
bool rodp_span_advance(struct rodp_span *span);

/* Part of rodp_span_next(): yield what is wanted of the next page. False: a miss. */
static inline bool rodp_span_yield(struct rodp_span *span)
{
	u64 entry;

	lockdep_assert_held(&span->leaf->lock);
	entry = rodp_entries_use(&span->leaf->entries, span->va, span->write);
	if (unlikely(!entry))
		return false;
	span->addr = __va(rodp_entry_phys(entry)) + offset_in_page(span->va);
	span->bytes = min_t(size_t, span->left, PAGE_SIZE - offset_in_page(span->va));
	span->va += span->bytes;
	span->left -= span->bytes;
	return true;
}

/**
 * rodp_span_next() - Go to the next bytes
 * @span: the walk; the first call goes to its first byte
 *
 * The bytes are those of one page at most: pages that are contiguous are rare, and looking for
 * them costs more than it saves. With @write, the entry of the page becomes DIRTY (I4), so go on
 * only when the bytes will be written. The bytes of the call before must not be used any more:
 * their leaf's lock may be dropped.
 *
 * Context: as rodp_span_begin(). Returns with the lock of the bytes' leaf held.
 * Return: true: @span->addr and @span->bytes are valid; false: the end of the range, or a miss.
 */
static inline bool rodp_span_next(struct rodp_span *span)
{
	if (!span->left)
		return false;
	if (span->va == span->until)
		return rodp_span_advance(span);
	return rodp_span_yield(span);
}

/**
 * rodp_span_end() - End a walk
 * @span: the walk
 *
 * Context: as rodp_span_begin(). Drops the leaf's lock.
 * Return: bytes from the start of the range that rodp_span_next() went to, without a gap.
 */
size_t rodp_span_end(struct rodp_span *span);

/**
 * rodp_mirror_read_page() - copy bytes of one page to kernel memory: the shortest way
 * @mirror: the mirror; outlives the call
 * @va: of the first byte
 * @dst: where to
 * @len: bytes; they do not leave the page
 *
 * Context: as rodp_span_begin().
 * Return: @len; 0: a miss; or -EIO: the memory is damaged.
 */
ssize_t rodp_mirror_read_page(struct rodp_mirror *mirror, u64 va, void *dst, size_t len);

/**
 * rodp_mirror_write_page() - the other way round
 * @mirror: the mirror; outlives the call
 * @va: of the first byte
 * @src: where from
 * @len: bytes; they do not leave the page
 *
 * Context: as rodp_span_begin().
 * Return: @len; 0: a miss.
 */
size_t rodp_mirror_write_page(struct rodp_mirror *mirror, u64 va, const void *src, size_t len);

/**
 * rodp_span_is_sync() - Whether the bytes of a span are mapped with MAP_SYNC
 * @span: the walk, after rodp_span_next() returned true
 *
 * Context: as rodp_span_next().
 * Return: whether the page was so mapped when it was installed, and since.
 */
static inline bool rodp_span_is_sync(const struct rodp_span *span)
{
	lockdep_assert_held(&span->leaf->lock);
	return span->leaf->entries.slot[rodp_entries_slot(span->va - 1)] & RODP_ENTRY_SYNC;
}

/* How far a copy came that needs two ranges to be present. Two registers. */
struct rodp_copied {
	size_t done; /* bytes from the start, without a gap */
	/* If that is not all of it: */
	bool src_missed; /* the source missed, not the destination */
	bool damaged; /* nothing missed: the source's memory is damaged (a machine check), no fault helps */
};

/**
 * rodp_mirror_copy() - Copy between two mirrored ranges
 * @dst: mirror of the destination; may be @src
 * @dst_va: first byte of the destination, a VA of @dst's mm
 * @src: mirror of the source
 * @src_va: first byte of the source, a VA of @src's mm
 * @len: bytes; neither range wraps, and they may overlap
 *
 * Copies each byte once. The leaves of both sides are locked for it, in the order of their
 * addresses.
 *
 * Context: as rodp_span_begin(), and without a span: a context that held one leaf's lock while
 * it waits for others would deadlock with another one.
 * Return: the bytes copied from the start, without a gap, and at which end the copy stopped.
 */
struct rodp_copied rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src,
				    u64 src_va, size_t len);

/**
 * rodp_mirror_copy_pages() - Copy between a mirrored range and kernel memory
 * @mirror: the mirror
 * @va: first byte, a VA of the mirror's mm
 * @page: kernel addresses of pages, page aligned; they stay for the time of the call
 * @offset: of the first byte in @page[], bytes
 * @len: bytes; the range does not wrap
 * @write: copy into the mirrored memory, else out of it
 *
 * Both sides may be the same memory.
 *
 * Context: as rodp_mirror_copy().
 * Return: the bytes copied from the start, without a gap, and why the copy stopped.
 */
struct rodp_copied rodp_mirror_copy_pages(struct rodp_mirror *mirror, u64 va, void *const *page,
					  u64 offset, size_t len, bool write);

#endif
