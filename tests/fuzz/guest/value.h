/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Numbers that a call's fields have: in most calls those that mean something. */
#ifndef FUZZ_VALUE_H
#define FUZZ_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "dice.h"
#include "pool.h"

enum value {
	VALUE_THING, /* a handle of kind `arg` */
	VALUE_MAYBE, /* the same or, as often, all ones: none */
	VALUE_SMALL, /* 1 to arg */
	VALUE_UPTO, /* 0 to arg */
	VALUE_FLAGS, /* any of the bits of arg */
	VALUE_FIXED, /* arg */
	VALUE_ADDRESS, /* in the process's memory for regions */
	VALUE_LENGTH, /* bytes from there on, as a rule */
	VALUE_ACCESS, /* of regions */
	VALUE_GID, /* 16 bytes: the device's own */
	VALUE_GROUP, /* 16 bytes: a multicast group */
	VALUE_ANY,
};

#define VALUE_MEMORY (1ul << 20) /* bytes for regions */

/* What values point to. */
struct value_world {
	uint8_t *memory;
	uint8_t gid[16];
	uint8_t gid_index;
	uint8_t port;
};

extern struct value_world value_world;

/* Writes a value of `bytes` bytes; `at` need not be aligned. */
void value_put(struct dice *dice, void *at, size_t bytes, enum value value, uint64_t arg);
/* At the edges of what fits into a number of so many bits. */
uint64_t value_edge(struct dice *dice);

#endif
