/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A mirror: what the device knows of one address space's page tables.
 *
 * One mirror per (ucontext, mm). It is made lazily of leaves, 2 MiB of VA each,
 * by the fault engine (fault.h), read by the data path (access.h), and kept
 * true by one mmu_interval_notifier a leaf. Memory regions are views that hold
 * a reference; a mirror dies after its last reference, in a work item, never in
 * the putter's context. It holds the mm by mmgrab() only.
 */
#ifndef RODP_ODP_MIRROR_H
#define RODP_ODP_MIRROR_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>

struct rodp_latency;
struct rodp_mirror;
struct rodp_stats;
struct rodp_tally;

/* The mirrors of one ucontext, one for each mm that registered memory through it. */
struct rodp_mirror_set {
	struct mutex lock;
	struct list_head mirrors;
};

void rodp_mirror_set_init(struct rodp_mirror_set *set);

/*
 * The mirror of current->mm in set, made when there is none, with a reference.
 * Process context, sleeps. ERR_PTR: -ENOMEM.
 * Every mirror must be put before set goes; its tear-down may end later.
 */
struct rodp_mirror *rodp_mirror_get(struct rodp_mirror_set *set, struct rodp_stats *stats);

/* The mirror of mm in set, with a reference, or NULL. As rodp_mirror_get(). */
struct rodp_mirror *rodp_mirror_find(struct rodp_mirror_set *set, const struct mm_struct *mm);

/* Drop a reference. Process context; never waits for a fault in flight (I7). */
void rodp_mirror_put(struct rodp_mirror_set *set, struct rodp_mirror *mirror);

/* Whether it is that of current->mm, which alone may be told what is in it. */
bool rodp_mirror_is_mine(const struct rodp_mirror *mirror);

/* What came and went in the mirror, see tally.h. */
struct rodp_tally *rodp_mirror_tally(struct rodp_mirror *mirror);

/* How long those waited who missed in the mirror. Process context. */
void rodp_mirror_latency(struct rodp_mirror *mirror, struct rodp_latency *latency);

/* Room set-up and tear-down. exit waits until every mirror and leaf is gone. */
int rodp_odp_module_init(void);
void rodp_odp_module_exit(void);

#endif
