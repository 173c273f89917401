/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Fault jobs: each maps one range of a mirror, is a task of the mirror's pool (task.h), and frees
 * itself at the end. Used by request.c only.
 *
 * A job that was started belongs to itself. It may be used under fault_lock of its mirror, while
 * rodp_job_find() finds it.
 */
#ifndef RODP_ODP_JOB_H
#define RODP_ODP_JOB_H

#include <linux/types.h>

struct rodp_fault_waiter;
struct rodp_job;
struct rodp_mirror;

/* A job that is not started, or NULL: no memory. */
struct rodp_job *rodp_job_alloc(gfp_t gfp);

/* Free a job that was not started; NULL is none. */
void rodp_job_free(struct rodp_job *job);

/*
 * The job that is going to map the page at va with the rights asked for, or NULL. Called with
 * fault_lock held. Takes as long as the logarithm of the number of jobs.
 */
struct rodp_job *rodp_job_find(struct rodp_mirror *mirror, u64 va, bool write);

/*
 * Whether the mirror may start a job: it and its user have less than they may, or it has none.
 * If so, rodp_job_start() must follow. Called with fault_lock held.
 */
bool rodp_job_may_start(struct rodp_mirror *mirror);

/*
 * Start job for [va, end), which is not empty. It takes references to the mirror, to which the
 * caller has one, and to the module. It stops early when its last waiter detaches, except
 * after rodp_job_start_ahead(): then it never had to have one. Called with fault_lock held, after
 * rodp_job_may_start().
 */
void rodp_job_start(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end, bool write);
void rodp_job_start_ahead(struct rodp_job *job, struct rodp_mirror *mirror, u64 va, u64 end,
			  bool write);

/* Let waiter, whose request the job serves, wait for it. Called with fault_lock held. */
void rodp_job_join(struct rodp_job *job, struct rodp_fault_waiter *waiter);

int rodp_job_module_init(void);
void rodp_job_module_exit(void);

#endif
