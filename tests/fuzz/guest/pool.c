// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <string.h>
#include <unistd.h>

#include "pool.h"

#define ROOM 8 /* of each kind */

/* Handle + 1; 0: none. */
static uint64_t pool[THINGS][ROOM];

void pool_put(struct dice *dice, enum thing thing, uint32_t handle)
{
	uint64_t *place = &pool[thing][dice_below(dice, ROOM)];
	/* Exactly one thread gets what was there, and closes it. */
	const uint64_t old = __atomic_exchange_n(place, handle + 1ull, __ATOMIC_RELAXED);

	if (old > 1 + STDERR_FILENO && thing >= THING_CHANNEL)
		close(old - 1);
}

uint32_t pool_get(struct dice *dice, enum thing thing)
{
	const unsigned int from = dice_below(dice, ROOM);

	for (unsigned int i = 0; i < ROOM; i++) {
		const uint64_t entry = __atomic_load_n(&pool[thing][(from + i) % ROOM],
						       __ATOMIC_RELAXED);

		if (entry)
			return entry - 1;
	}
	return 0;
}

void pool_forget(void)
{
	memset(pool, 0, sizeof(pool));
}
