/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The pools of all processes: each mm that has mirrors has one (pool.h).
 */
#ifndef RODP_ODP_POOLS_H
#define RODP_ODP_POOLS_H

struct rodp_pool;
struct rodp_task;

/**
 * rodp_pools_get() - The pool of the current process, with a worker
 *
 * Context: Process, sleeps; `current` has an mm and is a thread of it.
 * Return: the pool with a user more, for rodp_pools_put(); ERR_PTR(): -ENOMEM, -EAGAIN (the user has
 * too many threads) or -ERESTARTNOINTR (a signal is pending).
 */
struct rodp_pool *rodp_pools_get(void);

/**
 * rodp_pools_hold() - Add a user
 * @pool: the pool, which has one
 *
 * Context: Process, sleeps.
 */
void rodp_pools_hold(struct rodp_pool *pool);

/**
 * rodp_pools_put() - Remove a user
 * @pool: the pool; with its last user it has no tasks any more, and its workers exit
 *
 * Context: Process, sleeps, but waits for no worker.
 */
void rodp_pools_put(struct rodp_pool *pool);

/**
 * rodp_pools_ensure_worker() - See to it that a pool has a worker
 * @pool: the pool of the current process, which has a user. All workers may have been killed with
 *	a process that had the same mm; or they are blocked, tasks wait, and the last attempt of a
 *	worker to create another failed.
 *
 * Context: Process, sleeps.
 * Return: 0, or an error of rodp_pools_get().
 */
int rodp_pools_ensure_worker(struct rodp_pool *pool);

/**
 * rodp_pools_add() - Have something done
 * @pool: by whom; it has a user until the task is over
 * @task: what; @task->ops is set, the task is not added already
 *
 * Context: Any but hard interrupt; takes the pool's lock.
 */
void rodp_pools_add(struct rodp_pool *pool, struct rodp_task *task);

int rodp_pools_module_init(void);
/* Waits until every worker has exited. */
void rodp_pools_module_exit(void);

#endif
