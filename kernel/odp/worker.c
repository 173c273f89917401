// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Workers, see worker.h. */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/worker.h"
#include "odp/pool.h"
#include "odp/task.h"
#include "odp/worker.h"

/*
 * Most workers of one process. User space can block each of them: only when so many are blocked, the
 * other faults of the process wait.
 */
#define WORKER_MAX 64

/* How long a worker is idle before it exits, unless it is the last one. */
#define WORKER_REST (10 * HZ)

/* How long nobody creates another after that failed: the reason will not be gone at once. */
#define WORKER_CREATE_PAUSE HZ

struct rodp_worker {
	struct rodp_pool *pool; /* referenced */
	struct rodp_thread *thread;
	struct work_struct reap;
	bool counted; /* in the user's account: not the first of a pool */
	bool reaped; /* the thread's own: reap is queued */

	/* Under pool->lock. */
	struct list_head link; /* pool->workers */
	struct list_head idle; /* pool->idle while it has nothing to do, else empty */
	bool exiting; /* gets no task any more */
};

/* Reap works wait here for threads that are about to be gone. */
static struct workqueue_struct *worker_wq;

/* ---- how a worker ends ---- */

/* From now on it has no task. Its thread has itself reaped when it is run next. */
static void worker_exit(struct rodp_worker *worker)
{
	lockdep_assert_held(&worker->pool->lock);
	if (worker->exiting)
		return;
	WRITE_ONCE(worker->exiting, true);
	list_del_init(&worker->idle);
	WRITE_ONCE(worker->pool->worker_count, worker->pool->worker_count - 1);
}

/*
 * In the worker's thread, which is exiting. Only the thread does this: one whose process is stopped comes
 * here when that goes on, and until then nobody waits for it. A work item that did would be a kernel
 * thread that any user can block, and the queue has room for so many only.
 */
static void worker_have_reaped(struct rodp_worker *worker)
{
	if (worker->reaped)
		return;
	worker->reaped = true;
	queue_work(worker_wq, &worker->reap);
}

static void worker_free(struct rodp_worker *worker)
{
	struct rodp_pool *pool = worker->pool;

	if (worker->counted)
		rodp_account_uncharge(pool->workers_extra, 1);
	kfree(worker);
	rodp_pool_drop(pool);
}

static void worker_reap_work(struct work_struct *work)
{
	struct rodp_worker *worker = container_of(work, struct rodp_worker, reap);
	struct rodp_pool *pool = worker->pool;

	rodp_thread_stop(worker->thread);
	spin_lock_bh(&pool->lock);
	list_del(&worker->link);
	spin_unlock_bh(&pool->lock);
	worker_free(worker);
}

/* In the worker, which has no task: it got a fatal signal. */
static void worker_killed(void *arg)
{
	struct rodp_worker *worker = arg;
	struct rodp_pool *pool = worker->pool;

	spin_lock_bh(&pool->lock);
	worker_exit(worker);
	if (!pool->worker_count)
		rodp_tasks_cancel(pool);
	else if (!list_empty(&pool->queue)) /* it may have been woken for one of them */
		rodp_workers_wake(pool);
	spin_unlock_bh(&pool->lock);
	worker_have_reaped(worker);
}

/* ---- what a worker does ---- */

/* Whether a worker that takes a task should create another first, in case that it will be blocked. */
static bool worker_spare_wanted(struct rodp_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	return list_empty(&pool->idle) && pool->worker_count < WORKER_MAX &&
	       !pool->creating_spare && time_after_eq(jiffies, pool->create_after);
}

/* The next task, or NULL: then the worker is idle. *spare: it has to create another. */
static struct rodp_task *worker_next(struct rodp_worker *worker, bool *spare)
{
	struct rodp_pool *pool = worker->pool;
	struct rodp_task *task = NULL;

	spin_lock_bh(&pool->lock);
	if (!worker->exiting) {
		task = rodp_task_begin(pool);
		if (task)
			list_del_init(&worker->idle);
		else if (list_empty(&worker->idle))
			list_add(&worker->idle, &pool->idle);
	}
	*spare = task && worker_spare_wanted(pool);
	pool->creating_spare |= *spare;
	spin_unlock_bh(&pool->lock);
	return task;
}

/* Returns whether the pool wants another one: the spare may have a task already. */
static bool worker_create_spare(struct rodp_pool *pool)
{
	const int err = rodp_worker_create(pool);
	bool more;

	spin_lock_bh(&pool->lock);
	if (err)
		pool->create_after = jiffies + WORKER_CREATE_PAUSE;
	pool->creating_spare = false;
	more = worker_spare_wanted(pool);
	pool->creating_spare = more;
	spin_unlock_bh(&pool->lock);
	return more;
}

