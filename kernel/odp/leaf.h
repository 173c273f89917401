/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A leaf: 2 MiB of one mm's VA as the device sees it, with a notifier of its own.
 *
 * One mmu_interval_notifier a leaf, none above it. The sequence of a notifier
 * covers its whole range, so a larger window makes a fault in it retry for
 * invalidations far away (128 faults beside one noisy thread: 108 false retries
 * with 1 GiB windows, 0 with 2 MiB), while a small one costs others nothing: an
 * invalidation elsewhere is as dear with 4096 notifiers as with one, and an insert
 * is 270-420 instructions, nothing beside the fault that wanted it.
 *
 * Two locks, the outer one first:
 *
 * mm_lock	Process context only. Life (pins, dead), and the hand-over of dirty
 *		pages. Every callback holds it from start to end.
 * lock		Taken with BH disabled; the device holds it while it touches a page
 *		(I1). Entries, and the sequence of the notifier (I2).
 *
 * Why two: telling the mm that a page is dirty takes i_lock, private_lock and
 * the like, which others hold with softirqs enabled. Under a lock that softirqs
 * spin on, that is a deadlock. So entries lose their rights under lock, and the
 * mm is told after lock was dropped but before mm_lock is. The page cannot go
 * meanwhile: to unmap it the mm must first get through the callback of this leaf
 * for its range, which waits for mm_lock. Nor can another callback return for
 * the same page before the mm has been told.
 *
 * Leaves are found under RCU and freed after a grace period. A dead leaf has no
 * present entry, so whoever only reads entries need not ask.
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
	unsigned int pins; /* mm_lock: fault jobs that use the leaf now */
	bool dead; /* mm_lock: was in the tree and is no more */
	bool spared; /* the lru's lock: see shrink.c */
	struct list_head lru; /* in rodp_leaf_lru while in the tree */

	struct mmu_interval_notifier notifier;
	struct rcu_head rcu;
};

/* What an invalidation takes from the entries in its range. */
enum rodp_leaf_loss {
	RODP_LEAF_LOSE_WRITE, /* the right to write */
	RODP_LEAF_LOSE_PAGES, /* everything */
};

/* All leaves that are in a tree, by memcg. Its maker is shrink.c. */
extern struct list_lru rodp_leaf_lru;

int rodp_leaf_module_init(void);
/* After rcu_barrier(). */
void rodp_leaf_module_exit(void);

/*
 * A leaf for the 2 MiB at base (VA, 2 MiB aligned), pinned once, in no tree yet,
 * its notifier at work. Sleeps; memory is charged to the active memcg. The users
 * of mirror->mm are referenced by the caller. ERR_PTR: -ENOMEM and what
 * mmu_interval_notifier_insert() returns.
 */
struct rodp_leaf *rodp_leaf_create(struct rodp_mirror *mirror, u64 base);

/* Remove the notifier and free after a grace period. Dead, or never in a tree. Sleeps. */
void rodp_leaf_destroy(struct rodp_leaf *leaf);

/* Keep leaf from being killed. False when it is dead. */
bool rodp_leaf_pin(struct rodp_leaf *leaf);

/* The leaf is in its tree now: it may be shrunk. */
void rodp_leaf_enlist(struct rodp_leaf *leaf);

/* Enter a pinned leaf into its mirror's table of recent ones (tree.h). It leaves when it dies. */
void rodp_leaf_remember(struct rodp_leaf *leaf);

/* Returns whether the leaf is now of no use: no pins, no entries. */
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
 * `forget` set; the range may go beyond the leaf and is clipped. Under RCU. Any context
 * but hard interrupt, page table locks held or not.
 */
bool rodp_leaf_accessed(struct rodp_leaf *leaf, u64 start, u64 end, bool forget);

/*
 * The heart of the callback: entries in [start, end) lose what loss says, dirty
 * pages are handed over. The range may go beyond the leaf and is clipped.
 * *dropped becomes the number of entries that went.
 * Returns whether the leaf is now of no use. Does not sleep.
 */
bool rodp_leaf_invalidate(struct rodp_leaf *leaf, u64 start, u64 end, enum rodp_leaf_loss loss,
			  unsigned long seq, unsigned int *dropped);

#endif
