// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Has the callback of a list_lru's walk no lock argument? (It had.) */
#include <linux/list_lru.h>

static enum lru_status walk(struct list_head *item, struct list_lru_one *list, void *arg)
{
	return LRU_SKIP;
}

list_lru_walk_cb probe(void);
list_lru_walk_cb probe(void)
{
	return walk;
}
