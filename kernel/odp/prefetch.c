// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Prefetch, see prefetch.h. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/pool.h"
#include "odp/pools.h"
#include "odp/prefetch.h"
#include "odp/resolve.h"
#include "odp/task.h"

struct rodp_prefetch {
	refcount_t ref;
	struct list_head link; /* mirror->prefetches, under prefetch_lock */
	struct rodp_mirror *mirror; /* referenced */
	enum rodp_prefetch_mode mode;
	u64 va, end; /* what is yet to be done; va is the task's own */
	int err; /* valid once done */
	struct completion done;
};

static struct rodp_prefetch *prefetch_make(struct rodp_mirror *mirror, u64 va, u64 len,
					   enum rodp_prefetch_mode mode)
{
	struct rodp_prefetch *prefetch = kzalloc(sizeof(*prefetch), GFP_KERNEL_ACCOUNT);

	if (!prefetch)
		return ERR_PTR(-ENOMEM);
	refcount_set(&prefetch->ref, 1);
	refcount_inc(&mirror->refs);
	prefetch->mirror = mirror;
	prefetch->mode = mode;
	prefetch->va = va;
	prefetch->end = va + len;
	init_completion(&prefetch->done);
	return prefetch;
}

struct rodp_prefetch *rodp_prefetch_create(struct rodp_mirror *mirror, u64 va, u64 len,
					   enum rodp_prefetch_mode mode)
{
	struct rodp_account *account = mirror->pool->prefetches;
	struct rodp_prefetch *prefetch;

	if (rodp_account_try_charge(account, 1))
		return ERR_PTR(-EAGAIN);
	prefetch = prefetch_make(mirror, va, len, mode);
	if (IS_ERR(prefetch))
		rodp_account_uncharge(account, 1);
	return prefetch;
}

void rodp_prefetch_put(struct rodp_prefetch *prefetch)
{
	struct rodp_mirror *mirror = prefetch->mirror;

	if (!refcount_dec_and_test(&prefetch->ref))
		return;
	rodp_account_uncharge(mirror->pool->prefetches, 1);
	kfree(prefetch);
	rodp_mirror_drop(mirror);
}

/* Let the pool do what is in the list, unless it is about to. The caller has a reference. */
static void prefetch_begin(struct rodp_mirror *mirror)
{
	lockdep_assert_held(&mirror->prefetch_lock);
	if (mirror->prefetching)
		return;
	mirror->prefetching = true;
	refcount_inc(&mirror->refs);
	rodp_pools_add(mirror->pool, &mirror->prefetch);
}

int rodp_prefetch_start(struct rodp_prefetch *prefetch)
{
	struct rodp_mirror *mirror = prefetch->mirror;

	/* It can block for long and needs the module: with a reference, rmmod says so. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	refcount_inc(&prefetch->ref);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_PREFETCHES);
	spin_lock(&mirror->prefetch_lock);
	list_add_tail(&prefetch->link, &mirror->prefetches);
	prefetch_begin(mirror);
	spin_unlock(&mirror->prefetch_lock);
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

/*
 * A prefetch can take minutes. When its process is stopped or frozen, which a thread learns by a
 * signal, it goes on where it is when the process does. Returns 0, or -ERESTARTSYS for that.
 */
static int prefetch_pause(struct rodp_prefetch *prefetch, u64 va)
{
	prefetch->va = va;
	return signal_pending(current) && !fatal_signal_pending(current) ? -ERESTARTSYS : 0;
}

/* Map what the mm has in its page tables. Returns as prefetch_pause(). */
static int prefetch_present(struct rodp_prefetch *prefetch, u64 end)
{
	struct rodp_mirror *mirror = prefetch->mirror;
	u64 va = prefetch_skip_hole(mirror->mm, prefetch->va, end);
	int err = 0;

	while (!err && va < end && rodp_mirror_is_used(mirror) && !fatal_signal_pending(current)) {
		va = rodp_resolve_present(mirror, va, end);
		cond_resched();
		va = prefetch_skip_hole(mirror->mm, va, end);
		err = prefetch_pause(prefetch, va);
	}
	return err;
}

/* Map everything. Returns why not all of it could be mapped, or as prefetch_pause(). */
static int prefetch_all(struct rodp_prefetch *prefetch, u64 end)
{
	const bool write = prefetch->mode == RODP_PREFETCH_WRITE;
	struct rodp_mirror *mirror = prefetch->mirror;
	struct rodp_resolver resolver;
	int err = 0;

	rodp_resolver_init(&resolver, mirror, prefetch->va & PAGE_MASK, end, write);
	resolver.prefetch = true;
	while (!err && rodp_mirror_is_used(mirror) && rodp_resolver_next(&resolver))
		err = prefetch_pause(prefetch, resolver.va);
	return err ? err : resolver.err;
}

/* In a thread of the owner's. */
static int prefetch_map(struct rodp_prefetch *prefetch)
{
	const u64 end = min_t(u64, prefetch->end, prefetch->mirror->mm->task_size);
	int err;

	if (prefetch->mode == RODP_PREFETCH_PRESENT)
		return prefetch_present(prefetch, end);
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

static void prefetch_end(struct rodp_prefetch *prefetch, int err)
{
	prefetch->err = err;
	complete_all(&prefetch->done);
	rodp_prefetch_put(prefetch);
	/* The unloading waits for the pool, and the pool's end for this thread. */
	module_put(THIS_MODULE);
}

static void prefetch_put_back(struct rodp_prefetch *prefetch)
{
	struct rodp_mirror *mirror = prefetch->mirror;

	spin_lock(&mirror->prefetch_lock);
	list_add(&prefetch->link, &mirror->prefetches);
	spin_unlock(&mirror->prefetch_lock);
}

/* One prefetch: then other tasks have their turn. */
static void prefetch_run(struct rodp_task *task, bool alive)
{
	struct rodp_mirror *mirror = container_of(task, struct rodp_mirror, prefetch);
	struct rodp_prefetch *prefetch = prefetch_next(mirror);
	int err = -EFAULT;

	if (!prefetch)
		return;
	if (alive)
		err = prefetch_map(prefetch);
	if (err == -ERESTARTSYS)
		prefetch_put_back(prefetch);
	else
		prefetch_end(prefetch, err);
}

static void prefetch_over(struct rodp_task *task)
{
	struct rodp_mirror *mirror = container_of(task, struct rodp_mirror, prefetch);

	spin_lock(&mirror->prefetch_lock);
	mirror->prefetching = false;
	if (!list_empty(&mirror->prefetches))
		prefetch_begin(mirror);
	spin_unlock(&mirror->prefetch_lock);
	rodp_mirror_drop(mirror);
}

/* Not late: a prefetch takes as long as its pages do. */
static const struct rodp_task_ops prefetch_ops = {
	.run = prefetch_run,
	.over = prefetch_over,
};

void rodp_prefetches_init(struct rodp_mirror *mirror)
{
	spin_lock_init(&mirror->prefetch_lock);
	INIT_LIST_HEAD(&mirror->prefetches);
	mirror->prefetch.ops = &prefetch_ops;
}
