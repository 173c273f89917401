/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * user: how many monitors, and ranges in all of them, one user has, and may have. A user is who
 * base/user.h says. Whoever has CAP_SYS_RESOURCE (in the initial user namespace) may have any number.
 */
#ifndef RODP_MONITOR_USER_H
#define RODP_MONITOR_USER_H

#include <linux/types.h>

struct monitor_user;

/**
 * monitor_user_take() - the current process's user has one more monitor
 * @ranges: of so many ranges
 *
 * Context: Process, sleeps.
 * Return: the user, for monitor_user_give(); ERR_PTR(-ENOSPC): that would be more than he may have;
 * ERR_PTR(-ENOMEM).
 */
struct monitor_user *monitor_user_take(u32 ranges);

/**
 * monitor_user_give() - he has it no more
 * @user: as from monitor_user_take()
 * @ranges: as taken
 *
 * Context: Process, sleeps.
 */
void monitor_user_give(struct monitor_user *user, u32 ranges);

#endif
