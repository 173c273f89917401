/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Starved waiters of a mirror: those whose request has no job, for want of memory or of room. They wait
 * in a list, which costs no memory, for the mirror's feed work.
 *
 * All but rodp_starved_init() are called with fault_lock of the mirror held, and a reference to it.
 */
#ifndef RODP_ODP_STARVED_H
#define RODP_ODP_STARVED_H

#include <linux/workqueue.h>

struct rodp_fault_waiter;
struct rodp_mirror;

/* None. feed: what finds jobs for them; has a reference to the mirror, which it drops. */
void rodp_starved_init(struct rodp_mirror *mirror, work_func_t feed);

/* A waiter more, the last one. */
void rodp_starved_add(struct rodp_mirror *mirror, struct rodp_fault_waiter *waiter);

/* The one that waits for longest, or NULL. It leaves the list when it joins a job or detaches. */
struct rodp_fault_waiter *rodp_starved_first(struct rodp_mirror *mirror);

/* There may be room: run the feed work now, if anybody is starved. */
void rodp_starved_feed(struct rodp_mirror *mirror);

/*
 * Run it later: another mirror of the user, whose jobs take all of the room, does not tell this one
 * when they are over; and the jobs that this one has may all be blocked by user space.
 */
void rodp_starved_feed_later(struct rodp_mirror *mirror);

#endif
