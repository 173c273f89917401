// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Shrinking, see shrink.h. By memcg: a process at its limit gives its own leaves back.
 *
 * The shrinker only chooses. It may be called from anywhere that allocates, so also from
 * within an invalidation of the very leaf that it chose, for whose end the removal of a
 * notifier waits; so the removal is left to the reap work of the leaf's mirror.
 */
#include <linux/list_lru.h>
#include <linux/shrinker.h>

#include "compat/odp.h"
#include "odp/shrink.h"
#include "odp/tree.h"

static struct shrinker *shrinker;
static bool ready; /* some kernels call it as soon as it exists */

/*
 * A leaf whose pages the device used lately is spared once. There is no more to it,
 * since whoever takes pages from the mm asks for their age himself (age.h).
 */
static enum lru_status choose(struct list_head *item, struct list_lru_one *list, void *arg)
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

RODP_LRU_WALK(choose_op, choose)

static unsigned long leaves_count(struct shrinker *unused, struct shrink_control *sc)
{
	return READ_ONCE(ready) ? list_lru_shrink_count(&rodp_leaf_lru, sc) : 0;
}

static unsigned long leaves_scan(struct shrinker *unused, struct shrink_control *sc)
{
	unsigned long chosen = 0;

	list_lru_shrink_walk(&rodp_leaf_lru, sc, choose_op, &chosen);
	return chosen;
}

int rodp_shrink_module_init(void)
{
	int error;

	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "rodp_leaf");
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = leaves_count;
	shrinker->scan_objects = leaves_scan;
	shrinker_register(shrinker);
	/* After it is registered: not before has it a number on all kernels. */
	error = list_lru_init_memcg(&rodp_leaf_lru, shrinker);
	if (error)
		shrinker_free(shrinker);
	WRITE_ONCE(ready, !error);
	return error;
}

void rodp_shrink_module_exit(void)
{
	shrinker_free(shrinker);
	list_lru_destroy(&rodp_leaf_lru);
}
