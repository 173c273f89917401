/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The ODP room's part of the compat layer: faulting a range with HMM.
 *
 * RODP_HAVE_HMM_UNLOCKED (probe): hmm_range_fault_unlocked_timeout() exists. It
 * takes the mmap lock itself and lets fault handlers drop it, which userfaultfd
 * needs. Without it a range behind such a handler fails with -EFAULT and the
 * handler is not called, see rodp_hmm_fault_slowly().
 */
#ifndef RODP_COMPAT_ODP_H
#define RODP_COMPAT_ODP_H

#include <linux/hmm.h>
#include <linux/jiffies.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/userfaultfd_k.h>

#ifndef RODP_HAVE_LIST_LRU_OBJ
static inline bool list_lru_add_obj(struct list_lru *lru, struct list_head *item)
{
	return list_lru_add(lru, item);
}

static inline bool list_lru_del_obj(struct list_lru *lru, struct list_head *item)
{
	return list_lru_del(lru, item);
}
#endif

/* Defines name() for list_lru_shrink_walk(), which calls fn(item, list, arg). */
#ifdef RODP_HAVE_LIST_LRU_CB3
#define RODP_LRU_WALK(name, fn)                                                                   \
	static enum lru_status name(struct list_head *item, struct list_lru_one *list, void *arg) \
	{                                                                                         \
		return fn(item, list, arg);                                                       \
	}
#else
#define RODP_LRU_WALK(name, fn)                                                        \
	static enum lru_status name(struct list_head *item, struct list_lru_one *list, \
				    spinlock_t *lock, void *arg)                       \
	{                                                                              \
		return fn(item, list, arg);                                            \
	}
#endif

/*
 * hmm_range_fault() from mmu_interval_read_begin() on: after success
 * range->notifier_seq is what mmu_interval_read_retry() must be asked with.
 * Context: sleeps, mmap lock not held, a reference to the users of
 * range->notifier->mm held. -EBUSY: an invalidation came between, try again.
 */
static inline int rodp_hmm_range_fault(struct hmm_range *range)
{
#ifdef RODP_HAVE_HMM_UNLOCKED
	range->notifier_seq = mmu_interval_read_begin(range->notifier);
	return hmm_range_fault_unlocked_timeout(range, msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT));
#else
	struct mm_struct *mm = range->notifier->mm;
	int err;

	range->notifier_seq = mmu_interval_read_begin(range->notifier);
	mmap_read_lock(mm);
	err = hmm_range_fault(range);
	mmap_read_unlock(mm);
	return err;
#endif
}

/*
 * Fault one page whose handler may have to drop the mmap lock, after
 * rodp_hmm_range_fault() failed there with -EFAULT. May wait for user space for
 * as long as that likes. 0: the page was faulted in, ask HMM again.
 */
static inline int rodp_hmm_fault_slowly(struct mm_struct *mm, unsigned long va, bool write)
{
#ifdef RODP_HAVE_HMM_UNLOCKED
	return -EFAULT;
#else
	const unsigned int flags = FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0);
	struct vm_area_struct *vma;
	bool unlocked = false;
	int err = -EFAULT;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, va);
	if (vma && userfaultfd_armed(vma))
		err = fixup_user_fault(mm, va, flags, &unlocked);
	mmap_read_unlock(mm);
	return err;
#endif
}

#endif
