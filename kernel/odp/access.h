/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device access to mirrored memory: the only way in (invariant I1).
 *
 * A caller walks a VA range span by span. While a span is held, its leaf's lock
 * is held, so that no invalidation of these bytes can complete: hold it for the
 * copy and for nothing else. Nothing here sleeps, allocates or faults; bytes
 * that are not present with enough rights are a miss, which the caller turns
 * into a fault request (fault.h).
 *
 *	struct rodp_span span;
 *
 *	rodp_span_begin(&span, mirror, va, len, write);
 *	while (rodp_span_next(&span))
 *		memcpy(dst, span.addr, span.bytes), dst += span.bytes;
 *	done = rodp_span_end(&span);
 *	if (done < len)
 *		miss at va + done;
 */
#ifndef RODP_ODP_ACCESS_H
#define RODP_ODP_ACCESS_H

#include <linux/minmax.h>
#include <linux/mm.h>

#include "odp/leaf.h"

/* Most bytes that are touched under one hold of a leaf's lock. */
#define RODP_SPAN_HOLD_BYTES 16384

struct rodp_span {
	/* For the caller, valid after rodp_span_next() returned true. */
	void *addr; /* kernel address of the bytes */
	size_t bytes; /* at addr, >= 1, within a page */

	/* Private. */
	struct rodp_mirror *mirror;
	struct rodp_leaf *leaf; /* locked, or NULL */
	u64 va; /* next byte */
	u64 until; /* VA where this hold of the lock ends */
	u64 start;
	size_t left;
	bool write;
};

/*
 * Begin a walk over [va, va + len). The range does not wrap (the caller's MR
 * bounds guarantee that). Begun walks are ended by rodp_span_end().
 * Context: BH disabled (a lane is held, say) until the end: the leaf's lock is one that
 * softirqs take, and the grace periods of leaves wait for such sections. Not hard interrupt.
 * One walk at a time in a context: see rodp_mirror_copy() for two ranges.
 */
static inline void rodp_span_begin(struct rodp_span *span, struct rodp_mirror *mirror, u64 va,
				   size_t len, bool write)
{
	span->mirror = mirror;
	span->leaf = NULL;
	span->va = va;
	span->until = va;
	span->start = va;
	span->left = len;
	span->write = write;
}

/* Of rodp_span_next(): there are bytes left, and another lock is to be taken for them. */
bool rodp_span_advance(struct rodp_span *span);

/* Of rodp_span_next(): yield the next page, or what is wanted of it; locked. False: a miss. */
static inline bool rodp_span_yield(struct rodp_span *span)
{
	const u64 entry = rodp_entries_use(&span->leaf->entries, span->va, span->write);

	if (unlikely(!entry))
		return false;
	span->addr = __va(rodp_entry_phys(entry)) + offset_in_page(span->va);
	span->bytes = min_t(size_t, span->left, PAGE_SIZE - offset_in_page(span->va));
	span->va += span->bytes;
	span->left -= span->bytes;
	return true;
}

/*
 * Go to the next bytes, those of one page at most: pages that are contiguous are rare, and
 * looking for them costs more than it saves. The first call starts at va. False at the
 * end of the range and at a miss.
 * With write, the entries yielded are marked DIRTY (I4), so yield no more than
 * will be written. Not before the span in hand is done with: its lock may go.
 */
static inline bool rodp_span_next(struct rodp_span *span)
{
	if (!span->left)
		return false;
	if (span->va == span->until)
		return rodp_span_advance(span);
	return rodp_span_yield(span);
}

/* Drop the lock. Returns the bytes yielded from the start of the range without a gap. */
size_t rodp_span_end(struct rodp_span *span);

/* How far a copy came that needs two ranges to be present. Two registers. */
struct rodp_copied {
	size_t done; /* bytes from the start, without a gap */
	bool src_missed; /* if that is not all of it: the source missed, not the destination */
};

/*
 * Copy len bytes from one mirrored range to another, once a byte: the leaves of both
 * are locked for it, in an order that all agree on. The ranges may be in one mirror,
 * and overlap. Neither wraps.
 * Context: as rodp_span_begin(), and no span is held: a context that held one lock
 * and waited for others would deadlock with its like.
 */
struct rodp_copied rodp_mirror_copy(struct rodp_mirror *dst, u64 dst_va, struct rodp_mirror *src,
				    u64 src_va, size_t len);

/*
 * Copy len bytes between mirrored memory at va and pages in kernel memory that cannot go:
 * page[] holds their addresses, page aligned, and the first byte is at `offset` in them.
 * @write: into the mirrored memory, else from it. Both may be the same memory.
 * Returns the bytes copied from the start without a gap. Context: as rodp_mirror_copy().
 */
size_t rodp_mirror_copy_pages(struct rodp_mirror *mirror, u64 va, void *const *page, u64 offset,
			      size_t len, bool write);

/*
 * Whether all of [va, va + len) is present with the rights asked for, by a look
 * that may be stale when it returns: a hint for read-ahead, never a licence. BH disabled.
 * Returns the bytes present from va without a gap. Cost: one look a page. The range
 * does not wrap.
 */
u64 rodp_mirror_present(struct rodp_mirror *mirror, u64 va, u64 len, bool write);

#endif
