// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Prefetch, see prefetch.h. */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/prefetch.h"
#include "odp/resolve.h"

struct rodp_prefetch {
	refcount_t ref;
	struct list_head link; /* mirror->prefetches, under prefetch_lock */
	struct rodp_mirror *mirror; /* referenced */
	enum rodp_prefetch_mode mode;
	u64 va, end;
	int err; /* valid once done */
	struct completion done;
};

struct rodp_prefetch *rodp_prefetch_create(struct rodp_mirror *mirror, u64 va, u64 len,
					   enum rodp_prefetch_mode mode)
{
	struct rodp_prefetch *prefetch = kzalloc(sizeof(*prefetch), GFP_KERNEL_ACCOUNT);

	if (!prefetch)
		return NULL;
	refcount_set(&prefetch->ref, 1);
	refcount_inc(&mirror->refs);
	prefetch->mirror = mirror;
	prefetch->mode = mode;
	prefetch->va = va;
	prefetch->end = va + len;
	init_completion(&prefetch->done);
	return prefetch;
}

void rodp_prefetch_put(struct rodp_prefetch *prefetch)
{
	struct rodp_mirror *mirror = prefetch->mirror;

	if (!refcount_dec_and_test(&prefetch->ref))
		return;
	kfree(prefetch);
	rodp_mirror_drop(mirror);
}

int rodp_prefetch_start(struct rodp_prefetch *prefetch)
{
	struct rodp_mirror *mirror = prefetch->mirror;

	/* It can block for long and needs the module: with a reference, rmmod says so. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	refcount_inc(&prefetch->ref);
	spin_lock(&mirror->prefetch_lock);
	list_add_tail(&prefetch->link, &mirror->prefetches);
	spin_unlock(&mirror->prefetch_lock);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_PREFETCHES);
	queue_work(mirror->wq, &mirror->prefetch);
	return 0;
}

int rodp_prefetch_wait(struct rodp_prefetch *prefetch, unsigned long jiffies)
{
	long left = wait_for_completion_killable_timeout(&prefetch->done, jiffies);

	if (left < 0)
		return -EINTR;
	return left ? prefetch->err : -ETIMEDOUT;
}

/* The next VA from va on where there is a VMA; end, if there is none before it. */
static u64 prefetch_skip_hole(struct mm_struct *mm, u64 va, u64 end)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, va);
	va = vma ? clamp_t(u64, vma->vm_start, va, end) : end;
	mmap_read_unlock(mm);
	return va;
}

/* Map what the mm has in its page tables. */
static void prefetch_present(struct rodp_prefetch *prefetch, u64 end)
{
	struct rodp_mirror *mirror = prefetch->mirror;
	u64 va = prefetch_skip_hole(mirror->mm, prefetch->va, end);

	while (va < end && rodp_mirror_is_used(mirror)) {
		va = rodp_resolve_present(mirror, va, end);
		cond_resched();
		va = prefetch_skip_hole(mirror->mm, va, end);
	}
}

/* Map everything. Returns why not all of it could be mapped. */
static int prefetch_all(struct rodp_prefetch *prefetch, u64 end)
{
	const bool write = prefetch->mode == RODP_PREFETCH_WRITE;
	struct rodp_mirror *mirror = prefetch->mirror;
	struct rodp_resolver resolver;

	rodp_resolver_init(&resolver, mirror, prefetch->va & PAGE_MASK, end, write);
	resolver.prefetch = true;
	while (rodp_mirror_is_used(mirror) && rodp_resolver_next(&resolver))
		;
	return resolver.err;
}

/* The users of the mm are referenced. */
static int prefetch_run(struct rodp_prefetch *prefetch)
{
	const u64 end = min_t(u64, prefetch->end, prefetch->mirror->mm->task_size);
	int err;

	if (prefetch->mode == RODP_PREFETCH_PRESENT) {
		prefetch_present(prefetch, end);
		return 0;
	}
	err = prefetch_all(prefetch, end);
	if (!err && prefetch->end > end)
		err = -EFAULT;
	return err;
}

static struct rodp_prefetch *prefetch_next(struct rodp_mirror *mirror)
{
	struct rodp_prefetch *prefetch;

	spin_lock(&mirror->prefetch_lock);
	prefetch = list_first_entry_or_null(&mirror->prefetches, struct rodp_prefetch, link);
	if (prefetch)
		list_del(&prefetch->link);
	spin_unlock(&mirror->prefetch_lock);
	return prefetch;
}

static void prefetch_one(struct rodp_prefetch *prefetch)
{
	struct mm_struct *mm = prefetch->mirror->mm;

	prefetch->err = -EFAULT;
	if (mmget_not_zero(mm)) {
		prefetch->err = prefetch_run(prefetch);
		/* Not mmput(): the last one tears the mm down, and with it waits for callbacks. */
		mmput_async(mm);
	}
	complete_all(&prefetch->done);
	rodp_prefetch_put(prefetch);
	module_put(THIS_MODULE);
}

/* Each prefetch references the mirror, whose tear-down waits for this function. */
static void prefetch_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, prefetch);
	struct rodp_prefetch *prefetch;

	while ((prefetch = prefetch_next(mirror)))
		prefetch_one(prefetch);
}

void rodp_prefetches_init(struct rodp_mirror *mirror)
{
	spin_lock_init(&mirror->prefetch_lock);
	INIT_LIST_HEAD(&mirror->prefetches);
	INIT_WORK(&mirror->prefetch, prefetch_work);
}
