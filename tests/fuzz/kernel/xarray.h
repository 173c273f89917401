/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* An xarray of few entries: a list in an array. A reserved entry is there and reads as NULL. */
#ifndef RODP_FUZZ_XARRAY_H
#define RODP_FUZZ_XARRAY_H

#define XARRAY_ROOM 64

struct xarray {
	struct {
		u32 index;
		bool used;
		void *entry;
	} slot[XARRAY_ROOM];
};

struct xa_limit {
	u32 max, min;
};

#define XA_LIMIT(min_, max_)	  ((struct xa_limit){ .min = (min_), .max = (max_) })
#define DEFINE_XARRAY_ALLOC(name) struct xarray name
#define xa_destroy(xa)		  memset(xa, 0, sizeof(*(xa)))

static inline int xarray_find(const struct xarray *xa, u32 index)
{
	for (int i = 0; i < XARRAY_ROOM; i++)
		if (xa->slot[i].used && xa->slot[i].index == index)
			return i;
	return -1;
}

static inline void *xa_load(const struct xarray *xa, u32 index)
{
	const int i = xarray_find(xa, index);

	return i < 0 ? NULL : xa->slot[i].entry;
}

/* An entry that was reserved, so that this needs no memory. */
static inline void *xa_store(struct xarray *xa, u32 index, void *entry, gfp_t gfp)
{
	const int i = xarray_find(xa, index);

	(void)gfp;
	fuzz_check(i >= 0);
	xa->slot[i].entry = entry;
	return NULL;
}

static inline void *xa_erase(struct xarray *xa, u32 index)
{
	const int i = xarray_find(xa, index);
	void *entry = i < 0 ? NULL : xa->slot[i].entry;

	if (i >= 0)
		xa->slot[i].used = false;
	return entry;
}

static inline bool xa_empty(const struct xarray *xa)
{
	for (int i = 0; i < XARRAY_ROOM; i++)
		if (xa->slot[i].used)
			return false;
	return true;
}

/* The smallest free index of the range. */
static inline int xa_alloc(struct xarray *xa, u32 *index, void *entry, struct xa_limit limit,
			   gfp_t gfp)
{
	u64 at;

	(void)gfp;
	if (fuzz_memory_fails())
		return -ENOMEM;
	for (at = limit.min; at <= limit.max && xarray_find(xa, at) >= 0; at++)
		;
	if (at > limit.max)
		return -EBUSY;
	for (int i = 0; i < XARRAY_ROOM; i++) {
		if (xa->slot[i].used)
			continue;
		xa->slot[i].used = true;
		xa->slot[i].index = *index = at;
		xa->slot[i].entry = entry;
		return 0;
	}
	return -ENOMEM;
}

static inline int xa_alloc_cyclic(struct xarray *xa, u32 *index, void *entry, struct xa_limit limit,
				  u32 *next, gfp_t gfp)
{
	struct xa_limit from = { .min = max(limit.min, *next), .max = limit.max };
	int err = xa_alloc(xa, index, entry, from, gfp);

	if (err == -EBUSY)
		err = xa_alloc(xa, index, entry, limit, gfp);
	if (!err)
		*next = *index + 1;
	return err;
}

#define xa_tag_pointer(p, tag)	((void *)((uintptr_t)(p) | (tag)))
#define xa_pointer_tag(entry)	((unsigned int)((uintptr_t)(entry)&3))
#define xa_untag_pointer(entry) ((void *)((uintptr_t)(entry) & ~(uintptr_t)3))

#endif
