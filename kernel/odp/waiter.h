/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Waiters: who waits for one fault job. Used by job.c and request.c only; fault.h is the
 * contract for the owners of waiters.
 *
 * rodp_waiters_join() and the two functions that wake are called with fault_lock of the waiters'
 * mirror held. Many lanes can wait for one job: waiters are found by their VA, and only so many
 * are woken at a time; the caller drops the lock between two times.
 */
#ifndef RODP_ODP_WAITER_H
#define RODP_ODP_WAITER_H

#include "odp/fault.h"

struct rodp_waiters {
	struct rb_root_cached tree; /* struct rodp_fault_waiter, by va */
	bool abandoned; /* the last waiter has detached, and no other has joined since */
};

void rodp_waiters_init(struct rodp_waiters *waiters);

/* Add waiter, which has a mirror, and is starved or new. */
void rodp_waiters_join(struct rodp_waiters *waiters, struct rodp_fault_waiter *waiter);

/*
 * Wake those that wait for a page below va, without an error. Their memory may be gone then. Returns
 * whether it is to be called again, after the lock was dropped: not all are woken.
 */
bool rodp_waiters_wake_below(struct rodp_waiters *waiters, u64 va);

/*
 * Wake all: those that wait for the page at va (page aligned) with err, the others without an
 * error, so that they request again. Their memory may be gone then. Returns as the former.
 */
bool rodp_waiters_wake_all(struct rodp_waiters *waiters, u64 va, int err);

void rodp_waiter_module_init(void);

#endif
