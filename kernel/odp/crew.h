/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A crew: the threads that fault for one process, in its name.
 *
 * There is one crew for each mm that has mirrors, whatever number of devices and contexts they
 * belong to. What is to be done is a task (task.h), and a worker (worker.h) does it: a thread of the
 * process, so that the process is charged, and so that it ends with the process. How
 * they are made and end is in "Who faults" of docs/architecture.md.
 *
 * This file has the crew itself, for mirror.c, and its fields, for task.c and worker.c.
 */
#ifndef RODP_ODP_CREW_H
#define RODP_ODP_CREW_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat/worker.h"
#include "odp/payer.h"

/**
 * struct rodp_crew - The threads of one process, and what they have to do
 * @owner: the process
 * @payer: its user; referenced
 */
struct rodp_crew {
	struct rodp_owner owner;
	struct rodp_payer *payer;

	/* private: crew.c */
	struct hlist_node link; /* in the table by mm; under crew_lock */
	unsigned int users; /* crew_lock: mirrors and sets */
	refcount_t refs; /* one for all users, one for each worker */
	struct work_struct end; /* when the last user is gone */

	/* private: task.c, worker.c */
	spinlock_t lock; /* taken with BH disabled */
	unsigned int tasks; /* lock: tasks that are not over */
	struct list_head queue; /* lock: those that nobody has begun */
	struct list_head young; /* lock: tasks by the time of their last progress, oldest first */
	struct list_head late; /* lock: tasks without progress for long */
	struct delayed_work watch; /* looks for late ones */
	struct work_struct bury; /* ends tasks that no worker will begin */
	struct list_head workers; /* lock: all, also those that are leaving */
	struct list_head idle; /* lock: workers that have nothing to do */
	unsigned int hands; /* lock: workers that are not leaving */
	bool hiring_spare; /* lock: a worker is hiring */
	unsigned long hire_after; /* lock: jiffies; the last hiring failed */
	struct mutex hiring; /* held by who sees to it that there is a worker at all */
};

/**
 * rodp_crew_get() - The crew of the current process, with a worker
 *
 * Context: Process, sleeps; `current` has an mm and is a thread of it.
 * Return: the crew with a user more, for rodp_crew_put(); ERR_PTR(): -ENOMEM, -EAGAIN (the user has
 * too many threads) or -ERESTARTNOINTR (a signal is pending).
 */
struct rodp_crew *rodp_crew_get(void);

/**
 * rodp_crew_hold() - Add a user
 * @crew: the crew, which has one
 *
 * Context: Process, sleeps.
 */
void rodp_crew_hold(struct rodp_crew *crew);

/**
 * rodp_crew_put() - Remove a user
 * @crew: the crew; with its last user it has no tasks any more, and its workers leave
 *
 * Context: Process, sleeps, but waits for no worker.
 */
void rodp_crew_put(struct rodp_crew *crew);

/**
 * rodp_crew_man() - See to it that a crew has a worker
 * @crew: the crew of the current process, which has a user. All workers may have been killed with
 *	a process that had the same mm.
 *
 * Context: Process, sleeps.
 * Return: 0, or an error of rodp_crew_get().
 */
int rodp_crew_man(struct rodp_crew *crew);

/* For worker.c: drop what a worker holds. */
void rodp_crew_drop(struct rodp_crew *crew);

int rodp_crew_module_init(void);
/* Waits until every worker has left. */
void rodp_crew_module_exit(void);

#endif
