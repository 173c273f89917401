// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Limits by user, see user.h. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "base/user.h"
#include "monitor/user.h"

static uint user_monitors = 1024;
module_param(user_monitors, uint, 0644);
MODULE_PARM_DESC(user_monitors, "most monitors of one user without CAP_SYS_RESOURCE [1024]");

static uint user_monitor_ranges = 1048576;
module_param(user_monitor_ranges, uint, 0644);
MODULE_PARM_DESC(user_monitor_ranges, "most ranges in all monitors of one such user [1048576]");

/* Lives while the user has a monitor. */
struct monitor_user {
	struct hlist_node node;
	kuid_t uid;
	u64 monitors, ranges;
};

static DEFINE_HASHTABLE(user_table, 6);
static DEFINE_MUTEX(user_lock); /* of the table and the counts */

static struct monitor_user *user_find(kuid_t uid)
{
	struct monitor_user *user;

	lockdep_assert_held(&user_lock);
	hash_for_each_possible(user_table, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

static struct monitor_user *user_find_or_make(kuid_t uid)
{
	struct monitor_user *user = user_find(uid);

	if (user)
		return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	user->uid = uid;
	hash_add(user_table, &user->node, __kuid_val(uid));
	return user;
}

static void user_free_unused(struct monitor_user *user)
{
	lockdep_assert_held(&user_lock);
	if (user->monitors)
		return;
	hash_del(&user->node);
	kfree(user);
}

static bool user_has_room(const struct monitor_user *user, u32 ranges)
{
	return (user->monitors < READ_ONCE(user_monitors) &&
		user->ranges + ranges <= READ_ONCE(user_monitor_ranges)) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

struct monitor_user *monitor_user_take(u32 ranges)
{
	struct monitor_user *user;

	mutex_lock(&user_lock);
	user = user_find_or_make(rodp_user_current());
	if (!user) {
		user = ERR_PTR(-ENOMEM);
	} else if (user_has_room(user, ranges)) {
		user->monitors++;
		user->ranges += ranges;
	} else {
		user_free_unused(user);
		user = ERR_PTR(-ENOSPC);
	}
	mutex_unlock(&user_lock);
	return user;
}

void monitor_user_give(struct monitor_user *user, u32 ranges)
{
	mutex_lock(&user_lock);
	user->monitors--;
	user->ranges -= ranges;
	user_free_unused(user);
	mutex_unlock(&user_lock);
}
