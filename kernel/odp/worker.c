// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Workers, see worker.h. */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/worker.h"
#include "odp/crew.h"
#include "odp/task.h"
#include "odp/worker.h"

/*
 * Most workers of one process. User space can block each of them: only when so many are blocked, the
 * other faults of the process wait.
 */
#define WORKER_MAX 64

/* How long a worker rests before it leaves, unless it is the last one. */
#define WORKER_REST (10 * HZ)

/* How long nobody hires after that failed: there will not be more threads to be had at once. */
#define WORKER_HIRE_PAUSE HZ

struct rodp_worker {
	struct rodp_crew *crew; /* referenced */
	struct rodp_thread *thread;
	struct work_struct reap;
	bool counted; /* by the payer: not the first of a crew */

	/* Under crew->lock. */
	struct list_head link; /* crew->workers */
	struct list_head idle; /* crew->idle while it has nothing to do, else empty */
	bool leaving; /* gets no task any more; reap is queued */
};

/* Reap works wait here for threads, for as long as one is stopped. */
static struct workqueue_struct *worker_wq;

/* ---- how a worker leaves ---- */

static void worker_leave(struct rodp_worker *worker)
{
	lockdep_assert_held(&worker->crew->lock);
	if (worker->leaving)
		return;
	WRITE_ONCE(worker->leaving, true);
	list_del_init(&worker->idle);
	WRITE_ONCE(worker->crew->hands, worker->crew->hands - 1);
	queue_work(worker_wq, &worker->reap);
}

static void worker_free(struct rodp_worker *worker)
{
	struct rodp_crew *crew = worker->crew;

	if (worker->counted)
		rodp_payer_give(crew->payer, RODP_PAY_WORKERS);
	kfree(worker);
	rodp_crew_drop(crew);
}

static void worker_reap_work(struct work_struct *work)
{
	struct rodp_worker *worker = container_of(work, struct rodp_worker, reap);
	struct rodp_crew *crew = worker->crew;

	rodp_thread_stop(worker->thread);
	spin_lock_bh(&crew->lock);
	list_del(&worker->link);
	spin_unlock_bh(&crew->lock);
	worker_free(worker);
}

/* In the worker, which has no task: it got a fatal signal. */
static void worker_killed(void *arg)
{
	struct rodp_worker *worker = arg;
	struct rodp_crew *crew = worker->crew;

	spin_lock_bh(&crew->lock);
	worker_leave(worker);
	if (!crew->hands)
		rodp_tasks_orphaned(crew);
	else if (!list_empty(&crew->queue)) /* it may have been woken for one of them */
		rodp_workers_wake(crew);
	spin_unlock_bh(&crew->lock);
}

/* ---- what a worker does ---- */

/* Whether a worker that takes a task should hire another first, in case that it will be blocked. */
static bool worker_spare_wanted(struct rodp_crew *crew)
{
	lockdep_assert_held(&crew->lock);
	return list_empty(&crew->idle) && crew->hands < WORKER_MAX && !crew->hiring_spare &&
	       time_after_eq(jiffies, crew->hire_after);
}

/* The next task, or NULL: then the worker is idle. *spare: it has to hire another. */
static struct rodp_task *worker_next(struct rodp_worker *worker, bool *spare)
{
	struct rodp_crew *crew = worker->crew;
	struct rodp_task *task = NULL;

	spin_lock_bh(&crew->lock);
	if (!worker->leaving) {
		task = rodp_task_begin(crew);
		if (task)
			list_del_init(&worker->idle);
		else if (list_empty(&worker->idle))
			list_add(&worker->idle, &crew->idle);
	}
	*spare = task && worker_spare_wanted(crew);
	crew->hiring_spare |= *spare;
	spin_unlock_bh(&crew->lock);
	return task;
}

static void worker_hire_spare(struct rodp_crew *crew)
{
	const int err = rodp_worker_hire(crew);

	spin_lock_bh(&crew->lock);
	crew->hiring_spare = false;
	if (err)
		crew->hire_after = jiffies + WORKER_HIRE_PAUSE;
	spin_unlock_bh(&crew->lock);
}

/*
 * An idle worker sleeps. When nothing came for long it leaves, unless it is the last one; that one
 * leaves when its process has no other threads.
 */
