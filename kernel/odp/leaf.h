/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A leaf: 2 MiB of one mm's VA as the device sees it, with a notifier of its own.
 *
 * Each leaf has one mmu_interval_notifier, and there is none above the leaves. The sequence of
 * a notifier covers its whole range, so with larger ranges a fault would be repeated because of
 * invalidations far away (128 faults beside a thread that invalidates: 108 false retries with
 * 1 GiB a notifier, 0 with 2 MiB). Small ranges cost nothing: an invalidation elsewhere takes as
 * long with 4096 notifiers as with one, and an insertion is 270-420 instructions, little beside
 * the fault that needs it.
 *
 * A leaf has two locks, the outer one first:
 *
 * mm_lock	Taken in process context only. Protects pins and dead, and the hand-over of dirty
 *		pages. Every invalidation holds it from start to end.
 * lock		Taken with BH disabled. The device holds it while it touches a page
 *		(I1). Protects the entries, and the sequence of the notifier (I2).
 *
 * There are two because reporting a dirty page to the mm takes i_lock, private_lock and the
 * like, which others hold with softirqs enabled. That would be a deadlock under a lock
 * that softirqs spin on. So entries lose their rights under lock, and dirty pages are
 * reported after lock was dropped and before mm_lock is dropped. Such a page cannot be freed
 * meanwhile: to unmap it, the mm must first run an invalidation of this leaf, which waits for
 * mm_lock. Nor can another invalidation of the same page return before the report.
 *
 * Leaves are found under RCU and freed after a grace period. A dead leaf has no
 * present entry, so readers of entries need not check for it.
 */
#ifndef RODP_ODP_LEAF_H
#define RODP_ODP_LEAF_H

#include <linux/list_lru.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "odp/entries.h"

struct rodp_mirror;

struct rodp_leaf {
	spinlock_t lock;
	struct rodp_entries entries; /* lock */

	u64 base; /* VA of slot 0 */
	struct rodp_mirror *mirror; /* outlives the leaf's notifier */
	spinlock_t mm_lock;
	unsigned int pins; /* mm_lock: walks (resolve.h) that use the leaf now */
	bool dead; /* mm_lock: was in the tree and is no more */
	bool spared; /* under the list's lock, see shrink.c */
	struct list_head lru; /* in rodp_leaf_lru while in the tree */

	struct mmu_interval_notifier notifier;
	struct rcu_head rcu;
};

/* What an invalidation takes from the entries in its range. */
enum rodp_leaf_loss {
	RODP_LEAF_LOSE_WRITE, /* the right to write */
	RODP_LEAF_LOSE_PAGES, /* everything */
};

/* All leaves that are in a tree, by memcg. Initialised by shrink.c. */
extern struct list_lru rodp_leaf_lru;

int rodp_leaf_module_init(void);
/* Called after rcu_barrier(). */
void rodp_leaf_module_exit(void);

/*
 * Make a leaf for the 2 MiB at base (VA, 2 MiB aligned), pinned once, in no tree yet, with its
 * notifier inserted. Sleeps; memory is charged to the active memcg. The caller has a reference to
 * the users of mirror->mm. ERR_PTR(): -ENOMEM and what mmu_interval_notifier_insert() returns.
 */
struct rodp_leaf *rodp_leaf_create(struct rodp_mirror *mirror, u64 base);

/*
 * Remove the notifier, and free the leaf after a grace period. The leaf is dead or was never in a
 * tree. Sleeps.
 */
void rodp_leaf_destroy(struct rodp_leaf *leaf);

/* Keep leaf from being killed. False when it is dead. Under RCU. */
bool rodp_leaf_pin(struct rodp_leaf *leaf);

/* The leaf is in its tree now: it may be shrunk. */
void rodp_leaf_enlist(struct rodp_leaf *leaf);

/* Enter a pinned leaf into its mirror's table of recent leaves (tree.h). Killing it removes it. */
void rodp_leaf_remember(struct rodp_leaf *leaf);

/* Returns whether the leaf is now of no use: without pins and without entries. */
bool rodp_leaf_unpin(struct rodp_leaf *leaf);

/* Take a leaf of no use out of the tree. Returns whether it was, and is now dead. */
bool rodp_leaf_kill_unused(struct rodp_leaf *leaf);

/*
 * Take a leaf out of the tree unless it is pinned; dirty pages are handed over. Returns
 * whether it is now dead.
 */
bool rodp_leaf_kill_unpinned(struct rodp_leaf *leaf);

/* Take an unpinned leaf out of the tree, whatever it holds; dirty pages are handed over. */
void rodp_leaf_kill(struct rodp_leaf *leaf);

/*
 * Whether the device touched a page in [start, end) since this was last asked with
 * `forget` set; the range may go beyond the leaf and is clipped. Called under RCU, or with the
 * list of leaves locked (shrink.c). Any context but hard interrupt, also under page table locks.
 */
bool rodp_leaf_accessed(struct rodp_leaf *leaf, u64 start, u64 end, bool forget);

/*
 * The main part of an invalidation: entries in [start, end) lose what `loss` says, and dirty
 * pages are handed over. The range may go beyond the leaf and is clipped. seq is the notifier's
 * new sequence. *dropped becomes the number of entries that were dropped.
 * Returns whether the leaf is now of no use. Does not sleep.
 */
bool rodp_leaf_invalidate(struct rodp_leaf *leaf, u64 start, u64 end, enum rodp_leaf_loss loss,
			  unsigned long seq, unsigned int *dropped);

#endif
