// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pools: their memory. See pool.h. */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "odp/pool.h"

/* Pools whose memory is not freed yet, and where the unloading waits for the last one. */
static atomic_t pool_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(pool_none);

/* Errors among them: of a pool that could not be made. */
static void pool_put_accounts(struct rodp_pool *pool)
{
	struct rodp_account *const account[] = { pool->jobs, pool->prefetches,
						 pool->workers_extra };
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

struct rodp_pool *rodp_pool_create(void)
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
	atomic_inc(&pool_count);
	return pool;
}

void rodp_pool_drop(struct rodp_pool *pool)
{
	if (!refcount_dec_and_test(&pool->refs))
		return;
	rodp_owner_fini(&pool->owner);
	pool_put_accounts(pool);
	kfree(pool);
	/* rodp_pool_wait() waits for the rest of this function, in a work item. */
	if (atomic_dec_and_test(&pool_count))
		wake_up(&pool_none);
}

void rodp_pool_wait(void)
{
	wait_event(pool_none, !atomic_read(&pool_count));
}
