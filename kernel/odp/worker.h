/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Workers: the threads of a crew. Used by crew.c and task.c only.
 *
 * A worker is hired by a thread of its process, one of its colleagues included. It leaves by itself
 * after it had nothing to do for a while, when it is killed, or when it is dismissed. Whichever it
 * is, its reap work then waits until the thread has left the module.
 */
#ifndef RODP_ODP_WORKER_H
#define RODP_ODP_WORKER_H

struct rodp_crew;

/*
 * Hire a worker. `current` is a thread of the crew's process; the crew has a user. Sleeps. Returns
 * 0; -EAGAIN: there are enough; or an error of rodp_thread_create().
 */
int rodp_worker_hire(struct rodp_crew *crew);

/* Wake a worker, if one is idle: there is a task. Called with the crew's lock held. */
void rodp_workers_wake(struct rodp_crew *crew);

/* The process is gone, and its workers are to be killed. Takes the crew's lock. */
void rodp_workers_kill(struct rodp_crew *crew);

/* Let all workers leave, which have no task and get none. Takes the crew's lock, does not wait. */
void rodp_workers_dismiss(struct rodp_crew *crew);

/* A crew without workers. */
void rodp_workers_init(struct rodp_crew *crew);

int rodp_worker_module_init(void);
/* Called after the last worker has left. */
void rodp_worker_module_exit(void);

#endif
