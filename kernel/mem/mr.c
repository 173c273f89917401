// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory regions: making, finding and ending them, see mr.h. */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <rdma/ib_umem.h>

#include "odp/mirror.h"
#include "mem/dm.h"
#include "mem/dmabuf.h"
#include "mem/key.h"
#include "mem/mr.h"
#include "mem/persist.h"

bool rodp_mr_covers(const struct rodp_mr *mr, u64 iova, u64 bytes)
{
	return iova >= mr->iova && bytes <= mr->length && iova - mr->iova <= mr->length - bytes;
}

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

static struct rodp_mr *mr_alloc(struct ib_pd *pd, enum rodp_mr_kind kind, u64 length, u64 iova,
				u32 access)
{
	struct rodp_mr *mr = kmem_cache_zalloc(mr_cache, GFP_KERNEL_ACCOUNT);

	if (!mr)
		return NULL;
	mr->kind = kind;
	mr->access = access;
	mr->ib.pd = pd;
	mr->ib.iova = mr->iova = iova;
	mr->ib.length = mr->length = length;
	mr->ib.page_size = PAGE_SIZE;
	refcount_set(&mr->ref, 1);
	init_completion(&mr->unused);
	return mr;
}

/* Neither the memory nor its image for peers may reach past 2^64. */
static bool mr_range_wraps(u64 start, u64 length, u64 iova)
{
	u64 end;

	return check_add_overflow(start, length, &end) || check_add_overflow(iova, length, &end);
}

