// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A process's monitor, see monitor.h. */
#include <linux/err.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "monitor/book.h"
#include "monitor/memory.h"
#include "monitor/monitor.h"
#include "monitor/user.h"

static uint monitor_ranges = 16384;
module_param(monitor_ranges, uint, 0644);
MODULE_PARM_DESC(monitor_ranges, "most ranges of one monitor [16384]");

/**
 * struct monitor - see above
 * @notifier: of @mm, registered once @ready.
 * @mm: whose it is; a reference that keeps the struct, not the address space.
 * @setup_lock: of monitor_setup() against itself.
 * @ready: was set up: what follows is there.
 * @user: who has it.
 * @memory: what the process maps.
 * @readers: who wait in poll().
 * @book_lock: of @book and @dead.
 * @book: the ranges.
 * @dead: the address space has ended.
 */
struct monitor {
	struct mmu_notifier notifier;
	struct mm_struct *mm;
	struct mutex setup_lock;
	bool ready;
	struct monitor_user *user;
	struct monitor_memory memory;
	wait_queue_head_t readers;
	spinlock_t book_lock;
	struct monitor_book book;
	bool dead;
};

static struct monitor *monitor_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct monitor, notifier);
}

static bool monitor_is_ready(const struct monitor *monitor)
{
	return smp_load_acquire(&monitor->ready);
}

/* What an event means for who watches. One that is not known is taken for the worst. */
static u32 monitor_kind(enum mmu_notifier_event event)
{
	switch (event) {
	case MMU_NOTIFY_UNMAP:
	case MMU_NOTIFY_RELEASE:
		return ODP_MONITOR_UNMAPPED;
	case MMU_NOTIFY_PROTECTION_VMA:
	case MMU_NOTIFY_SOFT_DIRTY:
		return ODP_MONITOR_PROTECTED;
	case MMU_NOTIFY_PROTECTION_PAGE:
		return ODP_MONITOR_FORKED;
	default:
		return ODP_MONITOR_REPLACED;
	}
}

static void monitor_wake(struct monitor *monitor)
{
	if (wq_has_sleeper(&monitor->readers))
		wake_up_interruptible_poll(&monitor->readers, EPOLLIN);
}

static int monitor_range_start(struct mmu_notifier *notifier,
			       const struct mmu_notifier_range *range)
{
	struct monitor *monitor = monitor_of(notifier);
	bool news;

	spin_lock(&monitor->book_lock);
	news = monitor_book_begin(&monitor->book, monitor_kind(range->event), range->start,
				  range->end - 1);
	spin_unlock(&monitor->book_lock);
	if (news)
		monitor_wake(monitor);
	return 0;
}

static void monitor_range_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct monitor *monitor = monitor_of(notifier);

	spin_lock(&monitor->book_lock);
	monitor_book_end(&monitor->book, monitor_kind(range->event), range->start, range->end - 1);
	spin_unlock(&monitor->book_lock);
}

/* Once: at the end of the address space, or when the notifier is unregistered. */
static void monitor_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct monitor *monitor = monitor_of(notifier);

	spin_lock(&monitor->book_lock);
	monitor->dead = true;
	monitor_book_die(&monitor->book);
	spin_unlock(&monitor->book_lock);
	wake_up_interruptible_poll(&monitor->readers, EPOLLIN | EPOLLHUP);
}

static const struct mmu_notifier_ops monitor_notifier_ops = {
	.invalidate_range_start = monitor_range_start,
	.invalidate_range_end = monitor_range_end,
	.release = monitor_release,
};

struct monitor *monitor_create(void)
{
	struct monitor *monitor;

	if (!current->mm)
		return ERR_PTR(-ESRCH);
	monitor = kzalloc(sizeof(*monitor), GFP_KERNEL_ACCOUNT);
	if (!monitor)
		return ERR_PTR(-ENOMEM);
	monitor->notifier.ops = &monitor_notifier_ops;
	monitor->mm = current->mm;
	mmgrab(monitor->mm);
	mutex_init(&monitor->setup_lock);
	spin_lock_init(&monitor->book_lock);
	init_waitqueue_head(&monitor->readers);
	return monitor;
}

static void monitor_free_book(struct monitor *monitor)
{
	kvfree(monitor->book.range);
	monitor_memory_free(&monitor->memory);
}

void monitor_destroy(struct monitor *monitor)
{
	const u32 ranges = monitor->book.layout.ranges;

	if (monitor_is_ready(monitor)) {
		mmu_notifier_unregister(&monitor->notifier, monitor->mm);
		monitor_free_book(monitor);
		monitor_user_give(monitor->user, ranges);
	}
	mmdrop(monitor->mm);
	kfree(monitor);
}

