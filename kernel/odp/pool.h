/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A pool: the threads that fault for one process, in its name.
 *
 * There is one pool for each mm that has mirrors, whatever number of devices and contexts they
 * belong to. What is to be done is a task (task.h), and a worker (worker.h) does it: a thread of the
 * process, so that the process is charged, and so that it ends with the process. How they
 * begin and end is in "Who faults" of docs/architecture.md.
 *
 * This file has the pool's fields and memory, for task.c, worker.c and pools.c; pools.h is for all others.
 */
#ifndef RODP_ODP_POOL_H
#define RODP_ODP_POOL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "base/account.h"
#include "compat/worker.h"

/**
 * struct rodp_pool - The threads of one process, and what they have to do
 * @owner: the process
 * @jobs: the account of its user; referenced, as the next two
 * @prefetches: the same
 * @workers_extra: the same, of workers besides the first of each pool
 */
struct rodp_pool {
	struct rodp_owner owner;
	struct rodp_account *jobs, *prefetches, *workers_extra;

	refcount_t refs; /* one for all users, one for each worker */

	/* private: pools.c */
	struct hlist_node link; /* in the table by mm; under pools_lock */
	unsigned int users; /* pools_lock: mirrors and sets */
	struct work_struct end; /* when the last user is gone */
	struct delayed_work watch; /* looks for late tasks, and whether the process is gone */

	/* private: task.c, worker.c */
	spinlock_t lock; /* taken with BH disabled */
	unsigned int tasks; /* lock: tasks that are not over */
	struct list_head queue; /* lock: those that nobody has begun */
	struct list_head on_time; /* lock: tasks by the time of their last progress, oldest first */
	struct list_head late; /* lock: tasks without progress for long */
	struct work_struct cancel; /* ends tasks that no worker will begin */
	struct list_head workers; /* lock: all, also those that are exiting */
	struct list_head idle; /* lock: workers that have nothing to do */
	unsigned int worker_count; /* lock: workers that are not exiting */
	bool creating_spare; /* lock: a worker is creating another */
	unsigned long create_after; /* lock: jiffies; nobody creates one before: that failed */
	struct mutex creating; /* held by who sees to it that there is a worker at all */
};

/*
 * For pools.c: a pool of the current process, without tasks and workers, and with one reference. NULL:
 * no memory. Sleeps.
 */
struct rodp_pool *rodp_pool_create(void);

/* For pools.c and worker.c: drop a reference. Called in process context. */
void rodp_pool_drop(struct rodp_pool *pool);

/* For pools.c: wait until the last pool is freed. */
void rodp_pool_wait(void);

#endif
