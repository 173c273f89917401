/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * interval: a set of intervals of addresses, which may overlap and be equal. A node is part of
 * what it describes; the set allocates nothing. No locks: the owner has one.
 *
 * The set is a treap by first address, in which each node knows the largest last address below
 * it. Finding what overlaps a range costs the depth (log n) for each that is found.
 */
#ifndef ODP_INTERVAL_H
#define ODP_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct odp_interval {
	uint64_t first, last; /* both are in it, so that it may end at 2^64 - 1 */
	struct odp_interval *left, *right;
	uint64_t last_below; /* the largest `last` of this node and those below */
	uint32_t priority;
};

struct odp_intervals {
	struct odp_interval *root;
	uint64_t random;
};

/* node->first and ->last are set, and stay as they are while it is in the set. */
void odp_interval_add(struct odp_intervals *set, struct odp_interval *node);
/* The node is in the set. */
void odp_interval_remove(struct odp_intervals *set, struct odp_interval *node);

/*
 * Calls visit() for those that overlap [first, last], by first address, until it returns true;
 * returns that node, or NULL. visit() must not change the set.
 */
struct odp_interval *odp_interval_find(const struct odp_intervals *set, uint64_t first,
				       uint64_t last,
				       bool (*visit)(struct odp_interval *node, void *arg),
				       void *arg);

static inline bool odp_interval_covers(const struct odp_interval *node, uint64_t first,
				       uint64_t last)
{
	return node->first <= first && node->last >= last;
}

#endif
