/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The leaves of a mirror: an xarray keyed by va >> RODP_LEAF_SHIFT.
 *
 * Read under RCU by the data path, which looks into a small table of leaves first: a walk
 * down the tree is some 200 instructions, a look into the table 10, and a packet of 4 KiB
 * needs two. A leaf is entered while a fault job has it pinned, when it cannot die, and
 * leaves when it dies, before its grace period: readers find no other than in the tree.
 *
 * The tree is written in process context only, so that the
 * xarray's own lock needs no care for softirqs. A leaf that is of no use any
 * more is marked, and the mirror's reap work kills what is marked and still of
 * no use; the mark is a hint, the leaf's mm_lock decides.
 */
#ifndef RODP_ODP_TREE_H
#define RODP_ODP_TREE_H

#include "odp/core.h"
#include "odp/leaf.h"

void rodp_tree_init(struct rodp_mirror *mirror);

/* The leaf of va, or NULL. Under rcu_read_lock(), or with BH disabled, which serves as well. */
static inline struct rodp_leaf *rodp_tree_find(struct rodp_mirror *mirror, u64 va)
{
	const unsigned long index = va >> RODP_LEAF_SHIFT;
	struct rodp_leaf *leaf = READ_ONCE(mirror->recent[index % RODP_RECENT_LEAVES]);

	if (likely(leaf && leaf->base >> RODP_LEAF_SHIFT == index))
		return leaf;
	return xa_load(&mirror->leaves, index);
}

/*
 * The leaf of va, made when there is none, pinned. The users of the mm are
 * referenced. Sleeps. ERR_PTR: -ENOMEM and what mmu_interval_notifier_insert()
 * returns.
 */
struct rodp_leaf *rodp_tree_pin(struct rodp_mirror *mirror, u64 va);
void rodp_tree_unpin(struct rodp_leaf *leaf);

/*
 * Have the reap work look at the leaf of va. Called by a leaf's callback, or with
 * the mirror held; does not sleep.
 */
void rodp_tree_retire(struct rodp_mirror *mirror, u64 va);

/*
 * Have the reap work destroy leaf, whatever it holds, unless it is in use then. Called with
 * the list of leaves locked (shrink.c), so that the leaf is in its tree; does not sleep.
 */
void rodp_tree_give_up(struct rodp_leaf *leaf);

/* Destroy every leaf. No pin is left and none will come. Sleeps. */
void rodp_tree_clear(struct rodp_mirror *mirror);

#endif
