// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of memory regions. */
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>

#include "mem/dma.h"
#include "mem/fast.h"
#include "mem/null.h"
#include "mem/on_demand.h"
#include "mem/pinned.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* Rights that an MR may have. */
#define REGION_ACCESS                                                                            \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |                \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_MW_BIND | IB_ACCESS_ON_DEMAND | IB_ACCESS_HUGETLB | \
	 IB_ACCESS_FLUSH_GLOBAL | IB_ACCESS_FLUSH_PERSISTENT | IB_ACCESS_OPTIONAL)

/* The VA behind the hugetlbfs mapping that va is in; 0 when it is in none. */
static u64 region_hugetlb_end(u64 va)
{
	struct vm_area_struct *vma;

	mmap_assert_locked(current->mm);
	vma = vma_lookup(current->mm, va);
	return vma && is_vm_hugetlb_page(vma) ? vma->vm_end : 0;
}

/* The same of mappings with MAP_SYNC. */
static u64 region_sync_end(u64 va)
{
	struct vm_area_struct *vma;

	mmap_assert_locked(current->mm);
	vma = vma_lookup(current->mm, va);
	return vma && (vma->vm_flags & VM_SYNC) ? vma->vm_end : 0;
}

/* Whether all of [start, start + length) is in such mappings now. */
static bool region_is_mapped(u64 start, u64 length, u64 (*mapping_end)(u64 va))
{
	u64 va = start;

	if (length > U64_MAX - start)
		return false;
	mmap_read_lock(current->mm);
	do
		va = mapping_end(va);
	while (va && va < start + length);
	mmap_read_unlock(current->mm);
	return va;
}

/*
 * What HUGETLB promises: an on-demand region, all of it in hugetlbfs mappings. The pages
 * themselves may come later, and the mapping may go: then accesses find that out. So it is
 * with an on-demand region whose memory is to be persistent.
 */
static int region_check_mappings(u64 start, u64 length, int access)
{
	const bool on_demand = access & IB_ACCESS_ON_DEMAND;

	if ((access & IB_ACCESS_HUGETLB) &&
	    (!on_demand || !region_is_mapped(start, length, region_hugetlb_end)))
		return -EINVAL;
	if ((access & IB_ACCESS_FLUSH_PERSISTENT) && on_demand &&
	    !region_is_mapped(start, length, region_sync_end))
		return -EINVAL;
	return 0;
}

/* The driver's part of the request: 0 if there is none. */
static int region_read_request(struct ib_udata *udata, u32 *flags)
{
	struct rodp_reg_mr req = {};
	int err = 0;

	if (udata->inlen)
		err = ib_copy_validate_udata_in(udata, req, reserved);
	if (!err && (req.reserved || (req.flags & ~RODP_REG_MR_NULL)))
		err = -EOPNOTSUPP;
	*flags = req.flags;
	if (err)
		return err;
	return ib_respond_empty_udata(udata);
}

/* With checked rights. ERR_PTR or an MR of current's memory. */
static struct ib_mr *region_create(struct ib_pd *pd, u64 start, u64 length, u64 iova, int access,
				   struct ib_udata *udata)
{
	struct rodp_dev *dev = to_rodp_dev(pd->device);
	struct rodp_ucontext *uctx;
	struct rodp_mr *mr;
	int err = region_check_mappings(start, length, access);

	if (err)
		return ERR_PTR(err);
	if (access & IB_ACCESS_ON_DEMAND) {
		uctx = rdma_udata_to_drv_context(udata, struct rodp_ucontext, ib);
		mr = rodp_mr_create_odp(dev, pd, &uctx->mirrors, start, length, iova, access);
	} else {
		mr = rodp_mr_create_pinned(dev, pd, start, length, iova, access);
	}
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

struct ib_mr *rodp_reg_user_mr(struct ib_pd *pd, u64 start, u64 length, u64 iova, int access,
			       struct ib_dmah *dmah, struct ib_udata *udata)
{
	struct rodp_mr *mr;
	u32 flags;
	int err = region_read_request(udata, &flags);

