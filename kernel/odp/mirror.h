/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A mirror: what the device knows of one address space's page tables.
 *
 * There is one mirror for each pair of ucontext and mm. It consists of leaves, 2 MiB of VA
 * each, which the first fault in them makes (fault.h). The data path reads them (access.h), and
 * one mmu_interval_notifier a leaf keeps them in step with the mm. Memory regions are views of a
 * mirror and each hold a reference. A mirror is torn down after its last reference, in a
 * work item, never in the context that drops it. It holds the mm with mmgrab() only.
 */
#ifndef RODP_ODP_MIRROR_H
#define RODP_ODP_MIRROR_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>

struct rodp_pool;
struct rodp_latency;
struct rodp_mirror;
struct rodp_stats;
struct rodp_tally;

/**
 * struct rodp_mirror_set - The mirrors of one ucontext
 * @lock: protects @mirrors and the number of users of each; taken in process context, outside
 *	the mmap lock and every other lock of this room
 * @mirrors: one for each mm that registered memory through the ucontext
 * @pool: of the mm that registered memory last, or NULL; kept, so that a process that registers a
 *	lone region again and again does not make a thread each time
 */
struct rodp_mirror_set {
	struct mutex lock;
	struct list_head mirrors;
	struct rodp_pool *pool;
};

/**
 * rodp_mirror_set_init() - Initialise an empty set
 * @set: the set
 */
void rodp_mirror_set_init(struct rodp_mirror_set *set);

/**
 * rodp_mirror_set_fini() - End a set
 * @set: the set; every mirror was put before. Its memory may be freed then.
 *
 * Context: Process, sleeps.
 */
void rodp_mirror_set_fini(struct rodp_mirror_set *set);

/**
 * rodp_mirror_get() - Get the mirror of current->mm, or make it
 * @set: the set to look in
 * @stats: counters of the device, for a new mirror, which takes a reference
 *
 * Context: Process, sleeps; takes @set->lock and, inside it, the mmap lock.
 * Return: the mirror with a reference, for rodp_mirror_put(); ERR_PTR(): -ENOMEM,
 * -ERESTARTNOINTR when a signal is pending, or an error of rodp_pools_get().
 */
struct rodp_mirror *rodp_mirror_get(struct rodp_mirror_set *set, struct rodp_stats *stats);

/**
 * rodp_mirror_find() - Get the mirror of an mm, if there is one
 * @set: the set to look in
 * @mm: the mm, which is compared only
 *
 * Context: Process, sleeps; takes @set->lock.
 * Return: the mirror with a reference, for rodp_mirror_put(), or NULL.
 */
struct rodp_mirror *rodp_mirror_find(struct rodp_mirror_set *set, const struct mm_struct *mm);

/**
 * rodp_mirror_put() - Drop a reference
 * @set: the set that the mirror is in
 * @mirror: the mirror
 *
 * Context: Process, sleeps; takes @set->lock. Never waits for a fault that is under way (I7): the
 * tear-down may end later.
 */
void rodp_mirror_put(struct rodp_mirror_set *set, struct rodp_mirror *mirror);

/**
 * rodp_mirror_is_mine() - Whether a mirror is that of current->mm
 * @mirror: the mirror
 *
 * A mirror's contents may be shown to its own process only.
 *
 * Context: Process.
 * Return: whether it is.
 */
bool rodp_mirror_is_mine(const struct rodp_mirror *mirror);

/**
 * rodp_mirror_tally() - The page counters of a mirror, see tally.h
 * @mirror: the mirror
 *
 * Context: Any.
 * Return: the tally, valid as long as the caller has a reference to @mirror.
 */
struct rodp_tally *rodp_mirror_tally(struct rodp_mirror *mirror);

/**
 * rodp_mirror_latency() - Read how long requests with a waiter took
 * @mirror: the mirror
 * @latency: becomes a copy of its histogram
 *
 * Context: Process; takes fault_lock.
 */
void rodp_mirror_latency(struct rodp_mirror *mirror, struct rodp_latency *latency);

/**
 * rodp_odp_module_init() - Set this room up
 *
 * Return: 0 or -ENOMEM.
 */
int rodp_odp_module_init(void);

/**
 * rodp_odp_module_exit() - Wait until every mirror and every leaf is freed, then undo the set-up
 *
 * Context: Process, sleeps. There is no set with mirrors any more.
 */
void rodp_odp_module_exit(void);

#endif
