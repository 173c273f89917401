// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Tasks, see task.h. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "odp/core.h"
#include "odp/pool.h"
#include "odp/task.h"

/* Most tasks that the watch moves before it drops the lock. */
#define TASK_BATCH 32

/* ---- the time that tasks take ---- */

static void task_set_late(struct rodp_pool *pool, struct rodp_task *task, bool late)
{
	lockdep_assert_held(&pool->lock);
	if (task->is_late == late)
		return;
	task->is_late = late;
	task->ops->late(task, late);
}

/* The task comes last by the time of its progress. */
static void task_stamp(struct rodp_pool *pool, struct rodp_task *task)
{
	lockdep_assert_held(&pool->lock);
	if (!task->ops->late)
		return;
	task_set_late(pool, task, false);
	task->since = ktime_get_ns();
	list_move_tail(&task->age, &pool->on_time);
}

static void task_forget(struct rodp_pool *pool, struct rodp_task *task)
{
	spin_lock_bh(&pool->lock);
	pool->tasks--;
	if (task->ops->late) {
		task_set_late(pool, task, false);
		list_del(&task->age);
	}
	spin_unlock_bh(&pool->lock);
}

void rodp_task_progress(struct rodp_pool *pool, struct rodp_task *task)
{
	spin_lock_bh(&pool->lock);
	task_stamp(pool, task);
	spin_unlock_bh(&pool->lock);
}

/* The task that is late for longest and was not found so yet; NULL: none. */
static struct rodp_task *task_next_late(struct rodp_pool *pool, u64 now)
{
	struct rodp_task *task = list_first_entry_or_null(&pool->on_time, struct rodp_task, age);

	lockdep_assert_held(&pool->lock);
	return task && now - task->since >= RODP_TASK_LATE_NS ? task : NULL;
}

/* Find some of those that became late. Returns whether there may be more. */
static bool tasks_find_late(struct rodp_pool *pool, u64 now)
{
	struct rodp_task *task = NULL;
	int i;

	spin_lock_bh(&pool->lock);
	for (i = 0; i < TASK_BATCH; i++) {
		task = task_next_late(pool, now);
		if (!task)
			break;
		list_move_tail(&task->age, &pool->late);
		task_set_late(pool, task, true);
	}
	spin_unlock_bh(&pool->lock);
	return task;
}

/* Whether there are tasks. */
static bool tasks_are_there(struct rodp_pool *pool)
{
	bool there;

	spin_lock_bh(&pool->lock);
	there = pool->tasks;
	spin_unlock_bh(&pool->lock);
	return there;
}

bool rodp_tasks_look(struct rodp_pool *pool)
{
	const u64 now = ktime_get_ns();

	while (tasks_find_late(pool, now))
		cond_resched();
	return tasks_are_there(pool);
}

/* ---- what tasks do ---- */

void rodp_task_enqueue(struct rodp_pool *pool, struct rodp_task *task)
{
	lockdep_assert_held(&pool->lock);
	task->is_late = false;
	INIT_LIST_HEAD(&task->age);
	pool->tasks++;
	list_add_tail(&task->queued, &pool->queue);
	task_stamp(pool, task);
}

struct rodp_task *rodp_task_begin(struct rodp_pool *pool)
{
	struct rodp_task *task = list_first_entry_or_null(&pool->queue, struct rodp_task, queued);

	lockdep_assert_held(&pool->lock);
	if (task)
		list_del(&task->queued);
	return task;
}

/* It was run. Its memory may be gone then. */
static void task_end(struct rodp_pool *pool, struct rodp_task *task)
{
	task_forget(pool, task);
	task->ops->over(task);
}

void rodp_task_run(struct rodp_pool *pool, struct rodp_task *task)
{
	struct rodp_identity identity;
	const bool alive = rodp_owner_enter(&pool->owner, &identity);

	task->ops->run(task, alive);
	if (alive)
		rodp_owner_leave(&pool->owner, &identity);
	task_end(pool, task);
}

/* ---- when there is nobody to do them ---- */

void rodp_tasks_cancel(struct rodp_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	if (!list_empty(&pool->queue))
		queue_work(rodp_odp_wq, &pool->cancel);
}

static struct rodp_task *tasks_next_to_cancel(struct rodp_pool *pool)
{
	struct rodp_task *task = NULL;

	spin_lock_bh(&pool->lock);
	if (!pool->worker_count)
		task = rodp_task_begin(pool);
	spin_unlock_bh(&pool->lock);
	return task;
}

static void tasks_cancel_work(struct work_struct *work)
{
	struct rodp_pool *pool = container_of(work, struct rodp_pool, cancel);
	struct rodp_task *task;

	while ((task = tasks_next_to_cancel(pool))) {
		task->ops->run(task, false);
		task_end(pool, task);
		cond_resched();
	}
}

void rodp_tasks_init(struct rodp_pool *pool)
{
	INIT_LIST_HEAD(&pool->queue);
	INIT_LIST_HEAD(&pool->on_time);
	INIT_LIST_HEAD(&pool->late);
	INIT_WORK(&pool->cancel, tasks_cancel_work);
}

void rodp_tasks_fini(struct rodp_pool *pool)
{
	cancel_work_sync(&pool->cancel);
	WARN_ON_ONCE(pool->tasks);
}
