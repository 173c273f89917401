/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The ODP room's part of the compat layer: list_lru.
 */
#ifndef RODP_COMPAT_ODP_H
#define RODP_COMPAT_ODP_H

#include <linux/list_lru.h>

#ifndef RODP_HAVE_LIST_LRU_OBJ
static inline bool list_lru_add_obj(struct list_lru *lru, struct list_head *item)
{
	return list_lru_add(lru, item);
}

static inline bool list_lru_del_obj(struct list_lru *lru, struct list_head *item)
{
	return list_lru_del(lru, item);
}
#endif

/* Defines name() for list_lru_shrink_walk(), which calls fn(item, list, arg). */
#ifdef RODP_HAVE_LIST_LRU_CB3
#define RODP_LRU_WALK(name, fn)                                                                   \
	static enum lru_status name(struct list_head *item, struct list_lru_one *list, void *arg) \
	{                                                                                         \
		return fn(item, list, arg);                                                       \
	}
#else
#define RODP_LRU_WALK(name, fn)                                                        \
	static enum lru_status name(struct list_head *item, struct list_lru_one *list, \
				    spinlock_t *lock, void *arg)                       \
	{                                                                              \
		return fn(item, list, arg);                                            \
	}
#endif

#endif
