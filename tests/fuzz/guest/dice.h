/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Random numbers by a seed: xorshift64, one stream a thread. */
#ifndef FUZZ_DICE_H
#define FUZZ_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state; /* not 0 */
};

static inline uint64_t dice_roll(struct dice *dice)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return dice->state;
}

/* 0 to n - 1. */
static inline uint64_t dice_below(struct dice *dice, uint64_t n)
{
	return (dice_roll(dice) >> 11) % n;
}

/* True once in n times. */
static inline bool dice_once_in(struct dice *dice, unsigned int n)
{
	return !dice_below(dice, n);
}

static inline struct dice dice_of(uint64_t seed, uint64_t stream)
{
	struct dice dice = { (seed + 1) * 0x9e3779b97f4a7c15ull ^
			     (stream + 1) * 0xbf58476d1ce4e5b9ull };

	dice.state += !dice.state;
	for (int i = 0; i < 8; i++)
		dice_roll(&dice);
	return dice;
}

#endif