	if (err)
		return ERR_PTR(err);
	if ((access & ~REGION_ACCESS) || (dmah && (access & IB_ACCESS_ON_DEMAND)))
		return ERR_PTR(-EOPNOTSUPP);
	if (!(flags & RODP_REG_MR_NULL))
		return region_create(pd, start, length, iova, access, udata);
	if (start || iova || access != IB_ACCESS_LOCAL_WRITE)
		return ERR_PTR(-EINVAL);
	mr = rodp_mr_create_null(to_rodp_dev(pd->device), pd, access);
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

/* Rights that the memory can have as it is: what its kind is, stays. */
static bool region_rights_fit(const struct rodp_mr *mr, int access)
{
	if ((access ^ mr->access) & (IB_ACCESS_ON_DEMAND | IB_ACCESS_HUGETLB))
		return false;
	if (access & ~mr->access & IB_ACCESS_FLUSH_PERSISTENT)
		return false;
	return mr->ops->fits(mr, access);
}

/* Another MR over the same pinned memory, which is the caller's own. */
static struct ib_mr *region_pin_again(struct rodp_mr *mr, struct ib_pd *pd, int access)
{
	struct rodp_mr *again;

	if (!rodp_mr_is_pinned(mr) || (access & (IB_ACCESS_ON_DEMAND | IB_ACCESS_HUGETLB)))
		return ERR_PTR(-EOPNOTSUPP);
	if (mr->pages.umem->owning_mm != current->mm)
		return ERR_PTR(-EACCES);
	again = rodp_mr_pin_again(to_rodp_dev(pd->device), pd, mr, access);
	return IS_ERR(again) ? ERR_CAST(again) : &again->ib;
}

/*
 * New memory means a new MR, with a new key; the core destroys the old one. Anything else
 * changes the MR that there is. If it fails the MR is as before.
 */
struct ib_mr *rodp_rereg_user_mr(struct ib_mr *ib, int flags, u64 start, u64 length, u64 iova,
				 int access, struct ib_pd *pd, struct ib_udata *udata)
{
	struct rodp_mr *mr = to_rodp_mr(ib);
	struct ib_mr *new = NULL;
	int err = ib_no_udata_io(udata);

	if (err)
		return ERR_PTR(err);
	if (!(flags & IB_MR_REREG_ACCESS))
		access = mr->access;
	if ((flags & ~IB_MR_REREG_SUPPORTED) || (access & ~REGION_ACCESS) || !mr->ops->fits)
		return ERR_PTR(-EOPNOTSUPP);
	if (!rodp_mr_close(mr))
		return ERR_PTR(-EBUSY);
	if (flags & IB_MR_REREG_TRANS)
		new = region_create(pd, start, length, iova, access, udata);
	else if (!region_rights_fit(mr, access))
		new = region_pin_again(mr, pd, access);
	else
		rodp_mr_change(mr, pd, access);
	if (IS_ERR(new))
		rodp_mr_reopen(mr);
	return new;
}

/* What __ib_alloc_pd() makes a kernel consumer's local_dma_lkey of. */
struct ib_mr *rodp_get_dma_mr(struct ib_pd *pd, int access)
{
	struct rodp_mr *mr = rodp_mr_create_dma(to_rodp_dev(pd->device), pd, access);

	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

struct ib_mr *rodp_alloc_mr(struct ib_pd *pd, enum ib_mr_type type, u32 max_pages)
{
	struct rodp_mr *mr;

	if (type != IB_MR_TYPE_MEM_REG)
		return ERR_PTR(-EOPNOTSUPP);
	mr = rodp_fast_create(to_rodp_dev(pd->device), pd, max_pages);
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

static int region_add_page(struct ib_mr *ib, u64 addr)
{
	return rodp_fast_add_page(to_rodp_mr(ib), addr);
}

/* Any context. The key may be in force: what is listed here counts from the next REG_MR on. */
int rodp_map_mr_sg(struct ib_mr *ib, struct scatterlist *sg, int nents, unsigned int *offset)
{
	struct rodp_mr *mr = to_rodp_mr(ib);

	if (!rodp_mr_is_fast(mr) || ib->page_size != PAGE_SIZE)
		return -EINVAL;
	rodp_fast_begin_list(mr);
	return ib_sg_to_pages(ib, sg, nents, offset, region_add_page);
}

int rodp_dereg_mr(struct ib_mr *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	return rodp_mr_destroy(to_rodp_dev(ib->device), to_rodp_mr(ib));
}
