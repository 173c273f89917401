/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Persistent memory: which memory an MR with IB_ACCESS_FLUSH_PERSISTENT may have, and how
 * what is in a CPU's caches gets there (FLUSH, IBTA vol. 1, annex A19).
 *
 * On demand it is memory mapped with MAP_SYNC: the file system then has a page's place on the
 * medium safe before it can be written. The mirror's entries know it of each page
 * (RODP_ENTRY_SYNC), since another mapping may come in the place of the first at any time. Pinned it
 * is what the machine says is persistent.
 */
#ifndef RODP_MEM_PERSIST_H
#define RODP_MEM_PERSIST_H

#include "mem/mr.h"

struct ib_umem;

/* Whether this machine can write caches back to persistent memory at all. */
#define RODP_CAN_PERSIST IS_ENABLED(CONFIG_ARCH_HAS_PMEM_API)

/**
 * rodp_persist_umem() - whether all of a umem is persistent memory
 * @umem: pinned pages.
 *
 * Context: Process. O(runs of contiguous pages).
 */
bool rodp_persist_umem(struct ib_umem *umem);

/**
 * rodp_persist_page() - whether a pinned page is persistent
 * @addr: a kernel address in the page.
 *
 * Context: Any.
 */
bool rodp_persist_page(const void *addr);

/**
 * rodp_persist_write_back() - write memory back from the CPU's caches
 * @addr: a kernel address.
 * @bytes: how many.
 *
 * It has arrived after a wmb(), which the caller issues after the last of its calls.
 *
 * Context: Any.
 */
void rodp_persist_write_back(void *addr, size_t bytes);

#endif
