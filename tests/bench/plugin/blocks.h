/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The blocks of guest code that ran, and how often. A block is named by its address, its length and how it ends, so a
 * block that QEMU translates again, or two processes' equal blocks at one address, are one. Nothing is ever removed.
 * One virtual CPU: no locks.
 */
#ifndef BENCH_BLOCKS_H
#define BENCH_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct block {
	uint64_t vaddr;
	uint32_t insns;
	bool syscall; /* ends with a syscall instruction */
	uint64_t runs; /* since the last blocks_reset() */
	struct block *next;
};

typedef void (*block_fn)(const struct block *block, void *arg);

/* The block with this name, made when it is new. Never NULL: without memory the process ends. */
struct block *block_get(uint64_t vaddr, uint32_t insns, bool syscall);

/* Sets every run count to 0. */
void blocks_reset(void);

/* Calls @fn for every block that ran since the last reset, in the order of the table. */
void blocks_each(block_fn fn, void *arg);

#endif
