// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <string.h>

#include <infiniband/verbs.h>

#include "value.h"

struct value_world value_world;

uint64_t value_edge(struct dice *dice)
{
	static const uint64_t bases[] = { 0,	      1ull << 7,  1ull << 8,  1ull << 12,
					  1ull << 15, 1ull << 16, 1ull << 20, 1ull << 24,
					  1ull << 31, 1ull << 32, 1ull << 63 };

	return bases[dice_below(dice, sizeof(bases) / sizeof(bases[0]))] + dice_below(dice, 3) - 1;
}

/* Regions on demand as often as pinned ones; now and then all of the address space. */
static uint64_t value_access(struct dice *dice)
{
	const uint64_t rights = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE |
				IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC |
				IBV_ACCESS_MW_BIND;
	uint64_t access = dice_roll(dice) & rights;

	if (access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC))
		access |= IBV_ACCESS_LOCAL_WRITE;
	return dice_once_in(dice, 2) ? access : access | IBV_ACCESS_ON_DEMAND;
}

static uint64_t value_number(struct dice *dice, enum value value, uint64_t arg)
{
	switch (value) {
	case VALUE_THING:
		return pool_get(dice, arg);
	case VALUE_MAYBE:
		return dice_once_in(dice, 2) ? ~0ull : pool_get(dice, arg);
	case VALUE_SMALL:
		return 1 + dice_below(dice, arg);
	case VALUE_UPTO:
		return dice_below(dice, arg + 1);
	case VALUE_FLAGS:
		return dice_roll(dice) & arg;
	case VALUE_FIXED:
		return arg;
	case VALUE_ADDRESS:
		return (uintptr_t)value_world.memory + dice_below(dice, 16) * 4096;
	case VALUE_LENGTH:
		return 1 + dice_below(dice, VALUE_MEMORY / 2);
	case VALUE_ACCESS:
		return value_access(dice);
	default:
		return dice_once_in(dice, 2) ? value_edge(dice) : dice_roll(dice);
	}
}

void value_put(struct dice *dice, void *at, size_t bytes, enum value value, uint64_t arg)
{
	uint64_t number;

	if (value == VALUE_GID || value == VALUE_GROUP) {
		memcpy(at, value_world.gid, bytes < 16 ? bytes : 16);
		if (value == VALUE_GROUP) {
			/* IPv4 multicast, mapped: 239.x.x.1 */
			memset(at, 0, bytes);
			((uint8_t *)at)[10] = ((uint8_t *)at)[11] = 0xff;
			((uint8_t *)at)[12] = 239;
			((uint8_t *)at)[14] = dice_below(dice, 4);
			((uint8_t *)at)[15] = 1;
		}
		return;
	}
	number = value_number(dice, value, arg);
	memcpy(at, &number, bytes < sizeof(number) ? bytes : sizeof(number));
}
