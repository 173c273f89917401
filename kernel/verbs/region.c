// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of memory regions. */
#include <linux/hugetlb_inline.h>
#include <linux/mm.h>

#include "../mem/mr.h"
#include "verbs.h"

/* Rights that an MR may have. */
#define REGION_ACCESS                                                                            \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |                \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_MW_BIND | IB_ACCESS_ON_DEMAND | IB_ACCESS_HUGETLB | \
	 IB_ACCESS_OPTIONAL)

/* mmap lock held. The VA behind the hugetlbfs mapping that va is in; 0 when it is in none. */
static u64 hugetlb_end(u64 va)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, va);

	return vma && is_vm_hugetlb_page(vma) ? vma->vm_end : 0;
}

/*
 * What HUGETLB promises: an on-demand region, all of it in hugetlbfs mappings. The pages
 * themselves may come later, and the mapping may go: then accesses find that out.
 */
static int check_hugetlb(u64 start, u64 length, int access)
{
	u64 va = start;

	if (!(access & IB_ACCESS_HUGETLB))
		return 0;
	if (!(access & IB_ACCESS_ON_DEMAND) || length > U64_MAX - start)
		return -EINVAL;
	mmap_read_lock(current->mm);
	do
		va = hugetlb_end(va);
	while (va && va < start + length);
	mmap_read_unlock(current->mm);
	return va ? 0 : -EINVAL;
}

struct ib_mr *rodp_reg_user_mr(struct ib_pd *pd, u64 start, u64 length, u64 iova, int access,
			       struct ib_dmah *dmah, struct ib_udata *udata)
{
	struct rodp_dev *dev = to_rodp_dev(pd->device);
	struct rodp_ucontext *uctx;
	struct rodp_mr *mr;
	int err = ib_no_udata_io(udata);

	if (err)
		return ERR_PTR(err);
	if (dmah || (access & ~REGION_ACCESS))
		return ERR_PTR(-EOPNOTSUPP);
	err = check_hugetlb(start, length, access);
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

/* What __ib_alloc_pd() makes a kernel consumer's local_dma_lkey of. */
struct ib_mr *rodp_get_dma_mr(struct ib_pd *pd, int access)
{
	struct rodp_mr *mr = rodp_mr_create_dma(to_rodp_dev(pd->device), pd, access);

	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

int rodp_dereg_mr(struct ib_mr *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	return rodp_mr_destroy(to_rodp_dev(ib->device), to_rodp_mr(ib));
}