static void worker_rest(struct rodp_worker *worker)
{
	struct rodp_crew *crew = worker->crew;
	bool deserted;

	if (schedule_timeout(WORKER_REST))
		return;
	deserted = rodp_thread_is_deserted();
	spin_lock_bh(&crew->lock);
	/* It may have been chosen for a task meanwhile: then it is not idle any more. */
	if (!list_empty(&worker->idle) && list_empty(&crew->queue) &&
	    (deserted || !list_is_singular(&crew->idle)))
		worker_leave(worker);
	spin_unlock_bh(&crew->lock);
}

/* In TASK_INTERRUPTIBLE. Returns false to sleep until the thread is woken: by its stop. */
static bool worker_turn(void *arg)
{
	struct rodp_worker *worker = arg;
	struct rodp_task *task;
	bool spare;

	if (READ_ONCE(worker->leaving))
		return false;
	task = worker_next(worker, &spare);
	if (!task) {
		worker_rest(worker);
		return true;
	}
	__set_current_state(TASK_RUNNING);
	if (spare)
		worker_hire_spare(worker->crew);
	rodp_task_run(worker->crew, task);
	return true;
}

/* ---- how a worker comes ---- */

/* A worker without a thread. */
static struct rodp_worker *worker_alloc(struct rodp_crew *crew)
{
	struct rodp_worker *worker;
	const bool counted = READ_ONCE(crew->hands);

	if (counted && !rodp_payer_try(crew->payer, RODP_PAY_WORKERS))
		return ERR_PTR(-EAGAIN);
	worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);
	if (!worker) {
		if (counted)
			rodp_payer_give(crew->payer, RODP_PAY_WORKERS);
		return ERR_PTR(-ENOMEM);
	}
	worker->crew = crew;
	worker->counted = counted;
	INIT_LIST_HEAD(&worker->idle);
	INIT_WORK(&worker->reap, worker_reap_work);
	refcount_inc(&crew->refs);
	return worker;
}

int rodp_worker_hire(struct rodp_crew *crew)
{
	struct rodp_worker *worker = worker_alloc(crew);
	struct rodp_thread *thread;

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	thread = rodp_thread_create(worker_turn, worker_killed, worker, "rodp-fault");
	if (IS_ERR(thread)) {
		worker_free(worker);
		return PTR_ERR(thread);
	}
	worker->thread = thread;
	/* First it is known, then it begins: it may be killed at once. It is not idle yet. */
	spin_lock_bh(&crew->lock);
	list_add(&worker->link, &crew->workers);
	WRITE_ONCE(crew->hands, crew->hands + 1);
	spin_unlock_bh(&crew->lock);
	rodp_thread_start(thread);
	return 0;
}

/* ---- all workers of a crew ---- */

void rodp_workers_wake(struct rodp_crew *crew)
{
	struct rodp_worker *worker = list_first_entry_or_null(&crew->idle, struct rodp_worker,
							      idle);

	lockdep_assert_held(&crew->lock);
	if (!worker)
		return;
	list_del_init(&worker->idle);
	rodp_thread_wake(worker->thread);
}

void rodp_workers_kill(struct rodp_crew *crew)
{
	struct rodp_worker *worker;

	spin_lock_bh(&crew->lock);
	/* The thread of one that is leaving may be gone, and has no task. */
	list_for_each_entry(worker, &crew->workers, link)
		if (!worker->leaving)
			rodp_thread_kill(worker->thread);
	spin_unlock_bh(&crew->lock);
}

void rodp_workers_dismiss(struct rodp_crew *crew)
{
	struct rodp_worker *worker;

	spin_lock_bh(&crew->lock);
	list_for_each_entry(worker, &crew->workers, link)
		worker_leave(worker);
	spin_unlock_bh(&crew->lock);
}

void rodp_workers_init(struct rodp_crew *crew)
{
	INIT_LIST_HEAD(&crew->workers);
	INIT_LIST_HEAD(&crew->idle);
	crew->hire_after = jiffies;
}

int rodp_worker_module_init(void)
{
	worker_wq = alloc_workqueue("rodp_worker", WQ_UNBOUND, 0);
	return worker_wq ? 0 : -ENOMEM;
}

void rodp_worker_module_exit(void)
{
	destroy_workqueue(worker_wq);
}
