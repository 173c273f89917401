// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device access to the memory of an MR, see access.h. */
#include <linux/indirect_call_wrapper.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "odp/access.h"
#include "odp/fault.h"
#include "mem/access.h"
#include "mem/dma.h"
#include "mem/on_demand.h"
#include "mem/persist.h"

/* The bytes of a list of pages at iova that are contiguous in kernel memory, at most max. */
static void *mem_access_listed_run(const struct rodp_mr *mr, u64 iova, size_t max, size_t *bytes)
{
	u64 pos = mr->pages.offset + (iova - mr->iova);
	size_t i = pos >> PAGE_SHIFT, run = PAGE_SIZE - offset_in_page(pos);
	void *at = mr->pages.page[i] + offset_in_page(pos);

	for (; run < max && mr->pages.page[i + 1] == mr->pages.page[i] + PAGE_SIZE; i++)
		run += PAGE_SIZE;
	*bytes = min(run, max);
	return at;
}

/* Whether the memory is a list of pages: it cannot miss, and nothing has to be asked. */
static bool mem_access_is_listed(const struct rodp_mr *mr)
{
	return !mr->ops->run && !rodp_mr_is_on_demand(mr);
}

/* The same of any MR that cannot miss. */
static void *mem_access_fixed_run(const struct rodp_mr *mr, u64 iova, size_t max, bool write,
				  size_t *bytes)
{
	if (likely(!mr->ops->run))
		return mem_access_listed_run(mr, iova, max, bytes);
	return INDIRECT_CALL_1(mr->ops->run, rodp_dma_run, mr, iova, max, write, bytes);
}

/*
 * Walks an MR run by run. next() yields the address and length of the next run
 * and holds what must be held for its copy; end() says how far the walk came.
 */
struct mem_access_walk {
	struct rodp_mr *mr;
	void *addr;
	size_t bytes;
	u64 iova;
	size_t left;
	size_t done;
	bool write;
	struct rodp_span span; /* ODP */
};

static void mem_access_walk_begin(struct mem_access_walk *walk, struct rodp_mr *mr, u64 iova,
				  size_t bytes, bool write)
{
	walk->mr = mr;
	walk->iova = iova;
	walk->left = bytes;
	walk->done = 0;
	walk->write = write;
	if (rodp_mr_is_on_demand(mr))
		rodp_span_begin(&walk->span, mr->odp.mirror, rodp_mr_va(mr, iova), bytes, write);
}

static bool mem_access_walk_next(struct mem_access_walk *walk)
{
	if (rodp_mr_is_on_demand(walk->mr)) {
		if (!rodp_span_next(&walk->span))
			return false;
		walk->addr = walk->span.addr;
		walk->bytes = walk->span.bytes;
		return true;
	}
	if (!walk->left)
		return false;
	walk->addr = mem_access_fixed_run(walk->mr, walk->iova, walk->left, walk->write,
					  &walk->bytes);
	walk->iova += walk->bytes;
	walk->left -= walk->bytes;
	walk->done += walk->bytes;
	return true;
}

static size_t mem_access_walk_end(struct mem_access_walk *walk)
{
	return rodp_mr_is_on_demand(walk->mr) ? rodp_span_end(&walk->span) : walk->done;
}

/* Whether it is memory on demand, and one page of it. */
static bool mem_access_is_in_page(const struct rodp_mr *mr, u64 iova, size_t bytes)
{
	return rodp_mr_is_on_demand(mr) &&
	       offset_in_page(rodp_mr_va(mr, iova)) + bytes <= PAGE_SIZE;
}

static ssize_t mem_access_read_listed(const struct rodp_mr *mr, u64 iova, void *dst, size_t bytes)
{
	size_t done, run;
	void *from;

	for (done = 0; done < bytes; done += run) {
		from = mem_access_listed_run(mr, iova + done, bytes - done, &run);
		if (unlikely(copy_mc_to_kernel(dst + done, from, run)))
			return -EIO;
	}
	return bytes;
}

