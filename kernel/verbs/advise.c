// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ibv_advise_mr(): prefetch. All of the list is checked before any of it begins; errors as
 * ibv_advise_mr(3) has them.
 */
#include <linux/slab.h>

#include "mem/access.h"
#include "mem/on_demand.h"
#include "verbs/verbs.h"

/* How often one who waits looks whether the device is going: user space may hold the prefetch up. */
#define LOOK_JIFFIES (HZ / 10)

struct advise_batch {
	u32 count;
	struct rodp_prefetch *prefetch[];
};

static void advise_batch_free(struct advise_batch *batch)
{
	u32 i;

	for (i = 0; i < batch->count; i++)
		rodp_prefetch_put(batch->prefetch[i]);
	kvfree(batch);
}

static int advise_batch_add(struct advise_batch *batch, struct rodp_mr *mr,
			    const struct ib_sge *sge, enum rodp_prefetch_mode mode)
{
	struct rodp_prefetch *prefetch;

	if (!rodp_mr_is_on_demand(mr))
		return -EINVAL;
	prefetch = rodp_mr_prefetch(mr, sge->addr, sge->length, mode);
	if (IS_ERR(prefetch))
		return PTR_ERR(prefetch);
	batch->prefetch[batch->count++] = prefetch;
	return 0;
}

/* A key of another PD or without the right, and a range beyond the MR, are all the same error. */
static int advise_batch_add_sge(struct advise_batch *batch, struct ib_pd *pd,
				const struct ib_sge *sge, enum rodp_prefetch_mode mode)
{
	const u32 access = mode == RODP_PREFETCH_WRITE ? IB_ACCESS_LOCAL_WRITE : 0;
	struct rodp_mr *mr = rodp_mr_get(to_rodp_dev(pd->device), pd, sge->lkey, access, sge->addr,
					 sge->length);
	int err;

	if (!mr)
		return -EFAULT;
	err = advise_batch_add(batch, mr, sge, mode);
	rodp_mr_put(mr);
	return err;
}

static struct advise_batch *advise_batch_make(struct ib_pd *pd, const struct ib_sge *sg_list,
					      u32 num_sge, enum rodp_prefetch_mode mode)
{
	struct advise_batch *batch = kvzalloc(struct_size(batch, prefetch, num_sge),
					      GFP_KERNEL_ACCOUNT);
	int err = 0;
	u32 i;

	if (!batch)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < num_sge && !err; i++)
		err = advise_batch_add_sge(batch, pd, &sg_list[i], mode);
	if (!err)
		return batch;
	advise_batch_free(batch);
	return ERR_PTR(err);
}

static int advise_batch_start(struct advise_batch *batch)
{
	int err = 0;
	u32 i;

	for (i = 0; i < batch->count && !err; i++)
		err = rodp_prefetch_start(batch->prefetch[i]);
	return err;
}

static int advise_wait_one(struct rodp_dev *dev, struct rodp_prefetch *prefetch)
{
	int err;

	do {
		err = rodp_prefetch_wait(prefetch, LOOK_JIFFIES);
		if (err == -ETIMEDOUT && rodp_dev_is_going(dev))
			return -ENODEV;
	} while (err == -ETIMEDOUT);
	return err;
}

/* The first error, but not before all of it is over. */
static int advise_batch_wait(struct rodp_dev *dev, struct advise_batch *batch)
{
	int err = 0, one;
	u32 i;

	for (i = 0; i < batch->count && err != -EINTR && err != -ENODEV; i++) {
		one = advise_wait_one(dev, batch->prefetch[i]);
		if (!err)
			err = one;
	}
	return err;
}

static int advise_batch_run(struct ib_pd *pd, enum rodp_prefetch_mode mode, bool wait,
			    const struct ib_sge *sg_list, u32 num_sge)
{
	struct advise_batch *batch = advise_batch_make(pd, sg_list, num_sge, mode);
	int err;

	if (IS_ERR(batch))
		return PTR_ERR(batch);
	err = advise_batch_start(batch);
	if (!err && wait)
		err = advise_batch_wait(to_rodp_dev(pd->device), batch);
	advise_batch_free(batch);
	return err;
}

int rodp_advise_mr(struct ib_pd *pd, enum ib_uverbs_advise_mr_advice advice, u32 flags,
		   struct ib_sge *sg_list, u32 num_sge, struct uverbs_attr_bundle *attrs)
{
	const bool wait = flags & IB_UVERBS_ADVISE_MR_FLAG_FLUSH;
	int err = ib_no_udata_io(attrs ? &attrs->driver_udata : NULL);

	if (err)
		return err;
	if (flags & ~IB_UVERBS_ADVISE_MR_FLAG_FLUSH)
		return -EINVAL;
	switch (advice) {
	case IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH:
		return advise_batch_run(pd, RODP_PREFETCH_READ, wait, sg_list, num_sge);
	case IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_WRITE:
		return advise_batch_run(pd, RODP_PREFETCH_WRITE, wait, sg_list, num_sge);
	case IB_UVERBS_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT:
		return advise_batch_run(pd, RODP_PREFETCH_PRESENT, wait, sg_list, num_sge);
	default:
		return -EOPNOTSUPP;
	}
}
