/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What every unit test of the wire room includes, in the order cmocka wants. */
#ifndef RODP_UNIT_H
#define RODP_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A repeatable stream of random numbers (xorshift64). */
static inline uint64_t unit_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#define UNIT_SEED 0x9e3779b97f4a7c15ull

#endif
