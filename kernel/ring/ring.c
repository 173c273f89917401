// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Ring memory and its mapping into processes, see ring.h. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/account.h"
#include "base/mapping.h"
#include "base/share.h"
#include "ring/ring.h"

/*
 * The memory outlives the ring while a concurrent mmap() holds the entry: the driver lets go of it
 * with the entry's last reference.
 */
struct rodp_ring_mem {
	struct rodp_mapping mapping;
	struct rodp_account *account; /* of the process's user; NULL: no limit */
	u64 charged; /* bytes beside the ring, in the same account */
	struct rodp_share *share;
	void *addr; /* of the share, in the kernel */
	bool shared; /* the mapping's entry is inserted */
};

static void ring_mem_free(struct rodp_ring_mem *mem)
{
	vunmap(mem->addr);
	rodp_share_put(mem->share);
	rodp_account_uncharge(mem->account, mem->charged);
	rodp_account_put(mem->account);
	kfree(mem);
}

static void ring_mapping_free(struct rodp_mapping *mapping)
{
	ring_mem_free(container_of(mapping, struct rodp_ring_mem, mapping));
}

static int ring_mapping_map(struct rodp_mapping *mapping, struct vm_area_struct *vma)
{
	return rodp_share_map(container_of(mapping, struct rodp_ring_mem, mapping)->share, vma);
}

/* With an account: of a process, whose memory it is. */
static int ring_mem_fill(struct rodp_ring_mem *mem, u32 pages)
{
	mem->share = rodp_share_create(pages, mem->account, NULL);
	if (IS_ERR(mem->share))
		return PTR_ERR(mem->share);
	mem->addr = vmap(rodp_share_pages(mem->share), pages, VM_MAP, PAGE_KERNEL);
	if (mem->addr)
		return 0;
	rodp_share_put(mem->share);
	return -ENOMEM;
}

static struct rodp_ring_mem *ring_mem_create(size_t bytes, bool user)
{
	struct rodp_ring_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	int err;

	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->account = user ? rodp_account_of_user(RODP_ACCOUNT_RINGS) : NULL;
	if (IS_ERR(mem->account)) {
		kfree(mem);
		return ERR_PTR(-ENOMEM);
	}
	err = ring_mem_fill(mem, bytes >> PAGE_SHIFT);
	if (!err)
		return mem;
	rodp_account_put(mem->account);
	kfree(mem);
	return ERR_PTR(err);
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
	struct rodp_ring_mem *mem;
	size_t bytes;
	int err = 0;

	BUILD_BUG_ON(sizeof(struct rodp_ring_hdr) > RODP_RING_DATA);
	if (!entries || entries > 1u << 24 || !stride)
		return -EINVAL;
	entries = roundup_pow_of_two(entries);
	bytes = PAGE_ALIGN(RODP_RING_DATA + (size_t)entries * stride);
	mem = ring_mem_create(bytes, uctx);
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	ring->mem = mem;
	ring->hdr = mem->addr;
	ring->entries = entries;
	ring->stride = stride;
	if (uctx)
		err = ring_share(ring, uctx, bytes, resp);
	if (err)
		rodp_ring_destroy(ring);
	return err;
}

int rodp_ring_try_charge(struct rodp_ring *ring, u64 bytes)
{
	int err = rodp_account_try_charge(ring->mem->account, bytes);

	if (!err)
		ring->mem->charged += bytes;
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
