// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Shrinking, see shrink.h. The list of leaves is split by memcg: a process at its memory limit
 * loses leaves of its own memcg.
 *
 * The shrinker only chooses leaves. Freeing one removes its notifier, which waits for invalidations
 * of the leaf to end. The shrinker may be called from within such an invalidation, since it is
 * called wherever memory is allocated; so the reap work of the leaf's mirror frees it.
 */
#include <linux/list_lru.h>
#include <linux/shrinker.h>

#include "compat/odp.h"
#include "odp/shrink.h"
#include "odp/tree.h"

static struct shrinker *shrink_shrinker;
/* Some kernels call the shrinker as soon as it is registered, before the list is initialised. */
static bool shrink_ready;

/*
 * A leaf whose pages the device used lately is spared once. No more is done for it, since
 * reclaim asks for the age of the pages themselves (age.h). Called with the list's lock held.
 */
static enum lru_status shrink_choose(struct list_head *item, struct list_lru_one *list, void *arg)
{
	struct rodp_leaf *leaf = container_of(item, struct rodp_leaf, lru);
	unsigned long *chosen = arg;

	if (!leaf->spared &&
	    rodp_leaf_accessed(leaf, leaf->base, leaf->base + RODP_LEAF_BYTES, false)) {
		leaf->spared = true;
		return LRU_ROTATE;
	}
	rodp_tree_give_up(leaf);
	++*chosen;
	return LRU_ROTATE;
}

RODP_LRU_WALK(shrink_choose_op, shrink_choose)

static unsigned long shrink_count(struct shrinker *unused, struct shrink_control *sc)
{
	return READ_ONCE(shrink_ready) ? list_lru_shrink_count(&rodp_leaf_lru, sc) : 0;
}

static unsigned long shrink_scan(struct shrinker *unused, struct shrink_control *sc)
{
	unsigned long chosen = 0;

	list_lru_shrink_walk(&rodp_leaf_lru, sc, shrink_choose_op, &chosen);
	return chosen;
}

int rodp_shrink_module_init(void)
{
	int err;

	shrink_shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "rodp_leaf");
	if (!shrink_shrinker)
		return -ENOMEM;
	shrink_shrinker->count_objects = shrink_count;
	shrink_shrinker->scan_objects = shrink_scan;
	shrinker_register(shrink_shrinker);
	/* It needs the shrinker's number, which some kernels assign at registration. */
	err = list_lru_init_memcg(&rodp_leaf_lru, shrink_shrinker);
	if (err)
		shrinker_free(shrink_shrinker);
	WRITE_ONCE(shrink_ready, !err);
	return err;
}

void rodp_shrink_module_exit(void)
{
	shrinker_free(shrink_shrinker);
	list_lru_destroy(&rodp_leaf_lru);
}
