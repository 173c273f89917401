/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Tasks: what a pool has to do. A task is embedded in a fault job or in a mirror.
 *
 * Tasks are begun in the order in which they were added. One that is blocked by user space
 * holds up no other as long as the pool may have one worker more. pools.h has how to add one.
 */
#ifndef RODP_ODP_TASK_H
#define RODP_ODP_TASK_H

#include <linux/list.h>
#include <linux/types.h>

struct rodp_pool;
struct rodp_task;

/**
 * struct rodp_task_ops - What a task is
 * @run: do it. alive: in a thread of the owner's, whose mm has users until this returns; it may
 *	sleep for as long as user space likes, and returns soon after a fatal signal. Not alive:
 *	in a work item; the owner is gone, and what is to be done fails at once.
 * @over: the last that is done with the task, after @run, in the same thread; it may free the
 *	task or add it again
 * @late: it came no further for RODP_TASK_LATE_NS (late is true), or did after that, or is over.
 *	Under the pool's lock. NULL: a task that may take as long as it likes.
 */
struct rodp_task_ops {
	void (*run)(struct rodp_task *task, bool alive);
	void (*over)(struct rodp_task *task);
	void (*late)(struct rodp_task *task, bool late);
};

struct rodp_task {
	const struct rodp_task_ops *ops;

	/* private: under the pool's lock */
	struct list_head queued; /* in pool->queue, until it is begun */
	struct list_head age; /* in pool->on_time or pool->late; not if it cannot be late */
	u64 since; /* ns, ktime_get(): of its last progress */
	bool is_late;
};

#define RODP_TASK_LATE_NS 1000000000ULL

/**
 * rodp_task_progress() - Note that a task came further
 * @pool: the pool
 * @task: the task, which is running
 *
 * Context: Any but hard interrupt; takes the pool's lock.
 */
void rodp_task_progress(struct rodp_pool *pool, struct rodp_task *task);

/* For pools.c: another task, which nobody has begun; task->ops is set. Called with the pool's lock held. */
void rodp_task_enqueue(struct rodp_pool *pool, struct rodp_task *task);

/*
 * For pools.c: find those that became late. Takes the pool's lock, may reschedule. Returns whether
 * there are tasks at all.
 */
bool rodp_tasks_look(struct rodp_pool *pool);

/* For worker.c: the next task, begun now, or NULL. Called with the pool's lock held. */
struct rodp_task *rodp_task_begin(struct rodp_pool *pool);

/* For worker.c: do a task that was begun, in a worker. */
void rodp_task_run(struct rodp_pool *pool, struct rodp_task *task);

/* For worker.c and pools.c: there is no worker for those that wait. Called with the pool's lock held. */
void rodp_tasks_cancel(struct rodp_pool *pool);

/* For pools.c: a pool without tasks; and its end, when it has none and gets none. */
void rodp_tasks_init(struct rodp_pool *pool);
void rodp_tasks_fini(struct rodp_pool *pool);

#endif
