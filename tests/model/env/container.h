/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Lists, trees, tables. */
#ifndef MODEL_ENV_CONTAINER_H
#define MODEL_ENV_CONTAINER_H

#include "lock.h"

struct list_head {
	struct list_head *next, *prev;
};

#define INIT_LIST_HEAD(list) ((list)->next = (list)->prev = (list))

/* Of these only the memory is needed: they are parts of structs whose owners are not here. */
struct rb_node {
	struct rb_node *left, *right;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct list_lru {
	int unused;
};

struct mmu_interval_notifier {
	int unused;
};

/* A table by number, of which only so many in a row are in use at a time. */
#define XA_ROOM 256

struct xarray {
	struct {
		u32 index;
		void *entry;
	} slot[XA_ROOM];
};

struct xa_limit {
	u32 min, max;
};

#define DEFINE_XARRAY_ALLOC(name) struct xarray name
#define XA_LIMIT(first, last)	  ((struct xa_limit){ (first), (last) })
#define XA_PRESENT		  0

static inline void *xa_load(struct xarray *xa, unsigned long index)
{
	return xa->slot[index % XA_ROOM].index == index ? xa->slot[index % XA_ROOM].entry : NULL;
}

static inline void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	xa->slot[index % XA_ROOM].index = index;
	xa->slot[index % XA_ROOM].entry = entry;
	return NULL;
}

static inline void *xa_erase(struct xarray *xa, unsigned long index)
{
	void *entry = xa_load(xa, index);

	if (entry)
		xa->slot[index % XA_ROOM].entry = NULL;
	return entry;
}

static inline int xa_alloc_cyclic(struct xarray *xa, u32 *index, void *entry, struct xa_limit limit,
				  u32 *next, gfp_t gfp)
{
	if (*next < limit.min || *next > limit.max)
		*next = limit.min;
	if (xa->slot[*next % XA_ROOM].entry)
		return -EBUSY;
	*index = (*next)++;
	xa_store(xa, *index, entry, gfp);
	return 0;
}

static inline bool xa_empty(const struct xarray *xa)
{
	u32 i;

	for (i = 0; i < XA_ROOM; i++)
		if (xa->slot[i].entry)
			return false;
	return true;
}

#define xa_find(xa, index, last, filter) ((void)(index), !xa_empty(xa))
#define xa_destroy(xa)			 ((void)(xa))

#endif
