// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Waiters, see waiter.h and fault.h.
 *
 * A waiter's memory may be freed as soon as its work item runs, or as soon as
 * rodp_fault_detach() finds no request to withdraw. So queueing the work item is the last access
 * to a waiter, and detach must not return before that access is over. A lock for this can be
 * neither in the waiter, which may be freed, nor in the mirror, which detach does not know yet. It
 * is one of a fixed table of wake locks, chosen by the waiter's address. A wake lock is held,
 * inside fault_lock, while a waiter is woken, and alone while detach reads which mirror to lock.
 */
#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/waiter.h"

/* Most waiters that are woken before the lock is dropped: some 20 us. */
#define WAITER_BATCH	 32

#define WAITER_LOCK_BITS 6
static spinlock_t waiter_wake_locks[1 << WAITER_LOCK_BITS];

static spinlock_t *waiter_wake_lock(const struct rodp_fault_waiter *waiter)
{
	return &waiter_wake_locks[hash_ptr(waiter, WAITER_LOCK_BITS)];
}

void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume)
{
	*waiter = (struct rodp_fault_waiter){ .wq = wq, .cpu = WORK_CPU_UNBOUND, .resume = resume };
	INIT_LIST_HEAD(&waiter->link);
}

static void waiter_forget(struct rodp_fault_waiter *waiter)
{
	lockdep_assert_held(&waiter->mirror->fault_lock);
	if (waiter->joined)
		rb_erase_cached(&waiter->node, &waiter->joined->tree);
	else
		list_del_init(&waiter->link);
	waiter->joined = NULL;
	waiter->mirror = NULL;
}

/* Count how long the waiter waited. */
static void waiter_count(const struct rodp_fault_waiter *waiter)
{
	struct rodp_mirror *mirror = waiter->mirror;
	const u64 ns = ktime_get_ns() - waiter->since;

	lockdep_assert_held(&mirror->fault_lock);
	rodp_latency_add(&mirror->latency, ns);
	rodp_stats_latency(mirror->stats, ns);
}

/* The CPU to wake the waiter on: its own while that is online. An offline CPU runs no softirqs. */
static int waiter_cpu(const struct rodp_fault_waiter *waiter)
{
	int cpu = waiter->cpu;

	lockdep_assert_preemption_disabled(); /* no CPU goes offline meanwhile */
	return cpu == WORK_CPU_UNBOUND || cpu_online(cpu) ? cpu : WORK_CPU_UNBOUND;
}

/* The waiter's memory may be gone when this returns. */
static void waiter_wake(struct rodp_fault_waiter *waiter, int err)
{
	spinlock_t *wake_lock = waiter_wake_lock(waiter);

	lockdep_assert_held(&waiter->mirror->fault_lock);
	waiter_count(waiter);
	spin_lock(wake_lock);
	waiter->err = err;
	waiter_forget(waiter);
	preempt_disable();
	queue_work_on(waiter_cpu(waiter), waiter->wq, waiter->resume);
	preempt_enable();
	spin_unlock(wake_lock);
}

static void waiter_leave(struct rodp_fault_waiter *waiter)
{
	struct rodp_waiters *waiters = waiter->joined;

	lockdep_assert_held(&waiter->mirror->fault_lock);
	waiter_forget(waiter);
	if (waiters)
		waiters->abandoned = RB_EMPTY_ROOT(&waiters->tree.rb_root);
}

/*
 * The mirror of the waiter's request; NULL: there is none, and nothing touches the waiter any
 * more. The mirror may be in its tear-down by now; RCU keeps its memory.
 */
static struct rodp_mirror *waiter_mirror(const struct rodp_fault_waiter *waiter)
{
	spinlock_t *wake_lock = waiter_wake_lock(waiter);
	struct rodp_mirror *mirror;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the mirror may be freed");
	spin_lock_bh(wake_lock);
	mirror = waiter->mirror;
	spin_unlock_bh(wake_lock);
	return mirror;
}

void rodp_fault_detach(struct rodp_fault_waiter *waiter)
{
	struct rodp_mirror *mirror;

	rcu_read_lock();
	mirror = waiter_mirror(waiter);
	if (mirror) {
		spin_lock_bh(&mirror->fault_lock);
		if (waiter->mirror)
			waiter_leave(waiter);
		spin_unlock_bh(&mirror->fault_lock);
	}
	rcu_read_unlock();
}

void rodp_waiters_init(struct rodp_waiters *waiters)
{
	*waiters = (struct rodp_waiters){ .tree = RB_ROOT_CACHED };
}

static bool waiter_is_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct rodp_fault_waiter, node)->va <
	       rb_entry(b, struct rodp_fault_waiter, node)->va;
}

void rodp_waiters_join(struct rodp_waiters *waiters, struct rodp_fault_waiter *waiter)
{
	lockdep_assert_held(&waiter->mirror->fault_lock);
	list_del_init(&waiter->link);
	waiter->joined = waiters;
	rb_add_cached(&waiter->node, &waiters->tree, waiter_is_before);
	waiters->abandoned = false;
}

/* The one with the lowest VA. */
static struct rodp_fault_waiter *waiters_first(const struct rodp_waiters *waiters)
{
	return rb_entry_safe(rb_first_cached(&waiters->tree), struct rodp_fault_waiter, node);
}

bool rodp_waiters_wake_below(struct rodp_waiters *waiters, u64 va)
{
	struct rodp_fault_waiter *waiter;
	int i;

	for (i = 0; i < WAITER_BATCH; i++) {
		waiter = waiters_first(waiters);
		if (!waiter || waiter->va >= va)
			return false;
		waiter_wake(waiter, 0);
	}
	return true;
}

bool rodp_waiters_wake_all(struct rodp_waiters *waiters, u64 va, int err)
{
	struct rodp_fault_waiter *waiter;
	int i;

	for (i = 0; i < WAITER_BATCH; i++) {
		waiter = waiters_first(waiters);
		if (!waiter)
			return false;
		waiter_wake(waiter, (waiter->va & PAGE_MASK) == va ? err : 0);
	}
	return true;
}

void rodp_waiter_module_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waiter_wake_locks); i++)
		spin_lock_init(&waiter_wake_locks[i]);
}
