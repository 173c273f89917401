/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Keys: 32 bits, the index of an MR or a memory window in its device's table (24 bits)
 * and a variant (8 bits) that changes with each use of an index, so that a stale key
 * does not open the next MR in its place. The variant of a window, and of an MR for
 * fast registration, is its user's to choose at each binding.
 */
#ifndef RODP_MEM_KEY_H
#define RODP_MEM_KEY_H

#include "mem/mr.h"

struct rodp_window;

/* Give mr, or window, a key and make it findable. Sleeps. Returns 0, -ENOMEM, -EBUSY (table full). */
int rodp_key_assign(struct rodp_dev *dev, struct rodp_mr *mr);
int rodp_key_assign_window(struct rodp_dev *dev, struct rodp_window *window);

/* Make what has this key unfindable. Who found it before may still use it (RCU, a reference). */
void rodp_key_remove(struct rodp_dev *dev, u32 key);

/* Whether two keys differ in their variant only. */
static inline bool rodp_key_is_kin(u32 a, u32 b)
{
	return a >> 8 == b >> 8;
}

/* The MR with this key or NULL. Under rcu_read_lock(); the result may be on its way out. */
struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key);

/*
 * As above, but whatever the variants are: who uses the result compares the keys
 * again where they cannot change.
 */
struct rodp_mr *rodp_key_lookup_kin(struct rodp_dev *dev, u32 key);
struct rodp_window *rodp_key_lookup_window(struct rodp_dev *dev, u32 key);

#endif
