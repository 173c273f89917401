/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device access to the memory of an MR: one API over all kinds.
 *
 * Each call touches as many bytes as are present, in order, and says how many:
 * fewer than asked for is a miss, which only an ODP MR can have. The caller
 * holds a reference to the MR and has checked bounds and rights (rodp_mr_get).
 * Context: BH disabled; nothing sleeps.
 */
#ifndef RODP_MEM_ACCESS_H
#define RODP_MEM_ACCESS_H

#include <linux/minmax.h>

#include "odp/access.h"
#include "odp/prefetch.h"
#include "mem/mr.h"

struct rodp_fault_waiter;
struct sk_buff;

/* From the MR at iova to dst. Returns the bytes copied. */
size_t rodp_mr_read(struct rodp_mr *mr, u64 iova, void *dst, size_t bytes);

/* From src to the MR at iova. Returns the bytes copied. */
size_t rodp_mr_write(struct rodp_mr *mr, u64 iova, const void *src, size_t bytes);

/* From one MR to another, which may be the same; one copy. */
struct rodp_copied rodp_mr_copy(struct rodp_mr *dst, u64 dst_iova, struct rodp_mr *src,
				u64 src_iova, size_t bytes);

/*
 * Write what was written to the MR at iova back to persistent memory; wmb() is the caller's.
 * Returns the bytes done, or -EACCES: there is memory that is not persistent.
 */
ssize_t rodp_mr_write_back(struct rodp_mr *mr, u64 iova, size_t bytes);

/* bytes, cut at the end of the MR; it covers iova. */
static inline u64 rodp_mr_clip(const struct rodp_mr *mr, u64 iova, u64 bytes)
{
	return min(bytes, mr->length - (iova - mr->iova));
}

enum rodp_atomic_op {
	RODP_ATOMIC_CMP_SWAP,
	RODP_ATOMIC_FETCH_ADD,
	RODP_ATOMIC_STORE, /* of swap_add; what was there before is not told */
};

/*
 * An atomic operation on the 8 bytes at iova, which is a multiple of 8; atomic
 * towards the CPUs as well. *original gets the value found, host order.
 * Returns true, or false at a miss or when the memory itself is not 8-byte aligned
 * (the MR's iova and VA differ modulo 8): rodp_mr_aligned() tells which.
 */
bool rodp_mr_atomic(struct rodp_mr *mr, u64 iova, enum rodp_atomic_op op, u64 compare, u64 swap_add,
		    u64 *original);

/* Whether the memory behind iova is aligned to 8 bytes. */
bool rodp_mr_aligned(const struct rodp_mr *mr, u64 iova);

/*
 * Ask for [iova, iova + bytes) to become present, see odp/fault.h. The range lies
 * within the MR; the MR is of kind ODP (no other kind misses).
 */
int rodp_mr_fault(struct rodp_mr *mr, u64 iova, u64 bytes, bool write,
		  struct rodp_fault_waiter *waiter);

/*
 * A prefetch of [iova, iova + bytes), which lies within the MR; see odp/prefetch.h. The MR
 * is of kind ODP. Process context, sleeps.
 */
struct rodp_prefetch *rodp_mr_prefetch(struct rodp_mr *mr, u64 iova, u64 bytes,
				       enum rodp_prefetch_mode mode);

#endif
