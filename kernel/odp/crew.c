// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Crews: who has one, and how they are made and end. See crew.h. */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "odp/core.h"
#include "odp/crew.h"
#include "odp/task.h"
#include "odp/worker.h"

#define CREW_HASH_BITS 8

/* Crews by their mm. */
static DEFINE_HASHTABLE(crew_table, CREW_HASH_BITS);
static DEFINE_MUTEX(crew_mutex);

/* Crews whose memory is not freed yet, and where the unloading waits for the last one. */
static atomic_t crew_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(crew_none);

void rodp_crew_drop(struct rodp_crew *crew)
{
	if (!refcount_dec_and_test(&crew->refs))
		return;
	rodp_owner_fini(&crew->owner);
	rodp_payer_put(crew->payer);
	kfree(crew);
	/* rodp_crew_module_exit() waits for the rest of this function, in a work item. */
	if (atomic_dec_and_test(&crew_count))
		wake_up(&crew_none);
}

/* The last user is gone: there are no tasks and will be none. */
static void crew_end_work(struct work_struct *work)
{
	struct rodp_crew *crew = container_of(work, struct rodp_crew, end);

	rodp_tasks_fini(crew);
	rodp_workers_dismiss(crew);
	rodp_crew_drop(crew);
}

static struct rodp_crew *crew_find(const struct mm_struct *mm)
{
	struct rodp_crew *crew;

	lockdep_assert_held(&crew_mutex);
	hash_for_each_possible(crew_table, crew, link, (unsigned long)mm)
		if (crew->owner.mm == mm)
			return crew;
	return NULL;
}

/* A crew of the current process, without workers. NULL: no memory. */
static struct rodp_crew *crew_make(void)
{
	struct rodp_crew *crew = kzalloc(sizeof(*crew), GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&crew_mutex);
	if (!crew)
		return NULL;
	crew->payer = rodp_payer_get();
	if (!crew->payer) {
		kfree(crew);
		return NULL;
	}
	rodp_owner_init(&crew->owner);
	refcount_set(&crew->refs, 1);
	spin_lock_init(&crew->lock);
	mutex_init(&crew->hiring);
	INIT_WORK(&crew->end, crew_end_work);
	rodp_tasks_init(crew);
	rodp_workers_init(crew);
	hash_add(crew_table, &crew->link, (unsigned long)crew->owner.mm);
	atomic_inc(&crew_count);
	return crew;
}

void rodp_crew_hold(struct rodp_crew *crew)
{
	mutex_lock(&crew_mutex);
	crew->users++;
	mutex_unlock(&crew_mutex);
}

void rodp_crew_put(struct rodp_crew *crew)
{
	mutex_lock(&crew_mutex);
	if (!--crew->users) {
		hash_del(&crew->link);
		queue_work(rodp_odp_wq, &crew->end);
	}
	mutex_unlock(&crew_mutex);
}

int rodp_crew_man(struct rodp_crew *crew)
{
	int err = 0;

	if (READ_ONCE(crew->hands))
		return 0;
	mutex_lock(&crew->hiring);
	if (!READ_ONCE(crew->hands))
		err = rodp_worker_hire(crew);
	mutex_unlock(&crew->hiring);
	return err;
}

struct rodp_crew *rodp_crew_get(void)
{
	struct rodp_crew *crew;
	int err;

	mutex_lock(&crew_mutex);
	crew = crew_find(current->mm);
	if (!crew)
		crew = crew_make();
	if (crew)
		crew->users++;
	mutex_unlock(&crew_mutex);
	if (!crew)
		return ERR_PTR(-ENOMEM);
	err = rodp_crew_man(crew);
	if (!err)
		return crew;
	rodp_crew_put(crew);
	return ERR_PTR(err);
}

int rodp_crew_module_init(void)
{
	return rodp_worker_module_init();
}

void rodp_crew_module_exit(void)
{
	wait_event(crew_none, !atomic_read(&crew_count));
	rodp_worker_module_exit();
}
