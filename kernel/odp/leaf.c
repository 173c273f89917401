// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A leaf, see leaf.h. */
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "base/share.h"
#include "base/stats.h"
#include "compat/odp.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/notifier.h"

static struct kmem_cache *leaf_cache;
struct list_lru rodp_leaf_lru;

int rodp_leaf_module_init(void)
{
	/* The slots of a leaf are one page. */
	BUILD_BUG_ON(RODP_LEAF_PAGES * sizeof(u64) > PAGE_SIZE);
	/* The device reaches pages through the direct map, which is all of memory. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	leaf_cache = kmem_cache_create("rodp_leaf", sizeof(struct rodp_leaf), 0, SLAB_HWCACHE_ALIGN,
				       NULL);
	return leaf_cache ? 0 : -ENOMEM;
}

void rodp_leaf_module_exit(void)
{
	kmem_cache_destroy(leaf_cache);
}

static void leaf_free(struct rodp_leaf *leaf)
{
	free_page((unsigned long)leaf->entries.slot);
	kmem_cache_free(leaf_cache, leaf);
}

static void leaf_free_rcu(struct rcu_head *rcu)
{
	leaf_free(container_of(rcu, struct rodp_leaf, rcu));
}

/*
 * At the memory cgroup's limit nobody is killed for a leaf: reclaim has chosen other leaves by then, which
 * are free only a moment later (shrink.c). The fault fails with -ENOMEM and is tried again (park.h).
 */
static struct rodp_leaf *leaf_alloc(struct rodp_mirror *mirror, u64 base)
{
	struct rodp_leaf *leaf = kmem_cache_alloc_lru(leaf_cache, &rodp_leaf_lru,
						      RODP_GFP_SIZED | __GFP_ZERO);

	if (!leaf)
		return NULL;
	leaf->entries.slot = (u64 *)get_zeroed_page(RODP_GFP_SIZED);
	if (!leaf->entries.slot) {
		kmem_cache_free(leaf_cache, leaf);
		return NULL;
	}
	INIT_LIST_HEAD(&leaf->lru);
	spin_lock_init(&leaf->lock);
	spin_lock_init(&leaf->mm_lock);
	leaf->base = base;
	leaf->mirror = mirror;
	leaf->pins = 1;
	return leaf;
}

struct rodp_leaf *rodp_leaf_create(struct rodp_mirror *mirror, u64 base)
{
	struct rodp_leaf *leaf = leaf_alloc(mirror, base);
	int err;

	if (!leaf)
		return ERR_PTR(-ENOMEM);
	err = mmu_interval_notifier_insert(&leaf->notifier, mirror->mm, base, RODP_LEAF_BYTES,
					   &rodp_leaf_notifier_ops);
	if (err) {
		leaf_free(leaf);
		return ERR_PTR(err);
	}
	rodp_stats_inc(mirror->stats, RODP_STAT_ODP_LEAVES_MADE);
	return leaf;
}

void rodp_leaf_destroy(struct rodp_leaf *leaf)
{
	mmu_interval_notifier_remove(&leaf->notifier);
	rodp_stats_inc(leaf->mirror->stats, RODP_STAT_ODP_LEAVES_FREED);
	call_rcu(&leaf->rcu, leaf_free_rcu);
}

/*
 * entries.present is stable without leaf->lock when there are no pins: only a pinned leaf
 * gets entries, and only a holder of mm_lock takes them away.
 */
static bool leaf_is_unused(const struct rodp_leaf *leaf)
{
	lockdep_assert_held(&leaf->mm_lock);
	return !leaf->pins && !leaf->entries.present;
}

void rodp_leaf_remember(struct rodp_leaf *leaf)
{
	rodp_recent_add(&leaf->mirror->recent, leaf->base >> RODP_LEAF_SHIFT, leaf);
}

void rodp_leaf_enlist(struct rodp_leaf *leaf)
{
	list_lru_add_obj(&rodp_leaf_lru, &leaf->lru);
}

bool rodp_leaf_pin(struct rodp_leaf *leaf)
{
	bool alive;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the leaf may be freed");
	spin_lock(&leaf->mm_lock);
	alive = !leaf->dead;
	leaf->pins += alive;
	spin_unlock(&leaf->mm_lock);
	return alive;
}

bool rodp_leaf_unpin(struct rodp_leaf *leaf)
{
	bool unused;

	spin_lock(&leaf->mm_lock);
	leaf->pins--;
	unused = leaf_is_unused(leaf);
	spin_unlock(&leaf->mm_lock);
	return unused;
}

/* Take the leaf out of its tree. */
static void leaf_die(struct rodp_leaf *leaf)
{
	lockdep_assert_held(&leaf->mirror->reaping);
	lockdep_assert_held(&leaf->mm_lock);
	leaf->dead = true;
	list_lru_del_obj(&rodp_leaf_lru, &leaf->lru);
	rodp_recent_remove(&leaf->mirror->recent, leaf->base >> RODP_LEAF_SHIFT, leaf);
	xa_erase(&leaf->mirror->leaves, leaf->base >> RODP_LEAF_SHIFT);
}

bool rodp_leaf_kill_unused(struct rodp_leaf *leaf)
{
	bool unused;

	spin_lock(&leaf->mm_lock);
	unused = leaf_is_unused(leaf);
	if (unused)
		leaf_die(leaf);
	spin_unlock(&leaf->mm_lock);
	return unused;
}

/*
 * The second step of a loss of entries: report the pages in dirty to the mm, and count. Takes locks
 * of the mm that are not safe against softirqs, so not under leaf->lock (see leaf.h).
 */
static void leaf_hand_over(struct rodp_leaf *leaf, const struct rodp_dirty_set *dirty,
			   unsigned int dropped)
{
	struct rodp_stats *stats = leaf->mirror->stats;

	lockdep_assert_held(&leaf->mm_lock);
	lockdep_assert_not_held(&leaf->lock);
	rodp_entries_hand_over(&leaf->entries, dirty);
	rodp_tally_add(&leaf->mirror->tally, leaf->base, dirty->dropped, RODP_TALLY_DROPPED);
	rodp_stats_add(stats, RODP_STAT_ODP_PAGES_INVALIDATED, dropped);
	rodp_stats_add(stats, RODP_STAT_ODP_PAGES_DIRTIED, dirty->count);
}

static void leaf_die_with_entries(struct rodp_leaf *leaf)
{
	struct rodp_dirty_set dirty = {};
	unsigned int dropped;

	lockdep_assert_held(&leaf->mm_lock);
	leaf_die(leaf);
	spin_lock_bh(&leaf->lock);
	dropped = rodp_entries_drop(&leaf->entries, 0, RODP_LEAF_PAGES - 1, &dirty);
	spin_unlock_bh(&leaf->lock);
	leaf_hand_over(leaf, &dirty, dropped);
}

bool rodp_leaf_kill_unpinned(struct rodp_leaf *leaf)
{
	bool unpinned;

	spin_lock(&leaf->mm_lock);
	unpinned = !leaf->pins;
	if (unpinned)
		leaf_die_with_entries(leaf);
	spin_unlock(&leaf->mm_lock);
	return unpinned;
}

void rodp_leaf_kill(struct rodp_leaf *leaf)
{
	spin_lock(&leaf->mm_lock);
	WARN_ON_ONCE(leaf->pins);
	leaf_die_with_entries(leaf);
	spin_unlock(&leaf->mm_lock);
}

/* First and last slot of [start, end), clipped to the leaf. */
static unsigned int leaf_first_slot(const struct rodp_leaf *leaf, u64 start)
{
	return rodp_entries_slot(max(start, leaf->base));
}

static unsigned int leaf_last_slot(const struct rodp_leaf *leaf, u64 end)
{
	return rodp_entries_slot(min(end - 1, leaf->base + (RODP_LEAF_BYTES - 1)));
}

bool rodp_leaf_accessed(struct rodp_leaf *leaf, u64 start, u64 end, bool forget)
{
	const unsigned int first = leaf_first_slot(leaf, start), last = leaf_last_slot(leaf, end);
	bool accessed;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the leaf may be freed");
	/* Without lock: the device did not touch most pages that reclaim asks about. */
	if (!rodp_entries_accessed(&leaf->entries, first, last, false))
		return false;
	if (!forget)
		return true;
	spin_lock_bh(&leaf->lock);
	accessed = rodp_entries_accessed(&leaf->entries, first, last, true);
	spin_unlock_bh(&leaf->lock);
	return accessed;
}

/* Returns how many entries were dropped. */
static unsigned int leaf_lose(struct rodp_leaf *leaf, u64 start, u64 end, enum rodp_leaf_loss loss,
			      struct rodp_dirty_set *dirty)
{
	const unsigned int first = leaf_first_slot(leaf, start), last = leaf_last_slot(leaf, end);

	lockdep_assert_held(&leaf->mm_lock);
	lockdep_assert_held(&leaf->lock);
	if (loss == RODP_LEAF_LOSE_PAGES)
		return rodp_entries_drop(&leaf->entries, first, last, dirty);
	rodp_entries_protect(&leaf->entries, first, last, dirty);
	return 0;
}

bool rodp_leaf_invalidate(struct rodp_leaf *leaf, u64 start, u64 end, enum rodp_leaf_loss loss,
			  unsigned long seq, unsigned int *dropped)
{
	struct rodp_dirty_set dirty = {};
	bool unused;

	spin_lock(&leaf->mm_lock);
	spin_lock_bh(&leaf->lock);
	mmu_interval_set_seq(&leaf->notifier, seq);
	*dropped = leaf_lose(leaf, start, end, loss, &dirty);
	spin_unlock_bh(&leaf->lock);
	leaf_hand_over(leaf, &dirty, *dropped);
	unused = leaf_is_unused(leaf);
	spin_unlock(&leaf->mm_lock);
	return unused;
}
