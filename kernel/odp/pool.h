/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A pool: the threads that fault for one process, in its name.
 *
 * There is one pool for each mm that has mirrors, whatever number of devices and contexts they
 * belong to. What is to be done is a task (task.h), and a worker (worker.h) does it: a thread of the
 * process, so that the process is charged, and so that it ends with the process. How they
 * begin and end is in "Who faults" of docs/architecture.md.
 *
 * This file has the pool itself, for mirror.c, and its fields, for task.c and worker.c.
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

	/* private: pool.c */
	struct hlist_node link; /* in the table by mm; under pool_lock */
	unsigned int users; /* pool_lock: mirrors and sets */
	refcount_t refs; /* one for all users, one for each worker */
	struct work_struct end; /* when the last user is gone */

	/* private: task.c, worker.c */
	spinlock_t lock; /* taken with BH disabled */
	unsigned int tasks; /* lock: tasks that are not over */
	struct list_head queue; /* lock: those that nobody has begun */
	struct list_head on_time; /* lock: tasks by the time of their last progress, oldest first */
	struct list_head late; /* lock: tasks without progress for long */
	struct delayed_work watch; /* looks for late ones */
	struct work_struct cancel; /* ends tasks that no worker will begin */
	struct list_head workers; /* lock: all, also those that are exiting */
	struct list_head idle; /* lock: workers that have nothing to do */
	unsigned int worker_count; /* lock: workers that are not exiting */
	bool creating_spare; /* lock: a worker is creating another */
	unsigned long create_after; /* lock: jiffies; nobody creates one before: that failed */
	struct mutex creating; /* held by who sees to it that there is a worker at all */
};

/**
 * rodp_pool_get() - The pool of the current process, with a worker
 *
 * Context: Process, sleeps; `current` has an mm and is a thread of it.
 * Return: the pool with a user more, for rodp_pool_put(); ERR_PTR(): -ENOMEM, -EAGAIN (the user has
 * too many threads) or -ERESTARTNOINTR (a signal is pending).
 */
struct rodp_pool *rodp_pool_get(void);

/**
 * rodp_pool_hold() - Add a user
 * @pool: the pool, which has one
 *
 * Context: Process, sleeps.
 */
void rodp_pool_hold(struct rodp_pool *pool);

/**
 * rodp_pool_put() - Remove a user
 * @pool: the pool; with its last user it has no tasks any more, and its workers exit
 *
 * Context: Process, sleeps, but waits for no worker.
 */
void rodp_pool_put(struct rodp_pool *pool);

/**
 * rodp_pool_ensure_worker() - See to it that a pool has a worker
 * @pool: the pool of the current process, which has a user. All workers may have been killed with
 *	a process that had the same mm; or they are blocked, tasks wait, and the last attempt of a
 *	worker to create another failed.
 *
 * Context: Process, sleeps.
 * Return: 0, or an error of rodp_pool_get().
 */
int rodp_pool_ensure_worker(struct rodp_pool *pool);

/* For worker.c: drop what a worker holds. */
void rodp_pool_drop(struct rodp_pool *pool);

int rodp_pool_module_init(void);
/* Waits until every worker has exited. */
void rodp_pool_module_exit(void);

#endif
