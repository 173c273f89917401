/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The memory that a thread's calls point to: places for what goes in and what comes out, each with a
 * guard behind it that nobody may touch, and addresses where there is nothing, or nothing to
 * write.
 */
#ifndef FUZZ_ARENA_H
#define FUZZ_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "dice.h"

#define ARENA_PLACES 24
#define ARENA_PLACE  4096 /* bytes that one has at most */
#define ARENA_GUARD  64 /* bytes behind it */

struct arena {
	uint8_t *base; /* places, then a page that is not there */
	uint8_t *read_only; /* a page, with one that is not there behind it */
	unsigned int used; /* places of this call */
	struct {
		uint8_t *at;
		size_t bytes;
	} place[ARENA_PLACES];
};

void arena_make(struct arena *arena);
void arena_free(struct arena *arena);
/* A new call: all places are free. */
void arena_clear(struct arena *arena);
/* So many bytes, zeroed. NULL: there are no more. */
void *arena_take(struct arena *arena, size_t bytes);
/* Whether an address is one of the places'. */
bool arena_has(const struct arena *arena, uint64_t address);
/* Fails if something behind a place was written. */
void arena_check(const struct arena *arena, const char *method);
/* An address where a call must not read or write `bytes`: it fails with EFAULT, or does nothing. */
uint64_t arena_bad(const struct arena *arena, struct dice *dice, size_t bytes);

#endif
