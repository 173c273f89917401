// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Ring memory and its mapping into processes, see ring.h. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/mapping.h"
#include "ring/ring.h"

/*
 * The memory outlives the ring while a concurrent mmap() holds the entry: it is
 * freed with the entry's last reference.
 */
struct rodp_ring_mem {
	struct rodp_mapping mapping;
	void *addr; /* vmalloc'ed */
	bool shared; /* the mapping's entry is inserted */
};

static void ring_mem_free(struct rodp_ring_mem *mem)
{
	vfree(mem->addr);
	kfree(mem);
}

static void ring_mapping_free(struct rodp_mapping *mapping)
{
	ring_mem_free(container_of(mapping, struct rodp_ring_mem, mapping));
}

static int ring_mapping_map(struct rodp_mapping *mapping, struct vm_area_struct *vma)
{
	return remap_vmalloc_range(vma, container_of(mapping, struct rodp_ring_mem, mapping)->addr,
				   0);
}

static int ring_share(struct rodp_ring *ring, struct ib_ucontext *uctx, size_t bytes,
		      struct rodp_ring_resp *resp)
{
	int err;

	ring->mem->mapping.map = ring_mapping_map;
	ring->mem->mapping.free = ring_mapping_free;
	err = rdma_user_mmap_entry_insert(uctx, &ring->mem->mapping.entry, bytes);

	if (err)
		return err;
	ring->mem->shared = true;
	resp->offset = rdma_user_mmap_get_offset(&ring->mem->mapping.entry);
	resp->length = bytes;
	resp->entries = ring->entries;
	resp->stride = ring->stride;
	return 0;
}

int rodp_ring_create(struct rodp_ring *ring, struct ib_ucontext *uctx, u32 entries, u32 stride,
		     struct rodp_ring_resp *resp)
{
	size_t bytes;
	int err = 0;

	BUILD_BUG_ON(sizeof(struct rodp_ring_hdr) > RODP_RING_DATA);
	if (!entries || entries > 1u << 24 || !stride)
		return -EINVAL;
	entries = roundup_pow_of_two(entries);
	bytes = PAGE_ALIGN(RODP_RING_DATA + (size_t)entries * stride);

	ring->mem = kzalloc(sizeof(*ring->mem), GFP_KERNEL_ACCOUNT);
	if (!ring->mem)
		return -ENOMEM;
	ring->mem->addr = vmalloc_user(bytes);
	if (!ring->mem->addr) {
		kfree(ring->mem);
		ring->mem = NULL;
		return -ENOMEM;
	}
	ring->hdr = ring->mem->addr;
	ring->entries = entries;
	ring->stride = stride;
	if (uctx)
		err = ring_share(ring, uctx, bytes, resp);
	if (err)
		rodp_ring_destroy(ring);
	return err;
}

void rodp_ring_destroy(struct rodp_ring *ring)
{
	struct rodp_ring_mem *mem = ring->mem;

	if (!mem)
		return;
	memset(ring, 0, sizeof(*ring));
	if (mem->shared)
		rdma_user_mmap_entry_remove(&mem->mapping.entry);
	else
		ring_mem_free(mem);
}
