/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shrinking: mirrors are a cache of page tables. When memory is short, leaves are freed. A later
 * miss makes them again, from pages that the mm has in its page tables, without I/O.
 */
#ifndef RODP_ODP_SHRINK_H
#define RODP_ODP_SHRINK_H

/* Set up and undo rodp_leaf_lru and its shrinker: before the first leaf, after the last. */
int rodp_shrink_module_init(void);
void rodp_shrink_module_exit(void);

#endif
