/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device access to the memory of an MR: one API over all kinds of memory.
 *
 * The caller holds a reference to the MR, which rodp_mr_get() gave it for these bounds and rights.
 * Each call touches as many bytes as are present, in order, and returns how many. Fewer than asked
 * for is a miss, which only an MR on demand can have; rodp_mr_fault() asks for what is missing.
 * All lengths are in bytes. Unless said otherwise: Context: BH disabled; nothing sleeps.
 */
#ifndef RODP_MEM_ACCESS_H
#define RODP_MEM_ACCESS_H

#include <linux/minmax.h>

#include "odp/access.h"
#include "odp/prefetch.h"
#include "mem/mr.h"

struct rodp_fault_waiter;
struct sk_buff;

/**
 * rodp_mr_read() - copy from an MR to kernel memory
 * @mr: the source.
 * @iova: of the first byte in @mr.
 * @dst: the destination, not in @mr.
 * @bytes: how many.
 *
 * Return: the bytes copied from the start without a gap; or -EIO: the memory is damaged (a machine
 * check, where the machine survives it).
 */
ssize_t rodp_mr_read(struct rodp_mr *mr, u64 iova, void *dst, size_t bytes);

/**
 * rodp_mr_write() - copy from kernel memory to an MR
 * @mr: the destination.
 * @iova: of the first byte in @mr.
 * @src: the source, not in @mr.
 * @bytes: how many.
 *
 * Return: the bytes copied from the start without a gap.
 */
size_t rodp_mr_write(struct rodp_mr *mr, u64 iova, const void *src, size_t bytes);

/**
 * rodp_mr_copy() - copy from one MR to another, once a byte
 * @dst: the destination.
 * @dst_iova: of the first byte in @dst.
 * @src: the source, which may be @dst; the ranges may overlap.
 * @src_iova: of the first byte in @src.
 * @bytes: how many.
 *
 * Return: how far it came, and, if that is not all of it, why.
 */
struct rodp_copied rodp_mr_copy(struct rodp_mr *dst, u64 dst_iova, struct rodp_mr *src,
				u64 src_iova, size_t bytes);

/**
 * rodp_mr_write_back() - write an MR's bytes from the CPU's caches to persistent memory
 * @mr: an MR with IB_ACCESS_FLUSH_PERSISTENT.
 * @iova: of the first byte in @mr.
 * @bytes: how many.
 *
 * The caller issues wmb() after the last of its calls.
 *
 * Return: the bytes done from the start without a gap, or -EACCES: there is memory that is not
 * persistent.
 */
ssize_t rodp_mr_write_back(struct rodp_mr *mr, u64 iova, size_t bytes);

/**
 * rodp_mr_clip() - shorten a range so that it ends with its MR
 * @mr: the MR.
 * @iova: of the first byte; lies within @mr.
 * @bytes: the length of the range.
 *
 * Return: @bytes, or less. Context: Any.
 */
static inline u64 rodp_mr_clip(const struct rodp_mr *mr, u64 iova, u64 bytes)
{
	return min(bytes, mr->length - (iova - mr->iova));
}

/**
 * enum rodp_atomic_op - atomic operations on 8 bytes
 * @RODP_ATOMIC_CMP_SWAP: store if equal.
 * @RODP_ATOMIC_FETCH_ADD: add.
 * @RODP_ATOMIC_STORE: store; the value found is not returned.
 */
enum rodp_atomic_op {
	RODP_ATOMIC_CMP_SWAP,
	RODP_ATOMIC_FETCH_ADD,
	RODP_ATOMIC_STORE,
};

/**
 * rodp_mr_atomic() - an atomic operation, atomic towards the CPUs too
 * @mr: the MR.
 * @iova: of the 8 bytes; a multiple of 8.
 * @op: which operation.
 * @compare: what CMP_SWAP compares with. Host order, like all values here.
 * @swap_add: what is stored or added.
 * @original: becomes the value found.
 *
 * Return: true, or false: a miss, or the memory is not aligned to 8 bytes, because the MR's iova
 * and its memory differ modulo 8. rodp_mr_aligned() tells which.
 */
bool rodp_mr_atomic(struct rodp_mr *mr, u64 iova, enum rodp_atomic_op op, u64 compare, u64 swap_add,
		    u64 *original);

/**
 * rodp_mr_aligned() - whether the memory behind an iova is aligned to 8 bytes
 * @mr: the MR.
 * @iova: within @mr.
 */
bool rodp_mr_aligned(const struct rodp_mr *mr, u64 iova);

/**
 * rodp_mr_fault() - ask for a range of an MR on demand to become present
 * @mr: an MR on demand; no other misses.
 * @iova: of the first byte.
 * @bytes: the length of the range, which lies within @mr.
 * @write: whether it is to be writable.
 * @waiter: is woken when it is there, see odp/fault.h.
 *
 * Return: 0, or an error of rodp_fault_request().
 */
int rodp_mr_fault(struct rodp_mr *mr, u64 iova, u64 bytes, bool write,
		  struct rodp_fault_waiter *waiter);

/**
 * rodp_mr_prefetch() - make a prefetch of a range of an MR on demand
 * @mr: an MR on demand.
 * @iova: of the first byte.
 * @bytes: the length of the range, which lies within @mr.
 * @mode: see odp/prefetch.h.
 *
 * Context: Process, may sleep.
 * Return: the prefetch, which the caller starts and puts, or an error of rodp_prefetch_create().
 */
struct rodp_prefetch *rodp_mr_prefetch(struct rodp_mr *mr, u64 iova, u64 bytes,
				       enum rodp_prefetch_mode mode);

#endif
