/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Keys: 32 bits, the index of an MR or a memory window in its device's table (24 bits) and a
 * variant (8 bits). Both are chosen at random for each MR, so that who has one key, of his own or a
 * stale one, does not know the next. The variant of a window, and of an MR for fast registration,
 * is its user's to choose at each binding.
 */
#ifndef RODP_MEM_KEY_H
#define RODP_MEM_KEY_H

#include "mem/mr.h"

struct rodp_window;

/**
 * rodp_key_assign() - assign a key to an MR, and let it be found
 * @dev: the device.
 * @mr: the MR. ib.lkey and ib.rkey become the key.
 *
 * Context: Process, may sleep.
 * Return: 0, -ENOMEM, -EBUSY (the table is full).
 */
int rodp_key_assign(struct rodp_dev *dev, struct rodp_mr *mr);

/* The same for a memory window, whose key it becomes. */
int rodp_key_assign_window(struct rodp_dev *dev, struct rodp_window *window);

/**
 * rodp_key_remove() - let an MR or window not be found any more
 * @dev: the device.
 * @key: its key; the variant does not matter.
 *
 * Whoever found it before may still use it, under RCU or with a reference.
 *
 * Context: Process or softirq.
 */
void rodp_key_remove(struct rodp_dev *dev, u32 key);

/* Whether two keys differ in their variant only. */
static inline bool rodp_key_is_kin(u32 a, u32 b)
{
	return a >> 8 == b >> 8;
}

/**
 * rodp_key_lookup() - find an MR by its key
 * @dev: the device.
 * @key: the key.
 *
 * Context: Under rcu_read_lock(), or with BH disabled. The MR may be about to be destroyed: it is
 * good until the end of that section only, unless a reference can be had.
 * Return: the MR for which @key is in force, or NULL.
 */
struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key);

/**
 * rodp_key_lookup_kin() - find an MR by the index of a key alone
 * @dev: the device.
 * @key: the key; whatever its variant is, the caller compares the keys again where they cannot
 *	change.
 *
 * Context: As rodp_key_lookup().
 * Return: the MR, or NULL.
 */
struct rodp_mr *rodp_key_lookup_kin(struct rodp_dev *dev, u32 key);

/**
 * rodp_key_lookup_window() - find a memory window by the index of a key alone
 * @dev: the device.
 * @key: as above.
 *
 * Context: As rodp_key_lookup().
 * Return: the window, or NULL.
 */
struct rodp_window *rodp_key_lookup_window(struct rodp_dev *dev, u32 key);

#endif
