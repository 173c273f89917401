/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Payers: the users of the machine, and how much each has under way in all processes, contexts
 * and devices. What a process alone is bounded in, a user would have once more with each process.
 *
 * The limits are module parameters, in force for what is taken from then on.
 */
#ifndef RODP_ODP_PAYER_H
#define RODP_ODP_PAYER_H

#include <linux/types.h>

struct rodp_payer;

/**
 * enum rodp_pay - What is counted
 * @RODP_PAY_JOBS: fault jobs
 * @RODP_PAY_PREFETCHES: prefetches that wait or run
 * @RODP_PAY_WORKERS: threads that serve them
 * @RODP_PAY_KINDS: how many kinds there are
 */
enum rodp_pay {
	RODP_PAY_JOBS,
	RODP_PAY_PREFETCHES,
	RODP_PAY_WORKERS,
	RODP_PAY_KINDS,
};

/**
 * rodp_payer_get() - The payer of the current process
 *
 * Context: Process, sleeps.
 * Return: the payer with a reference, for rodp_payer_put(); NULL: no memory.
 */
struct rodp_payer *rodp_payer_get(void);

/**
 * rodp_payer_put() - Drop a reference
 * @payer: the payer, to whom the caller has given back all that he took
 *
 * Context: Process.
 */
void rodp_payer_put(struct rodp_payer *payer);

/**
 * rodp_payer_try() - Count one more, within the limit
 * @payer: the payer
 * @kind: of what
 *
 * Context: Any.
 * Return: whether it was counted; else the limit is reached.
 */
bool rodp_payer_try(struct rodp_payer *payer, enum rodp_pay kind);

/**
 * rodp_payer_take() - Count one more, whatever the limit
 * @payer: the payer
 * @kind: of what
 *
 * Context: Any.
 */
void rodp_payer_take(struct rodp_payer *payer, enum rodp_pay kind);

/**
 * rodp_payer_give() - Count one less
 * @payer: the payer
 * @kind: of what
 *
 * Context: Any.
 */
void rodp_payer_give(struct rodp_payer *payer, enum rodp_pay kind);

#endif