ssize_t rodp_mr_read(struct rodp_mr *mr, u64 iova, void *dst, size_t bytes)
{
	struct mem_access_walk walk;
	bool damaged = false;
	size_t done;

	if (mem_access_is_listed(mr))
		return mem_access_read_listed(mr, iova, dst, bytes);
	if (mem_access_is_in_page(mr, iova, bytes))
		return rodp_mirror_read_page(mr->odp.mirror, rodp_mr_va(mr, iova), dst, bytes);
	mem_access_walk_begin(&walk, mr, iova, bytes, false);
	while (!damaged && mem_access_walk_next(&walk)) {
		damaged = copy_mc_to_kernel(dst, walk.addr, walk.bytes);
		dst += walk.bytes;
	}
	done = mem_access_walk_end(&walk);
	return damaged ? -EIO : (ssize_t)done;
}

static size_t mem_access_write_listed(const struct rodp_mr *mr, u64 iova, const void *src,
				      size_t bytes)
{
	size_t done, run;
	void *to;

	for (done = 0; done < bytes; done += run) {
		to = mem_access_listed_run(mr, iova + done, bytes - done, &run);
		memcpy(to, src + done, run);
	}
	return bytes;
}

size_t rodp_mr_write(struct rodp_mr *mr, u64 iova, const void *src, size_t bytes)
{
	struct mem_access_walk walk;

	if (mem_access_is_listed(mr))
		return mem_access_write_listed(mr, iova, src, bytes);
	if (mem_access_is_in_page(mr, iova, bytes))
		return rodp_mirror_write_page(mr->odp.mirror, rodp_mr_va(mr, iova), src, bytes);
	mem_access_walk_begin(&walk, mr, iova, bytes, true);
	while (mem_access_walk_next(&walk)) {
		memcpy(walk.addr, src, walk.bytes);
		src += walk.bytes;
	}
	return mem_access_walk_end(&walk);
}

/*
 * Two pieces that are seldom the same memory. memmove() would do for both, but where the CPU has no
 * fast string instructions it is a slow one, word by word in microcode. False: `from` is damaged.
 */
static bool mem_access_copy_run(void *to, const void *from, size_t bytes)
{
	if (likely(to >= from + bytes || from >= to + bytes))
		return !copy_mc_to_kernel(to, from, bytes);
	memmove(to, from, bytes);
	return true;
}

/* Between kernel memory and an MR that cannot miss. @to_mr: or from it. False: the source is damaged. */
static bool mem_access_copy_piece(struct rodp_mr *fixed, u64 iova, void *at, size_t bytes,
				  bool to_mr)
{
	size_t run;
	void *page;

	for (; bytes; bytes -= run, iova += run, at += run) {
		page = mem_access_fixed_run(fixed, iova, bytes, to_mr, &run);
		if (unlikely(!mem_access_copy_run(to_mr ? page : at, to_mr ? at : page, run)))
			return false;
	}
	return true;
}

/* The other side is no list of pages: hold the ODP MR's run, and let it follow. */
static noinline struct rodp_copied mem_access_copy_half_runs(struct rodp_mr *odp, u64 odp_iova,
							     struct rodp_mr *fixed, u64 iova,
							     size_t bytes, bool write)
{
	struct rodp_copied copied = { .src_missed = !write };
	struct rodp_span span;

	rodp_span_begin(&span, odp->odp.mirror, rodp_mr_va(odp, odp_iova), bytes, write);
	for (; !copied.damaged && rodp_span_next(&span); iova += span.bytes)
		copied.damaged = !mem_access_copy_piece(fixed, iova, span.addr, span.bytes, !write);
	copied.done = rodp_span_end(&span);
	if (unlikely(copied.damaged))
		copied.done -= span.bytes;
	return copied;
}