int monitor_check_owner(const struct monitor *monitor)
{
	if (current->mm == monitor->mm)
		return 0;
	return atomic_read(&monitor->mm->mm_users) ? -EPERM : -ESRCH;
}

static int monitor_make_book(struct monitor *monitor, const struct monitor_layout *layout)
{
	struct monitor_range *range;
	int err = monitor_memory_alloc(&monitor->memory, layout->bytes);

	if (err)
		return err;
	range = kvcalloc(layout->ranges, sizeof(*range), MONITOR_GFP);
	if (!range) {
		monitor_memory_free(&monitor->memory);
		return -ENOMEM;
	}
	monitor_book_init(&monitor->book, layout, monitor->memory.addr, range);
	return 0;
}

/* From here on the mm calls. */
static int monitor_begin(struct monitor *monitor, const struct monitor_layout *layout)
{
	int err = monitor_make_book(monitor, layout);

	if (err)
		return err;
	err = mmu_notifier_register(&monitor->notifier, monitor->mm);
	if (err)
		monitor_free_book(monitor);
	return err;
}

static int monitor_set_up(struct monitor *monitor, const struct monitor_layout *layout)
{
	int err;

	lockdep_assert_held(&monitor->setup_lock);
	if (monitor->ready)
		return -EBUSY;
	monitor->user = monitor_user_take(layout->ranges);
	if (IS_ERR(monitor->user))
		return PTR_ERR(monitor->user);
	err = monitor_begin(monitor, layout);
	if (err)
		monitor_user_give(monitor->user, layout->ranges);
	else
		smp_store_release(&monitor->ready, true);
	return err;
}

int monitor_setup(struct monitor *monitor, struct odp_monitor_setup *setup)
{
	struct monitor_layout layout;
	int err;

	if (setup->flags || setup->reserved)
		return -EINVAL;
	err = monitor_layout_make(&layout, setup->ranges, setup->entries);
	if (err)
		return err;
	if (layout.ranges > READ_ONCE(monitor_ranges))
		return -ENOSPC;
	if (mutex_lock_killable(&monitor->setup_lock))
		return -EINTR;
	err = monitor_set_up(monitor, &layout);
	mutex_unlock(&monitor->setup_lock);
	setup->bytes = layout.bytes;
	return err;
}

/* The addresses of the pages that it touches; false: there are none. */
static bool monitor_span(const struct odp_monitor_watch *watch, u64 *first, u64 *last)
{
	const u64 end = watch->addr + watch->len - 1;

	*first = watch->addr & PAGE_MASK;
	*last = end | ~PAGE_MASK;
	return watch->len && end >= watch->addr && *last <= ULONG_MAX;
}

int monitor_watch(struct monitor *monitor, struct odp_monitor_watch *watch)
{
	u64 first, last;
	int slot;

	if (!monitor_is_ready(monitor))
		return -ENXIO;
	if (watch->flags || watch->reserved || (watch->kinds & ~ODP_MONITOR_ANY) ||
	    !monitor_span(watch, &first, &last))
		return -EINVAL;
	spin_lock(&monitor->book_lock);
	slot = monitor_book_add(&monitor->book, first, last, watch->cookie, watch->kinds);
	spin_unlock(&monitor->book_lock);
	if (slot < 0)
		return slot;
	watch->slot = slot;
	return 0;
}

int monitor_unwatch(struct monitor *monitor, struct odp_monitor_unwatch *unwatch)
{
	int err;

	if (!monitor_is_ready(monitor))
		return -ENXIO;
	if (unwatch->flags)
		return -EINVAL;
	spin_lock(&monitor->book_lock);
	err = monitor_book_remove(&monitor->book, unwatch->slot, unwatch->cookie);
	unwatch->head = monitor->book.head;
	spin_unlock(&monitor->book_lock);
	return err;
}

int monitor_map(struct monitor *monitor, struct vm_area_struct *vma)
{
	if (!monitor_is_ready(monitor))
		return -ENXIO;
	return monitor_memory_map(&monitor->memory, vma);
}

__poll_t monitor_poll(struct monitor *monitor, struct file *file, poll_table *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &monitor->readers, wait);
	if (!monitor_is_ready(monitor))
		return 0;
	spin_lock(&monitor->book_lock);
	if (monitor_book_readable(&monitor->book))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (monitor->dead)
		mask |= EPOLLHUP;
	spin_unlock(&monitor->book_lock);
	return mask;
}
