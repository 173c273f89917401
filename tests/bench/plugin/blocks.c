// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "blocks.h"

#include <stdio.h>
#include <stdlib.h>

/* A guest that ran the whole bench has about 200,000 blocks. */
#define BUCKET_BITS 17
#define BUCKETS	    (1u << BUCKET_BITS)

static struct block *buckets[BUCKETS];

static struct block **bucket(uint64_t vaddr)
{
	return &buckets[(vaddr * 0x9e3779b97f4a7c15ull) >> (64 - BUCKET_BITS)];
}

static struct block *block_new(struct block **head, uint64_t vaddr, uint32_t insns, bool syscall)
{
	struct block *block = calloc(1, sizeof(*block));

	if (!block) {
		perror("bench counter");
		exit(1);
	}
	block->vaddr = vaddr;
	block->insns = insns;
	block->syscall = syscall;
	block->next = *head;
	*head = block;
	return block;
}

struct block *block_get(uint64_t vaddr, uint32_t insns, bool syscall)
{
	struct block **head = bucket(vaddr);

	for (struct block *block = *head; block; block = block->next) {
		if (block->vaddr == vaddr && block->insns == insns && block->syscall == syscall)
			return block;
	}
	return block_new(head, vaddr, insns, syscall);
}

void blocks_reset(void)
{
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (struct block *block = buckets[i]; block; block = block->next)
			block->runs = 0;
	}
}

void blocks_each(block_fn fn, void *arg)
{
	for (uint32_t i = 0; i < BUCKETS; i++) {
		for (const struct block *block = buckets[i]; block; block = block->next) {
			if (block->runs)
				fn(block, arg);
		}
	}
}
