// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Which process has which pool, and what a pool is given to do. See pools.h. */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "odp/core.h"
#include "odp/pool.h"
#include "odp/pools.h"
#include "odp/task.h"
#include "odp/worker.h"

#define POOLS_HASH_BITS 8

/* How often the watch of a pool looks while there are tasks. */
#define POOLS_WATCH (HZ / 2)

static DEFINE_HASHTABLE(pools_table, POOLS_HASH_BITS); /* by mm */
static DEFINE_MUTEX(pools_lock);

/* ---- tasks ---- */

void rodp_pools_add(struct rodp_pool *pool, struct rodp_task *task)
{
	spin_lock_bh(&pool->lock);
	rodp_task_enqueue(pool, task);
	if (pool->worker_count)
		rodp_workers_wake(pool);
	else
		rodp_tasks_cancel(pool);
	/* Nothing happens while it is to run already. */
	queue_delayed_work(rodp_odp_wq, &pool->watch, POOLS_WATCH);
	spin_unlock_bh(&pool->lock);
}

static void pools_watch_work(struct work_struct *work)
{
	struct rodp_pool *pool = container_of(work, struct rodp_pool, watch.work);

	if (rodp_owner_is_gone(&pool->owner))
		rodp_workers_kill(pool);
	/* Who adds the first one sets the watch. */
	if (rodp_tasks_look(pool))
		queue_delayed_work(rodp_odp_wq, &pool->watch, POOLS_WATCH);
}

/* ---- how a pool begins and ends ---- */

/* The last user is gone: there are no tasks and will be none. */
static void pools_end_work(struct work_struct *work)
{
	struct rodp_pool *pool = container_of(work, struct rodp_pool, end);

	cancel_delayed_work_sync(&pool->watch);
	rodp_tasks_fini(pool);
	rodp_workers_stop(pool);
	rodp_pool_drop(pool);
}

/* A pool of the current process, without workers, which nobody finds yet. NULL: no memory. */
static struct rodp_pool *pools_create(void)
{
	struct rodp_pool *pool = rodp_pool_create();

	if (!pool)
		return NULL;
	INIT_WORK(&pool->end, pools_end_work);
	INIT_DELAYED_WORK(&pool->watch, pools_watch_work);
	rodp_tasks_init(pool);
	rodp_workers_init(pool);
	return pool;
}

static struct rodp_pool *pools_find(const struct mm_struct *mm)
{
	struct rodp_pool *pool;

	lockdep_assert_held(&pools_lock);
	hash_for_each_possible(pools_table, pool, link, (unsigned long)mm)
		if (pool->owner.mm == mm)
			return pool;
	return NULL;
}

/* The pool that the current process has, with a user more; if there is none, `fresh`, or NULL. */
static struct rodp_pool *pools_use(struct rodp_pool *fresh)
{
	struct rodp_pool *pool;

	mutex_lock(&pools_lock);
	pool = pools_find(current->mm);
	if (!pool && fresh) {
		pool = fresh;
		hash_add(pools_table, &pool->link, (unsigned long)pool->owner.mm);
	}
	if (pool)
		pool->users++;
	mutex_unlock(&pools_lock);
	return pool;
}

/*
 * The pool of the current process, with a user more. NULL: no memory. It is allocated without the lock,
 * for which others wait: a process at its cgroup's limit may take long for that.
 */
static struct rodp_pool *pools_use_or_create(void)
{
	struct rodp_pool *pool = pools_use(NULL), *fresh;

	if (pool)
		return pool;
	fresh = pools_create();
	if (!fresh)
		return NULL;
	pool = pools_use(fresh);
	if (pool != fresh)
		rodp_pool_drop(fresh);
	return pool;
}

void rodp_pools_hold(struct rodp_pool *pool)
{
	mutex_lock(&pools_lock);
	pool->users++;
	mutex_unlock(&pools_lock);
}

void rodp_pools_put(struct rodp_pool *pool)
{
	mutex_lock(&pools_lock);
	if (!--pool->users) {
		hash_del(&pool->link);
		queue_work(rodp_odp_wq, &pool->end);
	}
	mutex_unlock(&pools_lock);
}

int rodp_pools_ensure_worker(struct rodp_pool *pool)
{
	int err = 0;

	if (rodp_workers_suffice(pool))
		return 0;
	mutex_lock(&pool->creating);
	if (!rodp_workers_suffice(pool))
		err = rodp_worker_create(pool);
	mutex_unlock(&pool->creating);
	return READ_ONCE(pool->worker_count) ? 0 : err;
}

struct rodp_pool *rodp_pools_get(void)
{
	struct rodp_pool *pool = pools_use_or_create();
	int err;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = rodp_pools_ensure_worker(pool);
	if (!err)
		return pool;
	rodp_pools_put(pool);
	return ERR_PTR(err);
}

int rodp_pools_module_init(void)
{
	return rodp_worker_module_init();
}

void rodp_pools_module_exit(void)
{
	rodp_pool_wait();
	rodp_worker_module_exit();
}
