/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * regions: those that this process has, by the descriptor of their device and their handle in it.
 * No locks: the owner has one.
 */
#ifndef ODPRUN_REGIONS_H
#define ODPRUN_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rule.h"

struct region {
	uint64_t name; /* region_name() */
	uint64_t length; /* bytes */
	enum fate fate;
	bool used; /* the place is taken */
};

struct regions {
	struct region *place; /* a hash table, probed one by one */
	size_t places; /* a power of two, or 0 */
	size_t n;
};

static inline uint64_t region_name(int fd, uint32_t handle)
{
	return (uint64_t)(uint32_t)fd << 32 | handle;
}

/* What was there under that name is returned; fate FATE_FAILED: nothing was. */
struct region regions_put(struct regions *regions, struct region region);
struct region regions_take(struct regions *regions, uint64_t name);
void regions_clear(struct regions *regions);

#endif
