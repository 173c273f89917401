// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device memory, see dm.h. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/account.h"
#include "base/share.h"
#include "mem/dm.h"
#include "mem/export.h"
#include "mem/pages.h"

/* Lives as long as somebody is about to map it; pages that others have live on their own. */
struct rodp_dm_mem {
	struct rodp_mapping mapping;
	struct rodp_share *share;
};

static void dm_mem_free(struct rodp_mapping *mapping)
{
	struct rodp_dm_mem *mem = container_of(mapping, struct rodp_dm_mem, mapping);

	rodp_share_put(mem->share);
	kfree(mem);
}

static int dm_mem_map(struct rodp_mapping *mapping, struct vm_area_struct *vma)
{
	return rodp_share_map(container_of(mapping, struct rodp_dm_mem, mapping)->share, vma);
}

/* Of what the device may have, and the user. */
static struct rodp_share *dm_share_create(struct rodp_dev *dev, u32 pages)
{
	struct rodp_account *user = rodp_account_of_user(RODP_ACCOUNT_DM);
	struct rodp_share *share;

	if (IS_ERR(user))
		return ERR_CAST(user);
	share = rodp_share_create(pages, user, dev->dm);
	rodp_account_put(user);
	return share;
}

static struct rodp_dm_mem *dm_mem_create(struct rodp_dev *dev, u32 pages)
{
	struct rodp_dm_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	int err;

	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->mapping.map = dm_mem_map;
	mem->mapping.free = dm_mem_free;
	mem->share = dm_share_create(dev, pages);
	if (!IS_ERR(mem->share))
		return mem;
	err = PTR_ERR(mem->share);
	kfree(mem);
	return ERR_PTR(err);
}

struct rodp_dm *rodp_dm_create(struct rodp_dev *dev, struct ib_ucontext *uctx, u64 length,
			       struct rodp_alloc_dm_resp *resp)
{
	u32 pages = DIV_ROUND_UP_ULL(min_t(u64, length, RODP_MAX_DM + 1ull), PAGE_SIZE);
	struct rodp_dm *dm;
	int err;

	if (!length)
		return ERR_PTR(-EINVAL);
	dm = kzalloc(sizeof(*dm), GFP_KERNEL_ACCOUNT);
	if (!dm)
		return ERR_PTR(-ENOMEM);
	dm->mem = dm_mem_create(dev, pages);
	if (IS_ERR(dm->mem)) {
		err = PTR_ERR(dm->mem);
		goto err_free;
	}
	err = rdma_user_mmap_entry_insert(uctx, &dm->mem->mapping.entry, (u64)pages << PAGE_SHIFT);
	if (err)
		goto err_mem;
	rodp_dm_mapping(dm, resp);
	return dm;

err_mem:
	dm_mem_free(&dm->mem->mapping);
err_free:
	kfree(dm);
	return ERR_PTR(err);
}

void rodp_dm_destroy(struct rodp_dm *dm)
{
	rdma_user_mmap_entry_remove(&dm->mem->mapping.entry);
	kfree(dm);
}

void rodp_dm_mapping(const struct rodp_dm *dm, struct rodp_alloc_dm_resp *resp)
{
	resp->length = (u64)rodp_share_count(dm->mem->share) << PAGE_SHIFT;
	resp->offset = rdma_user_mmap_get_offset(&dm->mem->mapping.entry);
}

struct dma_buf *rodp_dm_export(const struct rodp_dm *dm)
{
	return rodp_export_pages(rodp_share_pages(dm->mem->share),
				 rodp_share_count(dm->mem->share));
}

static const struct rodp_mr_ops dm_ops = {
	.name = "device",
	.release = rodp_pages_free,
};

static int dm_list(struct rodp_mr *mr, const struct rodp_dm *dm, u64 offset)
{
	struct page **page = rodp_share_pages(dm->mem->share) + (offset >> PAGE_SHIFT);
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
