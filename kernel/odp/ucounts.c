// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Counts of users, see ucounts.h. */
#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "base/user.h"
#include "odp/ucounts.h"

#define UCOUNTS_HASH_BITS 6

struct rodp_ucounts {
	struct hlist_node link; /* ucounts_table, under ucounts_lock */
	unsigned int refs; /* ucounts_lock */
	kuid_t uid;
	atomic_t count[RODP_UCOUNT_KINDS];
};

static DEFINE_HASHTABLE(ucounts_table, UCOUNTS_HASH_BITS);
static DEFINE_MUTEX(ucounts_lock);

static unsigned int max_user_jobs = 4096;
module_param(max_user_jobs, uint, 0644);
MODULE_PARM_DESC(max_user_jobs,
		 "Fault jobs that a user has at most; what misses then waits without one");

static unsigned int max_user_prefetches = 4096;
module_param(max_user_prefetches, uint, 0644);
MODULE_PARM_DESC(max_user_prefetches, "Prefetches that a user has under way at most");

static unsigned int max_user_workers = 256;
module_param(max_user_workers, uint, 0644);
MODULE_PARM_DESC(max_user_workers,
		 "Threads that serve a user's faults at most, besides one for each process");

static unsigned int ucounts_limit(enum rodp_ucount kind)
{
	switch (kind) {
	case RODP_UCOUNT_JOBS:
		return READ_ONCE(max_user_jobs);
	case RODP_UCOUNT_PREFETCHES:
		return READ_ONCE(max_user_prefetches);
	default:
		return READ_ONCE(max_user_workers);
	}
}

static struct rodp_ucounts *ucounts_find(kuid_t uid)
{
	struct rodp_ucounts *ucounts;

	lockdep_assert_held(&ucounts_lock);
	hash_for_each_possible(ucounts_table, ucounts, link, __kuid_val(uid))
		if (uid_eq(ucounts->uid, uid))
			return ucounts;
	return NULL;
}

/* The counts that a user has, with a reference; if there are none, `fresh`, or NULL. */
static struct rodp_ucounts *ucounts_use(kuid_t uid, struct rodp_ucounts *fresh)
{
	struct rodp_ucounts *ucounts;

	mutex_lock(&ucounts_lock);
	ucounts = ucounts_find(uid);
	if (!ucounts && fresh) {
		ucounts = fresh;
		ucounts->uid = uid;
		hash_add(ucounts_table, &ucounts->link, __kuid_val(uid));
	}
	if (ucounts)
		ucounts->refs++;
	mutex_unlock(&ucounts_lock);
	return ucounts;
}

struct rodp_ucounts *rodp_ucounts_get(void)
{
	const kuid_t uid = rodp_user_current();
	struct rodp_ucounts *ucounts = ucounts_use(uid, NULL), *fresh;

	if (ucounts)
		return ucounts;
	/* Not under the lock, for which others wait. */
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	ucounts = ucounts_use(uid, fresh);
	if (ucounts != fresh)
		kfree(fresh);
	return ucounts;
}

void rodp_ucounts_put(struct rodp_ucounts *ucounts)
{
	mutex_lock(&ucounts_lock);
	if (!--ucounts->refs) {
		hash_del(&ucounts->link);
		kfree(ucounts);
	}
	mutex_unlock(&ucounts_lock);
}

bool rodp_ucounts_try_charge(struct rodp_ucounts *ucounts, enum rodp_ucount kind)
{
	if ((unsigned int)atomic_inc_return(&ucounts->count[kind]) <= ucounts_limit(kind))
		return true;
	atomic_dec(&ucounts->count[kind]);
	return false;
}

void rodp_ucounts_charge(struct rodp_ucounts *ucounts, enum rodp_ucount kind)
{
	atomic_inc(&ucounts->count[kind]);
}

void rodp_ucounts_uncharge(struct rodp_ucounts *ucounts, enum rodp_ucount kind)
{
	atomic_dec(&ucounts->count[kind]);
}
