/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Counts of a user: what he has under way in all of his processes, contexts and devices. A bound of
 * a process alone he would have once more with each process. Who is a user: base/user.h.
 *
 * The limits are module parameters, in force for what is charged from then on.
 */
#ifndef RODP_ODP_UCOUNTS_H
#define RODP_ODP_UCOUNTS_H

#include <linux/types.h>

struct rodp_ucounts;

/**
 * enum rodp_ucount - What is counted
 * @RODP_UCOUNT_JOBS: fault jobs
 * @RODP_UCOUNT_PREFETCHES: prefetches that wait or run
 * @RODP_UCOUNT_WORKERS: threads that serve them
 * @RODP_UCOUNT_KINDS: how many kinds there are
 */
enum rodp_ucount {
	RODP_UCOUNT_JOBS,
	RODP_UCOUNT_PREFETCHES,
	RODP_UCOUNT_WORKERS,
	RODP_UCOUNT_KINDS,
};

/**
 * rodp_ucounts_get() - The counts of the current process's user
 *
 * Context: Process, sleeps.
 * Return: the counts with a reference, for rodp_ucounts_put(); NULL: no memory.
 */
struct rodp_ucounts *rodp_ucounts_get(void);

/**
 * rodp_ucounts_put() - Drop a reference
 * @ucounts: the counts; the caller has uncharged all that it charged
 *
 * Context: Process.
 */
void rodp_ucounts_put(struct rodp_ucounts *ucounts);

/**
 * rodp_ucounts_try_charge() - Count one more, within the limit
 * @ucounts: the counts
 * @kind: of what
 *
 * Context: Any.
 * Return: whether it was counted; else the limit is reached.
 */
bool rodp_ucounts_try_charge(struct rodp_ucounts *ucounts, enum rodp_ucount kind);

/**
 * rodp_ucounts_charge() - Count one more, whatever the limit
 * @ucounts: the counts
 * @kind: of what
 *
 * Context: Any.
 */
void rodp_ucounts_charge(struct rodp_ucounts *ucounts, enum rodp_ucount kind);

/**
 * rodp_ucounts_uncharge() - Count one less
 * @ucounts: the counts
 * @kind: of what
 *
 * Context: Any.
 */
void rodp_ucounts_uncharge(struct rodp_ucounts *ucounts, enum rodp_ucount kind);

#endif
