// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device memory, see dm.h. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "mem/dm.h"
#include "mem/export.h"
#include "mem/pages.h"

/* Lives as long as somebody is about to map it; mapped pages live on their own. */
struct rodp_dm_mem {
	struct rodp_mapping mapping;
	u32 pages;
	struct page *page[];
};

static void dm_mem_free(struct rodp_mapping *mapping)
{
	struct rodp_dm_mem *mem = container_of(mapping, struct rodp_dm_mem, mapping);
	u32 i;

	for (i = 0; i < mem->pages && mem->page[i]; i++)
		__free_page(mem->page[i]);
	kvfree(mem);
}

static int dm_mem_map(struct rodp_mapping *mapping, struct vm_area_struct *vma)
{
	struct rodp_dm_mem *mem = container_of(mapping, struct rodp_dm_mem, mapping);

	return vm_map_pages_zero(vma, mem->page, mem->pages);
}

static struct rodp_dm_mem *dm_mem_create(u32 pages)
{
	struct rodp_dm_mem *mem = kvzalloc(struct_size(mem, page, pages), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!mem)
		return NULL;
	mem->mapping.map = dm_mem_map;
	mem->mapping.free = dm_mem_free;
	mem->pages = pages;
	for (i = 0; i < pages; i++) {
		mem->page[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!mem->page[i]) {
			dm_mem_free(&mem->mapping);
			return NULL;
		}
	}
	return mem;
}

/* Take, or give back with a negative number, pages of what the device may have. */
static bool dm_reserve(struct rodp_dev *dev, long pages)
{
	if (atomic_long_add_return(pages, &dev->dm_pages) <= RODP_MAX_DM >> PAGE_SHIFT)
		return true;
	atomic_long_sub(pages, &dev->dm_pages);
	return false;
}

struct rodp_dm *rodp_dm_create(struct rodp_dev *dev, struct ib_ucontext *uctx, u64 length,
			       struct rodp_alloc_dm_resp *resp)
{
	u32 pages = DIV_ROUND_UP_ULL(min_t(u64, length, RODP_MAX_DM + 1ull), PAGE_SIZE);
	struct rodp_dm *dm;
	int err = -ENOMEM;

	if (!length)
		return ERR_PTR(-EINVAL);
	if (!dm_reserve(dev, pages))
		return ERR_PTR(-ENOMEM);
	dm = kzalloc(sizeof(*dm), GFP_KERNEL_ACCOUNT);
	if (!dm)
		goto err_reserve;
	dm->dev = dev;
	dm->mem = dm_mem_create(pages);
	if (!dm->mem)
		goto err_free;
	err = rdma_user_mmap_entry_insert(uctx, &dm->mem->mapping.entry, (u64)pages << PAGE_SHIFT);
	if (err)
		goto err_mem;
	rodp_dm_mapping(dm, resp);
	return dm;

err_mem:
	dm_mem_free(&dm->mem->mapping);
err_free:
	kfree(dm);
err_reserve:
	atomic_long_sub(pages, &dev->dm_pages);
	return ERR_PTR(err);
}

void rodp_dm_destroy(struct rodp_dm *dm)
{
	atomic_long_sub(dm->mem->pages, &dm->dev->dm_pages);
	rdma_user_mmap_entry_remove(&dm->mem->mapping.entry);
	kfree(dm);
}

void rodp_dm_mapping(const struct rodp_dm *dm, struct rodp_alloc_dm_resp *resp)
{
	resp->length = (u64)dm->mem->pages << PAGE_SHIFT;
	resp->offset = rdma_user_mmap_get_offset(&dm->mem->mapping.entry);
}

struct dma_buf *rodp_dm_export(const struct rodp_dm *dm)
{
	return rodp_export_pages(dm->mem->page, dm->mem->pages);
}

static const struct rodp_mr_ops dm_ops = {
	.name = "device",
	.release = rodp_pages_free,
};

static int dm_list(struct rodp_mr *mr, const struct rodp_dm *dm, u64 offset)
{
	struct page *const *page = &dm->mem->page[offset >> PAGE_SHIFT];
	size_t count, i; /* may be none */
	int err = rodp_pages_alloc(mr, offset, &count);

	if (err)
		return err;
	for (i = 0; i < count; i++)
		mr->pages.page[i] = page_address(page[i]);
	return 0;
}

struct rodp_mr *rodp_mr_create_dm(struct rodp_dev *dev, struct ib_pd *pd, const struct rodp_dm *dm,
				  u64 offset, u64 length, u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&dm_ops, pd, 0, length, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, dm_list(mr, dm, offset));
}
