/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Workers: the threads of a pool. Used by pools.c only.
 *
 * A worker is created by a thread of its process, which may be a worker itself. It exits after it
 * had nothing to do for a while, when it is killed, or when it is told to stop. In each case its thread
 * then queues its reap work, which waits until the thread has left the module.
 */
#ifndef RODP_ODP_WORKER_H
#define RODP_ODP_WORKER_H

struct rodp_pool;

/*
 * Create a worker. `current` is a thread of the pool's process; the pool has a user. Sleeps. Returns
 * 0; -EAGAIN: there are enough; or an error of rodp_thread_create().
 */
int rodp_worker_create(struct rodp_pool *pool);

/* Whether the pool has a worker, and needs no other for the tasks that wait. Takes the pool's lock. */
bool rodp_workers_suffice(struct rodp_pool *pool);

/* Wake a worker, if one is idle: there is a task. Called with the pool's lock held. */
void rodp_workers_wake(struct rodp_pool *pool);

/* The process is gone, and its workers are to be killed. Takes the pool's lock. */
void rodp_workers_kill(struct rodp_pool *pool);

/* Tell all workers to exit, which have no task and get none. Takes the pool's lock, does not wait. */
void rodp_workers_stop(struct rodp_pool *pool);

/* A pool without workers. */
void rodp_workers_init(struct rodp_pool *pool);

int rodp_worker_module_init(void);
/* Called after the last worker has exited. */
void rodp_worker_module_exit(void);

#endif
