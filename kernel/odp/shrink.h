/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shrinking: what the mirrors know is a cache of the mm's page tables, and when memory is
 * short the leaves are given back; a miss brings them back from pages at hand, without I/O.
 */
#ifndef RODP_ODP_SHRINK_H
#define RODP_ODP_SHRINK_H

/* Before the first leaf, after the last. */
int rodp_shrink_module_init(void);
void rodp_shrink_module_exit(void);

#endif
