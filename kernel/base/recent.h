/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What was put into a table lately, in front of the table: most look-ups of a packet are for it. The
 * object itself has its index, so a look-up is a load and a comparison.
 *
 *	object = rodp_recent_find(&recent, index);
 *	if (!object || object->index != index)
 *		object = xa_load(&table, index);
 *
 * A look-up never writes here. Who adds an object sees to it that it is not removed meanwhile. So an
 * object that was removed cannot come back, and an RCU grace period later nobody can find it.
 */
#ifndef RODP_BASE_RECENT_H
#define RODP_BASE_RECENT_H

#include <linux/rcupdate.h>

/* Objects with so many indices in a row are all found here. */
#define RODP_RECENT 256

/* All zero: empty. */
struct rodp_recent {
	void *object[RODP_RECENT];
};

/**
 * rodp_recent_add() - let an object be found here, in the place of an older one
 * @recent: the table's.
 * @index: of the object, which can be found in the table from now on, too.
 * @object: complete.
 */
static inline void rodp_recent_add(struct rodp_recent *recent, u64 index, void *object)
{
	smp_store_release(&recent->object[index % RODP_RECENT], object);
}

/**
 * rodp_recent_remove() - let an object not be found here any more
 * @recent: the table's.
 * @index: of the object.
 * @object: is freed a grace period later at the earliest. Another one in its place stays.
 */
static inline void rodp_recent_remove(struct rodp_recent *recent, u64 index, void *object)
{
	cmpxchg(&recent->object[index % RODP_RECENT], object, NULL);
}

/**
 * rodp_recent_find() - the object that may have this index
 * @recent: the table's.
 * @index: of the object; the caller compares.
 *
 * Context: Under rcu_read_lock(), or with BH disabled.
 * Return: an object, or NULL.
 */
static inline void *rodp_recent_find(const struct rodp_recent *recent, u64 index)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the object may be freed");
	return READ_ONCE(recent->object[index % RODP_RECENT]);
}

#endif
