// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory regions: making, finding and ending them, see mr.h. */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "mem/key.h"
#include "mem/mr.h"

struct rodp_mr *rodp_mr_get(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access, u64 iova,
			    u64 bytes)
{
	struct rodp_mr *mr;

	rcu_read_lock();
	mr = rodp_key_lookup(dev, key);
	/* Only who has the PD may take a reference at all: see rodp_fast_invalidate(). */
	if (mr && (READ_ONCE(mr->ib.pd) != pd || !refcount_inc_not_zero(&mr->ref)))
		mr = NULL;
	rcu_read_unlock();
	if (likely(mr)) {
		smp_mb__after_atomic(); /* a reference, then the look; the other way round there */
		if (unlikely(smp_load_acquire(&mr->key) != key || mr->ib.pd != pd ||
			     (mr->access & access) != access || !rodp_mr_covers(mr, iova, bytes))) {
			rodp_mr_put(mr);
			mr = NULL;
		}
	}
	return mr;
}

void rodp_mr_put(struct rodp_mr *mr)
{
	if (refcount_dec_and_test(&mr->ref))
		complete(&mr->unused);
}

/* Of its own: kmalloc() would round a region up to nearly twice its size. */
static struct kmem_cache *mr_cache;

int rodp_mr_module_init(void)
{
	/* ib_core copies to user space from where they lie: keys, iova, length (QUERY_MR, DM_MR_REG). */
	mr_cache = kmem_cache_create_usercopy(
		"rodp_mr", sizeof(struct rodp_mr), 0, 0, offsetof(struct rodp_mr, ib.lkey),
		offsetofend(struct rodp_mr, ib.length) - offsetof(struct rodp_mr, ib.lkey), NULL);
	return mr_cache ? 0 : -ENOMEM;
}

void rodp_mr_module_exit(void)
{
	kmem_cache_destroy(mr_cache);
}

static void mr_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(mr_cache, container_of(rcu, struct rodp_mr, rcu));
}

struct rodp_mr *rodp_mr_begin(const struct rodp_mr_ops *ops, struct ib_pd *pd, u64 iova, u64 length,
			      u32 access)
{
	struct rodp_mr *mr;
	u64 end;

	if (check_add_overflow(iova, length, &end))
		return ERR_PTR(-EINVAL);
	mr = kmem_cache_zalloc(mr_cache, GFP_KERNEL_ACCOUNT);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->ops = ops;
	mr->access = access;
	mr->ib.pd = pd;
	mr->ib.iova = mr->iova = iova;
	mr->ib.length = mr->length = length;
	mr->ib.page_size = PAGE_SIZE;
	refcount_set(&mr->ref, 1);
	init_completion(&mr->unused);
	return mr;
}

static void mr_release(struct rodp_mr *mr)
{
	if (mr->ops->release)
		mr->ops->release(mr);
}

struct rodp_mr *rodp_mr_finish(struct rodp_dev *dev, struct rodp_mr *mr, int err)
{
	if (err)
		goto err_free;
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	mr_release(mr);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

/* In mr->windows. */
#define MR_CLOSED INT_MIN

bool rodp_mr_bind(struct rodp_mr *mr)
{
	return atomic_inc_unless_negative(&mr->windows);
}

void rodp_mr_unbind(struct rodp_mr *mr)
{
	atomic_dec_return_release(&mr->windows);
}

bool rodp_mr_close(struct rodp_mr *mr)
{
	return atomic_cmpxchg_acquire(&mr->windows, 0, MR_CLOSED) <= 0;
}

void rodp_mr_reopen(struct rodp_mr *mr)
{
	atomic_set_release(&mr->windows, 0);
}

/* Nobody new finds it, and those who did are done. */
static void mr_drain(struct rodp_mr *mr)
{
	WRITE_ONCE(mr->key, 0);
	rodp_mr_put(mr);
	wait_for_completion(&mr->unused);
}

void rodp_mr_change(struct rodp_mr *mr, struct ib_pd *pd, u32 access)
{
	mr_drain(mr);
	mr->ib.pd = pd;
	mr->access = access;
	reinit_completion(&mr->unused);
	smp_wmb(); /* before anybody gets a reference */
	refcount_set(&mr->ref, 1);
	smp_store_release(&mr->key, mr->ib.lkey);
	rodp_mr_reopen(mr);
}

int rodp_mr_destroy(struct rodp_dev *dev, struct rodp_mr *mr)
{
	if (!rodp_mr_close(mr))
		return -EBUSY;
	rodp_key_remove(dev, mr->ib.lkey);
	mr_drain(mr);
	mr_release(mr);
	call_rcu(&mr->rcu, mr_free_rcu);
	return 0;
}