/* One side is an ODP MR. @write: to it, else from it. */
static struct rodp_copied mem_access_copy_half(struct rodp_mr *odp, u64 odp_iova,
					       struct rodp_mr *fixed, u64 iova, size_t bytes,
					       bool write)
{
	if (unlikely(fixed->ops->run))
		return mem_access_copy_half_runs(odp, odp_iova, fixed, iova, bytes, write);
	return rodp_mirror_copy_pages(odp->odp.mirror, rodp_mr_va(odp, odp_iova), fixed->pages.page,
				      fixed->pages.offset + (iova - fixed->iova), bytes, write);
}

static struct rodp_copied mem_access_copy_on_demand(struct rodp_mr *dst, u64 dst_iova,
						    struct rodp_mr *src, u64 src_iova, size_t bytes)
{
	return rodp_mirror_copy(dst->odp.mirror, rodp_mr_va(dst, dst_iova), src->odp.mirror,
				rodp_mr_va(src, src_iova), bytes);
}

/* A place in a list of pages. */
struct mem_access_listed {
	void *const *page;
	u32 offset; /* bytes, in that page */
};

static struct mem_access_listed mem_access_listed_at(const struct rodp_mr *mr, u64 iova)
{
	u64 pos = mr->pages.offset + (iova - mr->iova);

	return (struct mem_access_listed){ &mr->pages.page[pos >> PAGE_SHIFT],
					   offset_in_page(pos) };
}

static void mem_access_listed_step(struct mem_access_listed *at, u32 bytes)
{
	at->offset += bytes;
	at->page += at->offset >> PAGE_SHIFT;
	at->offset &= ~PAGE_MASK;
}

/* Whole pages of two lists. The same page twice is the same bytes twice. False: the source is damaged. */
static bool mem_access_copy_pages(void *const *to, void *const *from, size_t pages)
{
	for (; pages; pages--)
		if (unlikely(copy_mc_to_kernel(*to++, *from++, PAGE_SIZE)))
			return false;
	return true;
}

/* Between two lists of pages, page by page. */
static struct rodp_copied mem_access_copy_listed(struct rodp_mr *dst, u64 dst_iova,
						 struct rodp_mr *src, u64 src_iova, size_t bytes)
{
	struct mem_access_listed to = mem_access_listed_at(dst, dst_iova);
	struct mem_access_listed from = mem_access_listed_at(src, src_iova);
	struct rodp_copied copied = {};
	size_t run;

	while (copied.done < bytes) {
		run = bytes - copied.done;
		if (!(to.offset | from.offset) && run >= PAGE_SIZE) {
			run &= PAGE_MASK;
			copied.damaged = !mem_access_copy_pages(to.page, from.page,
								run >> PAGE_SHIFT);
		} else {
			run = min(PAGE_SIZE - max(to.offset, from.offset), run);
			copied.damaged = !mem_access_copy_run(*to.page + to.offset,
							      *from.page + from.offset, run);
		}
		if (unlikely(copied.damaged))
			break;
		copied.done += run;
		mem_access_listed_step(&to, run);
		mem_access_listed_step(&from, run);
	}
	return copied;
}

/* Neither side can miss, nothing is held. */
static struct rodp_copied mem_access_copy_fixed(struct rodp_mr *dst, u64 dst_iova,
						struct rodp_mr *src, u64 src_iova, size_t bytes)
{
	struct rodp_copied copied = {};
	void *to, *from;
	size_t run;

	for (; copied.done < bytes; copied.done += run) {
		from = mem_access_fixed_run(src, src_iova + copied.done, bytes - copied.done, false,
					    &run);
		to = mem_access_fixed_run(dst, dst_iova + copied.done, run, true, &run);
		copied.damaged = !mem_access_copy_run(to, from, run);
		if (unlikely(copied.damaged))
			break;
	}
	return copied;
}