/*
 * An idle worker sleeps. When nothing came for long it exits, unless it is the last one; that one
 * exits when its process has no other threads.
 */
static void worker_rest(struct rodp_worker *worker)
{
	struct rodp_pool *pool = worker->pool;
	bool alone;

	if (schedule_timeout(WORKER_REST))
		return;
	alone = rodp_thread_is_alone();
	spin_lock_bh(&pool->lock);
	/* It may have been chosen for a task meanwhile: then it is not idle any more. */
	if (!list_empty(&worker->idle) && list_empty(&pool->queue) &&
	    (alone || !list_is_singular(&pool->idle)))
		worker_exit(worker);
	spin_unlock_bh(&pool->lock);
}

/* In TASK_INTERRUPTIBLE. Returns false to sleep until the thread is woken: by its stop. */
static bool worker_turn(void *arg)
{
	struct rodp_worker *worker = arg;
	struct rodp_task *task;
	bool spare;

	if (READ_ONCE(worker->exiting)) {
		worker_have_reaped(worker);
		return false;
	}
	task = worker_next(worker, &spare);
	if (!task) {
		worker_rest(worker);
		return true;
	}
	__set_current_state(TASK_RUNNING);
	while (spare)
		spare = worker_create_spare(worker->pool);
	rodp_task_run(worker->pool, task);
	return true;
}

/* ---- how a worker begins ---- */

/* A worker without a thread. */
static struct rodp_worker *worker_alloc(struct rodp_pool *pool)
{
	struct rodp_worker *worker;
	const bool counted = READ_ONCE(pool->worker_count);

	if (counted && rodp_account_try_charge(pool->workers_extra, 1))
		return ERR_PTR(-EAGAIN);
	worker = kzalloc(sizeof(*worker), GFP_KERNEL_ACCOUNT);
	if (!worker) {
		if (counted)
			rodp_account_uncharge(pool->workers_extra, 1);
		return ERR_PTR(-ENOMEM);
	}
	worker->pool = pool;
	worker->counted = counted;
	INIT_LIST_HEAD(&worker->idle);
	INIT_WORK(&worker->reap, worker_reap_work);
	refcount_inc(&pool->refs);
	return worker;
}

int rodp_worker_create(struct rodp_pool *pool)
{
	struct rodp_worker *worker = worker_alloc(pool);
	struct rodp_thread *thread;

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	thread = rodp_thread_create(worker_turn, worker_killed, worker, "rodp-fault");
	if (IS_ERR(thread)) {
		worker_free(worker);
		return PTR_ERR(thread);
	}
	worker->thread = thread;
	/* First it is known, then it begins: it may be killed at once. Until it has a task it is idle. */
	spin_lock_bh(&pool->lock);
	list_add(&worker->link, &pool->workers);
	list_add(&worker->idle, &pool->idle);
	WRITE_ONCE(pool->worker_count, pool->worker_count + 1);
	spin_unlock_bh(&pool->lock);
	rodp_thread_start(thread);
	return 0;
}

/* ---- all workers of a pool ---- */

bool rodp_workers_suffice(struct rodp_pool *pool)
{
	bool suffice;

	spin_lock_bh(&pool->lock);
	suffice = pool->worker_count && (list_empty(&pool->queue) || !worker_spare_wanted(pool));
	spin_unlock_bh(&pool->lock);
	return suffice;
}

void rodp_workers_wake(struct rodp_pool *pool)
{
	struct rodp_worker *worker = list_first_entry_or_null(&pool->idle, struct rodp_worker,
							      idle);

	lockdep_assert_held(&pool->lock);
	if (!worker)
		return;
	list_del_init(&worker->idle);
	rodp_thread_wake(worker->thread);
}

void rodp_workers_kill(struct rodp_pool *pool)
{
	struct rodp_worker *worker;

	spin_lock_bh(&pool->lock);
	/* The thread of one that is exiting may be gone, and has no task. */
	list_for_each_entry(worker, &pool->workers, link)
		if (!worker->exiting)
			rodp_thread_kill(worker->thread);
	spin_unlock_bh(&pool->lock);
}

void rodp_workers_stop(struct rodp_pool *pool)
{
	struct rodp_worker *worker;

	spin_lock_bh(&pool->lock);
	list_for_each_entry(worker, &pool->workers, link) {
		/* The thread of one that is exiting may be gone. */
		if (worker->exiting)
			continue;
		worker_exit(worker);
		rodp_thread_wake(worker->thread);
	}
	spin_unlock_bh(&pool->lock);
}

void rodp_workers_init(struct rodp_pool *pool)
{
	INIT_LIST_HEAD(&pool->workers);
	INIT_LIST_HEAD(&pool->idle);
	pool->create_after = jiffies;
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
