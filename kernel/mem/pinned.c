// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* MRs over pinned memory, see pinned.h. */
#include <rdma/ib_umem.h>

#include "mem/pages.h"
#include "mem/persist.h"
#include "mem/pinned.h"

static int pinned_list(struct rodp_mr *mr, struct ib_umem *umem)
{
	struct sg_page_iter iter;
	size_t count, n = 0;
	int err = rodp_pages_alloc(mr, ib_umem_offset(umem), &count);

	if (err)
		return err;
	for_each_sgtable_page(&umem->sgt_append.sgt, &iter, 0) {
		if (WARN_ON_ONCE(n == count))
			break;
		mr->pages.page[n++] = page_address(sg_page_iter_page(&iter));
	}
	return 0;
}

static int pinned_take(struct rodp_mr *mr, struct ib_device *ib, u64 start)
{
	struct ib_umem *umem = ib_umem_get_va(ib, start, mr->length, mr->access);
	int err = -EINVAL;

	if (IS_ERR(umem))
		return PTR_ERR(umem);
	mr->pages.umem = umem;
	if (!(mr->access & IB_ACCESS_FLUSH_PERSISTENT) || rodp_persist_umem(umem))
		err = pinned_list(mr, umem);
	if (err)
		ib_umem_release(umem);
	return err;
}

struct rodp_mr *rodp_mr_create_pinned(struct rodp_dev *dev, struct ib_pd *pd, u64 start, u64 length,
				      u64 iova, u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&rodp_pinned_ops, pd, iova, length, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, pinned_take(mr, &dev->ib, start));
}

static void pinned_release(struct rodp_mr *mr)
{
	rodp_pages_free(mr);
	ib_umem_release(mr->pages.umem);
}

/* Whether two MRs of one length and offset are over the very same pages. */
static bool pinned_is_same(const struct rodp_mr *a, const struct rodp_mr *b)
{
	size_t count = DIV_ROUND_UP_ULL(a->pages.offset + a->length, PAGE_SIZE);

	return !memcmp(a->pages.page, b->pages.page, count * sizeof(a->pages.page[0]));
}

struct rodp_mr *rodp_mr_pin_again(struct rodp_dev *dev, struct ib_pd *pd, const struct rodp_mr *old,
				  u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&rodp_pinned_ops, pd, old->iova, old->length, access);
	int err;

	if (IS_ERR(mr))
		return mr;
	err = pinned_take(mr, &dev->ib, old->pages.umem->address);
	if (!err && !pinned_is_same(mr, old)) {
		pinned_release(mr);
		err = -EINVAL;
	}
	return rodp_mr_finish(dev, mr, err);
}

/* Pages that were pinned to be read are not written. */
static bool pinned_fits(const struct rodp_mr *mr, u32 access)
{
	return mr->pages.umem->writable || !ib_access_writable(access);
}

const struct rodp_mr_ops rodp_pinned_ops = {
	.name = "pinned",
	.release = pinned_release,
	.fits = pinned_fits,
};
