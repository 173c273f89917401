// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pools: who has one, and how they are made and end. See pool.h. */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "odp/core.h"
#include "odp/pool.h"
#include "odp/task.h"
#include "odp/worker.h"

#define POOL_HASH_BITS 8

/* Pools by their mm. */
static DEFINE_HASHTABLE(pool_table, POOL_HASH_BITS);
static DEFINE_MUTEX(pool_lock);

/* Pools whose memory is not freed yet, and where the unloading waits for the last one. */
static atomic_t pool_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(pool_none);

/* Errors among them: of a pool that could not be made. */
static void pool_put_accounts(struct rodp_pool *pool)
{
	struct rodp_account *const account[] = { pool->jobs, pool->prefetches, pool->workers_extra };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(account); i++)
		if (!IS_ERR(account[i]))
			rodp_account_put(account[i]);
}

static int pool_get_accounts(struct rodp_pool *pool)
{
	pool->jobs = rodp_account_of_user(RODP_ACCOUNT_JOBS);
	pool->prefetches = rodp_account_of_user(RODP_ACCOUNT_PREFETCHES);
	pool->workers_extra = rodp_account_of_user(RODP_ACCOUNT_WORKERS);
	if (!IS_ERR(pool->jobs) && !IS_ERR(pool->prefetches) && !IS_ERR(pool->workers_extra))
		return 0;
	pool_put_accounts(pool);
	return -ENOMEM;
}

void rodp_pool_drop(struct rodp_pool *pool)
{
	if (!refcount_dec_and_test(&pool->refs))
		return;
	rodp_owner_fini(&pool->owner);
	pool_put_accounts(pool);
	kfree(pool);
	/* rodp_pool_module_exit() waits for the rest of this function, in a work item. */
	if (atomic_dec_and_test(&pool_count))
		wake_up(&pool_none);
}

/* The last user is gone: there are no tasks and will be none. */
static void pool_end_work(struct work_struct *work)
{
	struct rodp_pool *pool = container_of(work, struct rodp_pool, end);

	rodp_tasks_fini(pool);
	rodp_workers_stop(pool);
	rodp_pool_drop(pool);
}

static struct rodp_pool *pool_find(const struct mm_struct *mm)
{
	struct rodp_pool *pool;

	lockdep_assert_held(&pool_lock);
	hash_for_each_possible(pool_table, pool, link, (unsigned long)mm)
		if (pool->owner.mm == mm)
			return pool;
	return NULL;
}

/* A pool of the current process, without workers, which nobody finds yet. NULL: no memory. */
static struct rodp_pool *pool_create(void)
{
	struct rodp_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);

	if (!pool)
		return NULL;
	if (pool_get_accounts(pool)) {
		kfree(pool);
		return NULL;
	}
	rodp_owner_init(&pool->owner);
	refcount_set(&pool->refs, 1);
	spin_lock_init(&pool->lock);
	mutex_init(&pool->creating);
	INIT_WORK(&pool->end, pool_end_work);
	rodp_tasks_init(pool);
	rodp_workers_init(pool);
	atomic_inc(&pool_count);
	return pool;
}

/* The pool that the current process has, with a user more; if there is none, `fresh`, or NULL. */
static struct rodp_pool *pool_use(struct rodp_pool *fresh)
{
	struct rodp_pool *pool;

	mutex_lock(&pool_lock);
	pool = pool_find(current->mm);
	if (!pool && fresh) {
		pool = fresh;
		hash_add(pool_table, &pool->link, (unsigned long)pool->owner.mm);
	}
	if (pool)
		pool->users++;
	mutex_unlock(&pool_lock);
	return pool;
}

/*
 * The pool of the current process, with a user more. NULL: no memory. It is allocated without the lock,
 * for which others wait: a process at its cgroup's limit may take long for that.
 */
static struct rodp_pool *pool_use_or_create(void)
{
	struct rodp_pool *pool = pool_use(NULL), *fresh;

	if (pool)
		return pool;
	fresh = pool_create();
	if (!fresh)
		return NULL;
	pool = pool_use(fresh);
	if (pool != fresh)
		rodp_pool_drop(fresh);
	return pool;
}

void rodp_pool_hold(struct rodp_pool *pool)
{
	mutex_lock(&pool_lock);
	pool->users++;
	mutex_unlock(&pool_lock);
}

void rodp_pool_put(struct rodp_pool *pool)
{
	mutex_lock(&pool_lock);
	if (!--pool->users) {
		hash_del(&pool->link);
		queue_work(rodp_odp_wq, &pool->end);
	}
	mutex_unlock(&pool_lock);
}

int rodp_pool_ensure_worker(struct rodp_pool *pool)
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

struct rodp_pool *rodp_pool_get(void)
{
	struct rodp_pool *pool = pool_use_or_create();
	int err;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = rodp_pool_ensure_worker(pool);
	if (!err)
		return pool;
	rodp_pool_put(pool);
	return ERR_PTR(err);
}

int rodp_pool_module_init(void)
{
	return rodp_worker_module_init();
}

void rodp_pool_module_exit(void)
{
	wait_event(pool_none, !atomic_read(&pool_count));
	rodp_worker_module_exit();
}
