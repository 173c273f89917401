// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does a list_lru find the node and the memcg of an object by itself in list_lru_add_obj()? */
#include <linux/list_lru.h>

bool probe(struct list_lru *lru, struct list_head *item);
bool probe(struct list_lru *lru, struct list_head *item)
{
	return list_lru_add_obj(lru, item);
}
