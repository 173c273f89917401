// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Starved waiters, see starved.h. */
#include <linux/lockdep.h>
#include <linux/minmax.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/fault.h"
#include "odp/starved.h"

/*
 * How long the starved wait before the feed work looks whether there is room now: at first, and, since that
 * is work of the kernel's for each mirror of a user, twice as long each time, up to this.
 */
#define STARVED_PAUSE	  max(HZ / 20, 1)
#define STARVED_PAUSE_MAX HZ

void rodp_starved_add(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter)
{
	lockdep_assert_held(&mirror->fault_lock);
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_FAULTS_STARVED);
	list_add_tail(&waiter->link, &mirror->starved);
}

struct rodp_fault_waiter *rodp_starved_first(struct rodp_mirror *mirror)
{
	lockdep_assert_held(&mirror->fault_lock);
	return list_first_entry_or_null(&mirror->starved, struct rodp_fault_waiter, link);
}

void rodp_starved_feed(struct rodp_mirror *mirror)
{
	lockdep_assert_held(&mirror->fault_lock);
	mirror->feed_pause = STARVED_PAUSE;
	if (!list_empty(&mirror->starved) && !mod_delayed_work(rodp_odp_wq, &mirror->feed, 0))
		refcount_inc(&mirror->refs);
}

void rodp_starved_feed_later(struct rodp_mirror *mirror)
{
	lockdep_assert_held(&mirror->fault_lock);
	if (list_empty(&mirror->starved) ||
	    !queue_delayed_work(rodp_odp_wq, &mirror->feed, mirror->feed_pause))
		return;
	refcount_inc(&mirror->refs);
	mirror->feed_pause = min_t(unsigned long, 2 * mirror->feed_pause, STARVED_PAUSE_MAX);
}

void rodp_starved_init(struct rodp_mirror *mirror, work_func_t feed)
{
	INIT_LIST_HEAD(&mirror->starved);
	mirror->feed_pause = STARVED_PAUSE;
	INIT_DELAYED_WORK(&mirror->feed, feed);
}
