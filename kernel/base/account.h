/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Accounts: how much of one kind a user, or a device, has, and may have: bytes of kernel memory, or
 * pieces of work under way, in all of his processes, contexts and devices.
 *
 * Memory that is made for a process is charged to its memory cgroup too; but one user may have many
 * cgroups, or none with a limit, and what packets bring is nobody's. A user's limits are module
 * parameters, which count from the next request on. Whoever has CAP_SYS_RESOURCE (in the initial
 * user namespace) has no account of memory, and no limit: NULL stands for that. Of work under way
 * everybody has one.
 *
 * A user is who base/user.h says, as of when the object was made.
 */
#ifndef RODP_BASE_ACCOUNT_H
#define RODP_BASE_ACCOUNT_H

#include <linux/types.h>

struct rodp_account;

/**
 * enum rodp_account_kind - what users have accounts of
 * @RODP_ACCOUNT_RINGS: rings, and the kernel's copies of work requests; bytes.
 * @RODP_ACCOUNT_DM: device memory; bytes.
 * @RODP_ACCOUNT_BACKLOG: packets that wait for a lane; bytes.
 * @RODP_ACCOUNT_JOBS: fault jobs; pieces, as those below.
 * @RODP_ACCOUNT_PREFETCHES: prefetches that wait or run.
 * @RODP_ACCOUNT_WORKERS: threads that serve these, but for the first of each process.
 * @RODP_ACCOUNT_KINDS: none of them: a device's own account.
 */
enum rodp_account_kind {
	RODP_ACCOUNT_RINGS,
	RODP_ACCOUNT_DM,
	RODP_ACCOUNT_BACKLOG,
	RODP_ACCOUNT_JOBS,
	RODP_ACCOUNT_PREFETCHES,
	RODP_ACCOUNT_WORKERS,
	RODP_ACCOUNT_KINDS,
};

/**
 * rodp_account_of_user() - the account of the current process's user
 * @kind: of what
 *
 * Context: Process, sleeps.
 * Return: the account, for rodp_account_put(); NULL: this user has no limit; or ERR_PTR(-ENOMEM).
 */
struct rodp_account *rodp_account_of_user(enum rodp_account_kind kind);

/**
 * rodp_account_create() - make an account that is no user's
 * @most: bytes or pieces
 *
 * Context: Process, sleeps.
 * Return: the account, for rodp_account_put(), or NULL: no memory.
 */
struct rodp_account *rodp_account_create(u64 most);

/**
 * rodp_account_get() - take a reference
 * @account: an account that the caller has a reference to, or NULL
 *
 * Context: Any.
 * Return: @account.
 */
struct rodp_account *rodp_account_get(struct rodp_account *account);

/**
 * rodp_account_put() - drop a reference
 * @account: is freed with the last one, when all was given back; NULL: nothing happens
 *
 * Context: Process.
 */
void rodp_account_put(struct rodp_account *account);

/**
 * rodp_account_try_charge() - have more, within the limit
 * @account: the account, or NULL: no limit
 * @amount: bytes or pieces
 *
 * Context: Any.
 * Return: 0, or -ENOMEM: that would be more than the limit, and nothing is taken.
 */
int rodp_account_try_charge(struct rodp_account *account, u64 amount);

/**
 * rodp_account_charge() - have more, whatever the limit
 * @account: the account, or NULL
 * @amount: bytes or pieces
 *
 * Context: Any.
 */
void rodp_account_charge(struct rodp_account *account, u64 amount);

/**
 * rodp_account_uncharge() - have less
 * @account: as it was taken from, or NULL
 * @amount: bytes or pieces
 *
 * Context: Any.
 */
void rodp_account_uncharge(struct rodp_account *account, u64 amount);

/**
 * rodp_account_module_exit() - look that nobody has anything any more
 *
 * Context: Process.
 */
void rodp_account_module_exit(void);

#endif
