// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The leaves of a mirror, see tree.h. */
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "base/share.h"
#include "base/stats.h"
#include "odp/core.h"
#include "odp/tree.h"

/* Marks for the reap work. */
#define TREE_RETIRED  XA_MARK_0
#define TREE_GIVEN_UP XA_MARK_1

static unsigned long tree_index(u64 va)
{
	return va >> RODP_LEAF_SHIFT;
}

static struct rodp_leaf *tree_pin_present(struct rodp_mirror *mirror, u64 va)
{
	struct rodp_leaf *leaf;

	rcu_read_lock();
	leaf = xa_load(&mirror->leaves, tree_index(va));
	if (leaf && !rodp_leaf_pin(leaf))
		leaf = NULL;
	rcu_read_unlock();
	return leaf;
}

/* Put a new leaf into the tree. -EBUSY when another job was faster. */
static int tree_publish(struct rodp_leaf *leaf)
{
	void *old = xa_cmpxchg(&leaf->mirror->leaves, tree_index(leaf->base), NULL, leaf,
			       RODP_GFP_SIZED);

	if (xa_is_err(old))
		return xa_err(old);
	if (old)
		return -EBUSY;
	rodp_leaf_enlist(leaf);
	return 0;
}

static struct rodp_leaf *tree_make(struct rodp_mirror *mirror, u64 va)
{
	struct rodp_leaf *leaf = rodp_leaf_create(mirror, va & ~(RODP_LEAF_BYTES - 1));
	int err;

	if (IS_ERR(leaf))
		return leaf;
	err = tree_publish(leaf);
	if (err) {
		rodp_leaf_destroy(leaf);
		return ERR_PTR(err);
	}
	return leaf;
}

/* As tree_make(); the memory is charged to the memcg of the mm. */
static struct rodp_leaf *tree_make_charged(struct rodp_mirror *mirror, u64 va)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(mirror->mm);
	struct mem_cgroup *old = set_active_memcg(memcg);
	struct rodp_leaf *leaf = tree_make(mirror, va);

	set_active_memcg(old);
	mem_cgroup_put(memcg);
	return leaf;
}

struct rodp_leaf *rodp_tree_pin(struct rodp_mirror *mirror, u64 va)
{
	struct rodp_leaf *leaf;

	do {
		leaf = tree_pin_present(mirror, va);
		if (!leaf)
			leaf = tree_make_charged(mirror, va);
	} while (leaf == ERR_PTR(-EBUSY));
	if (!IS_ERR(leaf))
		rodp_leaf_remember(leaf);
	return leaf;
}

void rodp_tree_unpin(struct rodp_leaf *leaf)
{
	struct rodp_mirror *mirror = leaf->mirror;
	const u64 base = leaf->base;

	/* Once unpinned, the leaf may be gone. */
	if (rodp_leaf_unpin(leaf))
		rodp_tree_retire(mirror, base);
}

void rodp_tree_retire(struct rodp_mirror *mirror, u64 va)
{
	xa_set_mark(&mirror->leaves, tree_index(va), TREE_RETIRED);
	queue_work(rodp_odp_wq, &mirror->reap);
}

void rodp_tree_give_up(struct rodp_leaf *leaf)
{
	xa_set_mark(&leaf->mirror->leaves, tree_index(leaf->base), TREE_GIVEN_UP);
	queue_work(rodp_odp_wq, &leaf->mirror->reap);
}

static void tree_reap_given_up(struct rodp_mirror *mirror)
{
	struct rodp_leaf *leaf;
	unsigned long index;

	lockdep_assert_held(&mirror->reaping);
	xa_for_each_marked(&mirror->leaves, index, leaf, TREE_GIVEN_UP) {
		xa_clear_mark(&mirror->leaves, index, TREE_GIVEN_UP);
		if (rodp_leaf_kill_unpinned(leaf)) {
			rodp_stats_inc(mirror->stats, RODP_STAT_ODP_LEAVES_SHRUNK);
			rodp_leaf_destroy(leaf);
		}
		cond_resched();
	}
}

static void tree_reap_retired(struct rodp_mirror *mirror)
{
	struct rodp_leaf *leaf;
	unsigned long index;

	lockdep_assert_held(&mirror->reaping);
	xa_for_each_marked(&mirror->leaves, index, leaf, TREE_RETIRED) {
		/* Before the look: what makes the leaf useless after it sets the mark again. */
		xa_clear_mark(&mirror->leaves, index, TREE_RETIRED);
		if (rodp_leaf_kill_unused(leaf))
			rodp_leaf_destroy(leaf);
		cond_resched();
	}
}

static void tree_reap_work(struct work_struct *work)
{
	struct rodp_mirror *mirror = container_of(work, struct rodp_mirror, reap);

	mutex_lock(&mirror->reaping);
	tree_reap_retired(mirror);
	tree_reap_given_up(mirror);
	mutex_unlock(&mirror->reaping);
}

void rodp_tree_init(struct rodp_mirror *mirror)
{
	xa_init_flags(&mirror->leaves, XA_FLAGS_ACCOUNT);
	mutex_init(&mirror->reaping);
	INIT_WORK(&mirror->reap, tree_reap_work);
}

void rodp_tree_clear(struct rodp_mirror *mirror)
{
	struct rodp_leaf *leaf;
	unsigned long index;

	mutex_lock(&mirror->reaping);
	xa_for_each(&mirror->leaves, index, leaf) {
		rodp_leaf_kill(leaf);
		rodp_leaf_destroy(leaf);
		cond_resched();
	}
	mutex_unlock(&mirror->reaping);
	/* Without leaves there are no callbacks, so nobody queues it again. */
	cancel_work_sync(&mirror->reap);
	index = 0;
	WARN_ON_ONCE(xa_find(&mirror->leaves, &index, ULONG_MAX, XA_PRESENT));
	/* An insertion that ran out of memory half-way leaves nodes without entries behind. */
	xa_destroy(&mirror->leaves);
}