struct rodp_copied rodp_mr_copy(struct rodp_mr *dst, u64 dst_iova, struct rodp_mr *src,
				u64 src_iova, size_t bytes)
{
	if (rodp_mr_is_on_demand(dst) && rodp_mr_is_on_demand(src))
		return mem_access_copy_on_demand(dst, dst_iova, src, src_iova, bytes);
	if (rodp_mr_is_on_demand(src))
		return mem_access_copy_half(src, src_iova, dst, dst_iova, bytes, false);
	if (rodp_mr_is_on_demand(dst))
		return mem_access_copy_half(dst, dst_iova, src, src_iova, bytes, true);
	if (likely(mem_access_is_listed(dst) && mem_access_is_listed(src)))
		return mem_access_copy_listed(dst, dst_iova, src, src_iova, bytes);
	return mem_access_copy_fixed(dst, dst_iova, src, src_iova, bytes);
}

/* Of the run that the walk is at. */
static bool mem_access_is_persistent(const struct mem_access_walk *walk)
{
	return rodp_mr_is_on_demand(walk->mr) ? rodp_span_is_sync(&walk->span)
					      : rodp_persist_page(walk->addr);
}

ssize_t rodp_mr_write_back(struct rodp_mr *mr, u64 iova, size_t bytes)
{
	bool persistent = true;
	struct mem_access_walk walk;
	size_t done;

	mem_access_walk_begin(&walk, mr, iova, bytes, false);
	while (persistent && mem_access_walk_next(&walk)) {
		persistent = mem_access_is_persistent(&walk);
		if (persistent)
			rodp_persist_write_back(walk.addr, walk.bytes);
	}
	done = mem_access_walk_end(&walk);
	return persistent ? (ssize_t)done : -EACCES;
}

static u64 mem_access_atomic_apply(u64 *p, enum rodp_atomic_op op, u64 compare, u64 swap_add)
{
	if (op == RODP_ATOMIC_STORE) {
		smp_store_release(p, swap_add);
		return 0;
	}
	if (op == RODP_ATOMIC_CMP_SWAP)
		return cmpxchg(p, compare, swap_add);
	return atomic64_fetch_add(swap_add, (atomic64_t *)p);
}

bool rodp_mr_atomic(struct rodp_mr *mr, u64 iova, enum rodp_atomic_op op, u64 compare, u64 swap_add,
		    u64 *original)
{
	struct mem_access_walk walk;
	bool done = false;

	mem_access_walk_begin(&walk, mr, iova, sizeof(u64), true);
	if (mem_access_walk_next(&walk) && walk.bytes == sizeof(u64) &&
	    IS_ALIGNED((uintptr_t)walk.addr, sizeof(u64))) {
		*original = mem_access_atomic_apply(walk.addr, op, compare, swap_add);
		done = true;
	}
	mem_access_walk_end(&walk);
	return done;
}

bool rodp_mr_aligned(const struct rodp_mr *mr, u64 iova)
{
	size_t bytes;
	u64 addr;

	if (rodp_mr_is_on_demand(mr))
		addr = rodp_mr_va(mr, iova);
	else
		addr = (uintptr_t)mem_access_fixed_run(mr, iova, 1, true, &bytes);
	return IS_ALIGNED(addr, sizeof(u64));
}

int rodp_mr_fault(struct rodp_mr *mr, u64 iova, u64 bytes, bool write,
		  struct rodp_fault_waiter *waiter)
{
	int err = rodp_fault_request(mr->odp.mirror, rodp_mr_va(mr, iova), bytes, write, waiter);

	if (!err)
		atomic64_inc(&mr->odp.faults);
	return err;
}

struct rodp_prefetch *rodp_mr_prefetch(struct rodp_mr *mr, u64 iova, u64 bytes,
				       enum rodp_prefetch_mode mode)
{
	return rodp_prefetch_create(mr->odp.mirror, rodp_mr_va(mr, iova), bytes, mode);
}
