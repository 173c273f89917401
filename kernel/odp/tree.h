/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The leaves of a mirror: an xarray keyed by va >> RODP_LEAF_SHIFT.
 *
 * The data path reads them under RCU and looks into a small table of leaves first: a walk down
 * the tree is some 200 instructions, a look into the table 10, and a packet of 4 KiB needs two.
 * A leaf is entered into the table while it is pinned and so cannot die, and is removed when it
 * dies, before its grace period: the table never has a leaf that the tree does not have.
 *
 * The tree is written in process context only, so that its own lock need not be safe against
 * softirqs. A leaf that became useless is marked, and the mirror's reap work kills the marked
 * leaves that are still useless. The mark is a hint; what is true under the leaf's mm_lock counts.
 */
#ifndef RODP_ODP_TREE_H
#define RODP_ODP_TREE_H

#include "odp/core.h"
#include "odp/leaf.h"

void rodp_tree_init(struct rodp_mirror *mirror);

/*
 * The leaf of va, or NULL. Called under rcu_read_lock() or with BH disabled, which has the same
 * effect.
 */
static inline struct rodp_leaf *rodp_tree_find(struct rodp_mirror *mirror, u64 va)
{
	const unsigned long index = va >> RODP_LEAF_SHIFT;
	struct rodp_leaf *leaf = rodp_recent_find(&mirror->recent, index);

	if (likely(leaf && leaf->base >> RODP_LEAF_SHIFT == index))
		return leaf;
	return xa_load(&mirror->leaves, index);
}

/*
 * The leaf of va, made when there is none, pinned. The users of the mm are
 * referenced. Sleeps. ERR_PTR(): -ENOMEM and what mmu_interval_notifier_insert()
 * returns.
 */
struct rodp_leaf *rodp_tree_pin(struct rodp_mirror *mirror, u64 va);
void rodp_tree_unpin(struct rodp_leaf *leaf);

/*
 * Let the reap work look at the leaf of va. Called by an invalidation of the leaf, or with a
 * reference to the mirror; does not sleep.
 */
void rodp_tree_retire(struct rodp_mirror *mirror, u64 va);

/*
 * Let the reap work destroy leaf, whatever it holds, unless it is pinned by then. Called with
 * the list of leaves locked (shrink.c), so that the leaf is in its tree; does not sleep.
 */
void rodp_tree_give_up(struct rodp_leaf *leaf);

/* Destroy every leaf. No pin is left and none will come. Sleeps. */
void rodp_tree_clear(struct rodp_mirror *mirror);

#endif