struct rodp_mr *rodp_mr_create_odp(struct rodp_dev *dev, struct ib_pd *pd,
				   struct rodp_mirror_set *set, u64 start, u64 length, u64 iova,
				   u32 access)
{
	struct rodp_mr *mr;
	int err;

	if (mr_range_wraps(start, length, iova))
		return ERR_PTR(-EINVAL);
	mr = mr_alloc(pd, RODP_MR_ODP, length, iova, access);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->odp.va = start;
	mr->odp.set = set;
	mr->odp.mirror = rodp_mirror_get(set, dev->stats);
	if (IS_ERR(mr->odp.mirror)) {
		err = PTR_ERR(mr->odp.mirror);
		goto err_free;
	}
	rodp_tally_watch(rodp_mirror_tally(mr->odp.mirror), &mr->odp.view, start, length);
	err = rodp_key_assign(dev, mr);
	if (err)
		goto err_mirror;
	return mr;

err_mirror:
	rodp_tally_unwatch(rodp_mirror_tally(mr->odp.mirror), &mr->odp.view);
	rodp_mirror_put(set, mr->odp.mirror);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

/* The kernel address of each page of a pinned region. */
static int pinned_list_pages(struct rodp_mr *mr)
{
	struct ib_umem *umem = mr->pinned.umem;
	size_t npages = ib_umem_num_pages(umem), n = 0;
	struct sg_page_iter iter;

	mr->pinned.offset = ib_umem_offset(umem);
	mr->pinned.page = kvmalloc_array(npages, sizeof(void *), GFP_KERNEL_ACCOUNT);
	if (!mr->pinned.page)
		return -ENOMEM;
	for_each_sgtable_page(&umem->sgt_append.sgt, &iter, 0) {
		if (WARN_ON_ONCE(n == npages))
			break;
		mr->pinned.page[n++] = page_address(sg_page_iter_page(&iter));
	}
	return 0;
}

struct rodp_mr *rodp_mr_create_pinned(struct rodp_dev *dev, struct ib_pd *pd, u64 start, u64 length,
				      u64 iova, u32 access)
{
	struct rodp_mr *mr;
	int err;

	if (mr_range_wraps(start, length, iova))
		return ERR_PTR(-EINVAL);
	mr = mr_alloc(pd, RODP_MR_PINNED, length, iova, access);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->pinned.umem = ib_umem_get_va(&dev->ib, start, length, access);
	if (IS_ERR(mr->pinned.umem)) {
		err = PTR_ERR(mr->pinned.umem);
		goto err_free;
	}
	err = -EINVAL;
	if ((access & IB_ACCESS_FLUSH_PERSISTENT) && !rodp_persist_umem(mr->pinned.umem))
		goto err_umem;
	err = pinned_list_pages(mr);
	if (err)
		goto err_umem;
	err = rodp_key_assign(dev, mr);
	if (err)
		goto err_pages;
	return mr;

err_pages:
	kvfree(mr->pinned.page);
err_umem:
	ib_umem_release(mr->pinned.umem);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

struct rodp_mr *rodp_mr_create_dma(struct rodp_dev *dev, struct ib_pd *pd, u32 access)
{
	struct rodp_mr *mr = mr_alloc(pd, RODP_MR_DMA, U64_MAX, 0, access);
	int err;

	if (!mr)
		return ERR_PTR(-ENOMEM);
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

struct rodp_mr *rodp_mr_create_null(struct rodp_dev *dev, struct ib_pd *pd, u32 access)
{
	struct rodp_mr *mr = mr_alloc(pd, RODP_MR_NULL, U64_MAX, 0, access);
	int err;

	if (!mr)
		return ERR_PTR(-ENOMEM);
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

struct rodp_mr *rodp_mr_create_dm(struct rodp_dev *dev, struct ib_pd *pd, struct rodp_dm *dm,
				  u64 offset, u64 length, u32 access)
{
	struct rodp_mr *mr = mr_alloc(pd, RODP_MR_DM, length, 0, access);
	u32 first = offset >> PAGE_SHIFT, i;
	int err = -ENOMEM;

	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->pinned.offset = offset_in_page(offset);
	mr->pinned.pages = DIV_ROUND_UP(mr->pinned.offset + length, PAGE_SIZE); /* may be none */
	mr->pinned.page = kvmalloc_array(mr->pinned.pages, sizeof(void *), GFP_KERNEL_ACCOUNT);
	if (!mr->pinned.page)
		goto err_free;
	for (i = 0; i < mr->pinned.pages; i++)
		mr->pinned.page[i] = rodp_dm_page(dm, first + i);
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	kvfree(mr->pinned.page);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

/* The kernel address of each page from offset on, which need not begin one. */
static int dmabuf_list_pages(struct rodp_mr *mr, u64 offset)
{
	void *first = rodp_dmabuf_addr(mr->pinned.dmabuf) + (offset & PAGE_MASK);
	size_t pages, i;

	mr->pinned.offset = offset_in_page(offset);
	pages = DIV_ROUND_UP_ULL(mr->pinned.offset + mr->length, PAGE_SIZE);
	mr->pinned.page = kvmalloc_array(pages, sizeof(void *), GFP_KERNEL_ACCOUNT);
	if (!mr->pinned.page)
		return -ENOMEM;
	for (i = 0; i < pages; i++)
		mr->pinned.page[i] = first + i * PAGE_SIZE;
	return 0;
}

struct rodp_mr *rodp_mr_create_dmabuf(struct rodp_dev *dev, struct ib_pd *pd, int fd, u64 offset,
				      u64 length, u64 iova, u32 access)
{
	struct rodp_mr *mr;
	int err;

	if (mr_range_wraps(offset, length, iova))
		return ERR_PTR(-EINVAL);
	mr = mr_alloc(pd, RODP_MR_DMABUF, length, iova, access);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->pinned.dmabuf = rodp_dmabuf_get(fd, offset, length);
	if (IS_ERR(mr->pinned.dmabuf)) {
		err = PTR_ERR(mr->pinned.dmabuf);
		goto err_free;
	}
	err = dmabuf_list_pages(mr, offset);
	if (err)
		goto err_dmabuf;
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	kvfree(mr->pinned.page);
err_dmabuf:
	rodp_dmabuf_put(mr->pinned.dmabuf);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

struct rodp_mr *rodp_mr_create_fast(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages)
{
	struct rodp_mr *mr = mr_alloc(pd, RODP_MR_FAST, 0, 0, 0);
	int err = -ENOMEM;

	if (!mr)
		return ERR_PTR(-ENOMEM);
	mr->pinned.max_pages = max_pages;
	mr->pinned.page = kvmalloc_array(2 * max_pages, sizeof(void *), GFP_KERNEL);
	if (!mr->pinned.page)
		goto err_free;
	err = rodp_key_assign(dev, mr);
	if (!err)
		return mr;
	kvfree(mr->pinned.page);
err_free:
	kmem_cache_free(mr_cache, mr);
	return ERR_PTR(err);
}

static void mr_release_memory(struct rodp_mr *mr)
{
	switch (mr->kind) {
	case RODP_MR_PINNED:
		kvfree(mr->pinned.page);
		ib_umem_release(mr->pinned.umem);
		break;
	case RODP_MR_ODP:
		rodp_tally_unwatch(rodp_mirror_tally(mr->odp.mirror), &mr->odp.view);
		rodp_mirror_put(mr->odp.set, mr->odp.mirror);
		break;
	case RODP_MR_DMABUF:
		kvfree(mr->pinned.page);
		rodp_dmabuf_put(mr->pinned.dmabuf);
		break;
	case RODP_MR_FAST:
	case RODP_MR_DM:
		kvfree(mr->pinned.page);
		break;
	case RODP_MR_DMA:
	case RODP_MR_NULL:
		break;
	}
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
	mr_release_memory(mr);
	call_rcu(&mr->rcu, mr_free_rcu);
	return 0;
}
