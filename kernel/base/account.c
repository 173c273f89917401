// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Accounts, see account.h. */
#include <linux/capability.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "base/account.h"
#include "base/user.h"

/* MiB. */
static uint user_rings_mb;
module_param(user_rings_mb, uint, 0644);
MODULE_PARM_DESC(
	user_rings_mb,
	"most MiB of rings of one user without CAP_SYS_RESOURCE [0: an eighth of the machine's memory]");

static uint user_dm_mb = 32;
module_param(user_dm_mb, uint, 0644);
MODULE_PARM_DESC(user_dm_mb, "the same of device memory [32]");

static uint user_backlog_mb = 64;
module_param(user_backlog_mb, uint, 0644);
MODULE_PARM_DESC(user_backlog_mb, "the same of packets that wait for his queue pairs [64]");

static uint user_jobs = 4096;
module_param(user_jobs, uint, 0644);
MODULE_PARM_DESC(user_jobs,
		 "most fault jobs of one user; what misses then waits without one [4096]");

static uint user_prefetches = 4096;
module_param(user_prefetches, uint, 0644);
MODULE_PARM_DESC(user_prefetches, "most prefetches of one user that wait or run [4096]");

static uint user_workers = 256;
module_param(user_workers, uint, 0644);
MODULE_PARM_DESC(
	user_workers,
	"most threads that serve the faults of one user, besides one for each process [256]");

struct rodp_account {
	struct hlist_node node; /* of a user: in account_table */
	refcount_t ref;
	enum rodp_account_kind kind;
	kuid_t uid; /* of a user */
	u64 most; /* of a device */
	atomic64_t used;
};

/* Of users. */
static DEFINE_HASHTABLE(account_table, 6);
static DEFINE_SPINLOCK(account_lock);

static u32 account_hash(enum rodp_account_kind kind, kuid_t uid)
{
	return __kuid_val(uid) * RODP_ACCOUNT_KINDS + kind;
}

static u64 account_rings_most(void)
{
	uint mb = READ_ONCE(user_rings_mb);

	return mb ? (u64)mb * SZ_1M : (u64)(totalram_pages() / 8) << PAGE_SHIFT;
}

static u64 account_most(const struct rodp_account *account)
{
	switch (account->kind) {
	case RODP_ACCOUNT_RINGS:
		return account_rings_most();
	case RODP_ACCOUNT_DM:
		return (u64)READ_ONCE(user_dm_mb) * SZ_1M;
	case RODP_ACCOUNT_BACKLOG:
		return (u64)READ_ONCE(user_backlog_mb) * SZ_1M;
	case RODP_ACCOUNT_JOBS:
		return READ_ONCE(user_jobs);
	case RODP_ACCOUNT_PREFETCHES:
		return READ_ONCE(user_prefetches);
	case RODP_ACCOUNT_WORKERS:
		return READ_ONCE(user_workers);
	case RODP_ACCOUNT_KINDS:
		break;
	}
	return account->most;
}

static struct rodp_account *account_make(enum rodp_account_kind kind)
{
	struct rodp_account *account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);

	if (!account)
		return NULL;
	refcount_set(&account->ref, 1);
	account->kind = kind;
	return account;
}

struct rodp_account *rodp_account_create(u64 most)
{
	struct rodp_account *account = account_make(RODP_ACCOUNT_KINDS);

	if (account)
		account->most = most;
	return account;
}

/* With a reference, or NULL. */
static struct rodp_account *account_find(enum rodp_account_kind kind, kuid_t uid)
{
	struct rodp_account *account;

	lockdep_assert_held(&account_lock);
	hash_for_each_possible(account_table, account, node, account_hash(kind, uid))
		if (account->kind == kind && uid_eq(account->uid, uid))
			return rodp_account_get(account);
	return NULL;
}

/* The one that there is, or else `fresh`, which is put in the table. */
static struct rodp_account *account_find_or_add(struct rodp_account *fresh)
{
	struct rodp_account *account;

	spin_lock(&account_lock);
	account = account_find(fresh->kind, fresh->uid);
	if (!account) {
		hash_add(account_table, &fresh->node, account_hash(fresh->kind, fresh->uid));
		account = fresh;
	}
	spin_unlock(&account_lock);
	return account;
}

static bool account_is_of_memory(enum rodp_account_kind kind)
{
	return kind <= RODP_ACCOUNT_BACKLOG;
}

struct rodp_account *rodp_account_of_user(enum rodp_account_kind kind)
{
	struct rodp_account *account, *fresh;
	kuid_t uid = rodp_user_current();

	if (account_is_of_memory(kind) && ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
		return NULL;
	spin_lock(&account_lock);
	account = account_find(kind, uid);
	spin_unlock(&account_lock);
	if (account)
		return account;
	fresh = account_make(kind);
	if (!fresh)
		return ERR_PTR(-ENOMEM);
	fresh->uid = uid;
	account = account_find_or_add(fresh);
	if (account != fresh)
		kfree(fresh);
	return account;
}

struct rodp_account *rodp_account_get(struct rodp_account *account)
{
	if (account)
		refcount_inc(&account->ref);
	return account;
}

void rodp_account_put(struct rodp_account *account)
{
	if (!account || !refcount_dec_and_lock(&account->ref, &account_lock))
		return;
	if (account->kind != RODP_ACCOUNT_KINDS)
		hash_del(&account->node);
	spin_unlock(&account_lock);
	WARN_ON_ONCE(atomic64_read(&account->used));
	kfree(account);
}

int rodp_account_try_charge(struct rodp_account *account, u64 amount)
{
	if (!account || (u64)atomic64_add_return(amount, &account->used) <= account_most(account))
		return 0;
	atomic64_sub(amount, &account->used);
	return -ENOMEM;
}

void rodp_account_charge(struct rodp_account *account, u64 amount)
{
	if (account)
		atomic64_add(amount, &account->used);
}

void rodp_account_uncharge(struct rodp_account *account, u64 amount)
{
	if (account)
		atomic64_sub(amount, &account->used);
}

void rodp_account_module_exit(void)
{
	WARN_ON(!hash_empty(account_table));
}
