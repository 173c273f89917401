// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Payers, see payer.h. */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "odp/payer.h"

#define PAYER_HASH_BITS 6

struct rodp_payer {
	struct hlist_node link; /* payer_table, under payer_lock */
	unsigned int refs; /* payer_lock */
	kuid_t uid;
	atomic_t count[RODP_PAY_KINDS];
};

static DEFINE_HASHTABLE(payer_table, PAYER_HASH_BITS);
static DEFINE_MUTEX(payer_lock);

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

static unsigned int payer_limit(enum rodp_pay kind)
{
	switch (kind) {
	case RODP_PAY_JOBS:
		return READ_ONCE(max_user_jobs);
	case RODP_PAY_PREFETCHES:
		return READ_ONCE(max_user_prefetches);
	default:
		return READ_ONCE(max_user_workers);
	}
}

static struct rodp_payer *payer_find(kuid_t uid)
{
	struct rodp_payer *payer;

	lockdep_assert_held(&payer_lock);
	hash_for_each_possible(payer_table, payer, link, __kuid_val(uid))
		if (uid_eq(payer->uid, uid))
			return payer;
	return NULL;
}

static struct rodp_payer *payer_make(kuid_t uid)
{
	struct rodp_payer *payer = kzalloc(sizeof(*payer), GFP_KERNEL_ACCOUNT);

	lockdep_assert_held(&payer_lock);
	if (payer) {
		payer->uid = uid;
		hash_add(payer_table, &payer->link, __kuid_val(uid));
	}
	return payer;
}

struct rodp_payer *rodp_payer_get(void)
{
	const kuid_t uid = current_uid();
	struct rodp_payer *payer;

	mutex_lock(&payer_lock);
	payer = payer_find(uid);
	if (!payer)
		payer = payer_make(uid);
	if (payer)
		payer->refs++;
	mutex_unlock(&payer_lock);
	return payer;
}

void rodp_payer_put(struct rodp_payer *payer)
{
	mutex_lock(&payer_lock);
	if (!--payer->refs) {
		hash_del(&payer->link);
		kfree(payer);
	}
	mutex_unlock(&payer_lock);
}

bool rodp_payer_try(struct rodp_payer *payer, enum rodp_pay kind)
{
	if ((unsigned int)atomic_inc_return(&payer->count[kind]) <= payer_limit(kind))
		return true;
	atomic_dec(&payer->count[kind]);
	return false;
}

void rodp_payer_take(struct rodp_payer *payer, enum rodp_pay kind)
{
	atomic_inc(&payer->count[kind]);
}

void rodp_payer_give(struct rodp_payer *payer, enum rodp_pay kind)
{
	atomic_dec(&payer->count[kind]);
}
