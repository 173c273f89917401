/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Keys: 32 bits, the index of the MR in its device's table (24 bits) and a
 * variant (8 bits) that changes with each use of an index, so that a stale key
 * does not open the next MR in its place.
 */
#ifndef RODP_MEM_KEY_H
#define RODP_MEM_KEY_H

#include "mr.h"

/* Give mr a key and make it findable. Sleeps. Returns 0, -ENOMEM, -EBUSY (table full). */
int rodp_key_assign(struct rodp_dev *dev, struct rodp_mr *mr);

/* Make mr unfindable. Who found it before may still hold a reference. */
void rodp_key_remove(struct rodp_dev *dev, struct rodp_mr *mr);

/* The MR with this key or NULL. Under rcu_read_lock(); the result may be on its way out. */
struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key);

#endif
