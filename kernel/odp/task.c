// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Tasks, see task.h. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "odp/core.h"
#include "odp/crew.h"
#include "odp/task.h"
#include "odp/worker.h"

/* How often the watch looks while there are tasks. */
#define TASK_WATCH (HZ / 2)

/* Most tasks that the watch moves before it drops the lock. */
#define TASK_BATCH 32

/* ---- the time that tasks take ---- */

static void task_set_late(struct rodp_crew *crew, struct rodp_task *task, bool late)
{
	lockdep_assert_held(&crew->lock);
	if (task->is_late == late)
		return;
	task->is_late = late;
	task->ops->late(task, late);
}

/* The task comes last by the time of its progress. */
static void task_stamp(struct rodp_crew *crew, struct rodp_task *task)
{
	lockdep_assert_held(&crew->lock);
	if (!task->ops->late)
		return;
	task_set_late(crew, task, false);
	task->since = ktime_get_ns();
	list_move_tail(&task->age, &crew->young);
}

static void task_forget(struct rodp_crew *crew, struct rodp_task *task)
{
	spin_lock_bh(&crew->lock);
	crew->tasks--;
	if (task->ops->late) {
		task_set_late(crew, task, false);
		list_del(&task->age);
	}
	spin_unlock_bh(&crew->lock);
}

void rodp_task_progress(struct rodp_crew *crew, struct rodp_task *task)
{
	spin_lock_bh(&crew->lock);
	task_stamp(crew, task);
	spin_unlock_bh(&crew->lock);
}

/* The task that is late for longest and was not found so yet; NULL: none. */
static struct rodp_task *task_next_late(struct rodp_crew *crew, u64 now)
{
	struct rodp_task *task = list_first_entry_or_null(&crew->young, struct rodp_task, age);

	lockdep_assert_held(&crew->lock);
	return task && now - task->since >= RODP_TASK_LATE_NS ? task : NULL;
}

/* Find some of those that became late. Returns whether there may be more. */
static bool tasks_find_late(struct rodp_crew *crew, u64 now)
{
	struct rodp_task *task = NULL;
	int i;

	spin_lock_bh(&crew->lock);
	for (i = 0; i < TASK_BATCH; i++) {
		task = task_next_late(crew, now);
		if (!task)
			break;
		list_move_tail(&task->age, &crew->late);
		task_set_late(crew, task, true);
	}
	spin_unlock_bh(&crew->lock);
	return task;
}

/* Whether there are tasks to watch. */
static bool tasks_are_there(struct rodp_crew *crew)
{
	bool there;

	spin_lock_bh(&crew->lock);
	there = crew->tasks;
	spin_unlock_bh(&crew->lock);
	return there;
}

static void tasks_watch_work(struct work_struct *work)
{
	struct rodp_crew *crew = container_of(work, struct rodp_crew, watch.work);

	const u64 now = ktime_get_ns();

	if (rodp_owner_is_gone(&crew->owner))
		rodp_workers_kill(crew);
	while (tasks_find_late(crew, now))
		cond_resched();
	/* Who adds the first one sets the watch. */
	if (tasks_are_there(crew))
		queue_delayed_work(rodp_odp_wq, &crew->watch, TASK_WATCH);
}

/* ---- what tasks do ---- */

void rodp_task_add(struct rodp_crew *crew, struct rodp_task *task)
{
	task->is_late = false;
	INIT_LIST_HEAD(&task->age);
	spin_lock_bh(&crew->lock);
	crew->tasks++;
	list_add_tail(&task->queued, &crew->queue);
	task_stamp(crew, task);
	if (crew->hands)
		rodp_workers_wake(crew);
	else
		rodp_tasks_orphaned(crew);
	/* Nothing happens while it is to run already. */
	queue_delayed_work(rodp_odp_wq, &crew->watch, TASK_WATCH);
	spin_unlock_bh(&crew->lock);
}

struct rodp_task *rodp_task_begin(struct rodp_crew *crew)
{
	struct rodp_task *task = list_first_entry_or_null(&crew->queue, struct rodp_task, queued);

	lockdep_assert_held(&crew->lock);
	if (task)
		list_del(&task->queued);
	return task;
}

/* It was run. Its memory may be gone then. */
static void task_end(struct rodp_crew *crew, struct rodp_task *task)
{
	task_forget(crew, task);
	task->ops->over(task);
}

void rodp_task_run(struct rodp_crew *crew, struct rodp_task *task)
{
	struct rodp_guise guise;
	const bool alive = rodp_owner_enter(&crew->owner, &guise);

	task->ops->run(task, alive);
	if (alive)
		rodp_owner_leave(&crew->owner, &guise);
	task_end(crew, task);
}

/* ---- when there is nobody to do them ---- */

void rodp_tasks_orphaned(struct rodp_crew *crew)
{
	lockdep_assert_held(&crew->lock);
	if (!list_empty(&crew->queue))
		queue_work(rodp_odp_wq, &crew->bury);
}

static struct rodp_task *tasks_next_orphan(struct rodp_crew *crew)
{
	struct rodp_task *task = NULL;

	spin_lock_bh(&crew->lock);
	if (!crew->hands)
		task = rodp_task_begin(crew);
	spin_unlock_bh(&crew->lock);
	return task;
}

static void tasks_bury_work(struct work_struct *work)
{
	struct rodp_crew *crew = container_of(work, struct rodp_crew, bury);
	struct rodp_task *task;

	while ((task = tasks_next_orphan(crew))) {
		task->ops->run(task, false);
		task_end(crew, task);
		cond_resched();
	}
}

void rodp_tasks_init(struct rodp_crew *crew)
{
	INIT_LIST_HEAD(&crew->queue);
	INIT_LIST_HEAD(&crew->young);
	INIT_LIST_HEAD(&crew->late);
	INIT_DELAYED_WORK(&crew->watch, tasks_watch_work);
	INIT_WORK(&crew->bury, tasks_bury_work);
}

void rodp_tasks_fini(struct rodp_crew *crew)
{
	cancel_delayed_work_sync(&crew->watch);
	cancel_work_sync(&crew->bury);
	WARN_ON_ONCE(crew->tasks);
}
