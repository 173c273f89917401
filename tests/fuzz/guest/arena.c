// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <sys/mman.h>

#include "arena.h"
#include "vt.h"

#define STRIDE (ARENA_PLACE + ARENA_GUARD)
#define BYTES  ((ARENA_PLACES * STRIDE + 4095) / 4096 * 4096ul)
#define GUARD  0xa5

static uint8_t *pages(size_t bytes, int prot)
{
	uint8_t *at = mmap(NULL, bytes + 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	/* Nobody else's memory comes to lie there. */
	vt_check(!mprotect(at + bytes, 4096, PROT_NONE));
	return at;
}

void arena_make(struct arena *arena)
{
	*arena = (struct arena){ .base = pages(BYTES, PROT_READ | PROT_WRITE),
				 .read_only = pages(4096, PROT_READ) };
}

void arena_free(struct arena *arena)
{
	vt_check(!munmap(arena->base, BYTES + 4096) && !munmap(arena->read_only, 8192));
}

void arena_clear(struct arena *arena)
{
	arena->used = 0;
}

void *arena_take(struct arena *arena, size_t bytes)
{
	uint8_t *at;

	if (arena->used == ARENA_PLACES || bytes > ARENA_PLACE)
		return NULL;
	at = arena->base + arena->used * STRIDE;
	memset(at, 0, bytes);
	memset(at + bytes, GUARD, ARENA_GUARD);
	arena->place[arena->used].at = at;
	arena->place[arena->used++].bytes = bytes;
	return at;
}

bool arena_has(const struct arena *arena, uint64_t address)
{
	return address >= (uintptr_t)arena->base &&
	       address < (uintptr_t)arena->base + ARENA_PLACES * STRIDE;
}

void arena_check(const struct arena *arena, const char *method)
{
	for (unsigned int i = 0; i < arena->used; i++)
		for (unsigned int n = 0; n < ARENA_GUARD; n++)
			if (arena->place[i].at[arena->place[i].bytes + n] != GUARD)
				vt_fail("%s: the kernel wrote %u bytes behind the %zu that it was given",
					method, n, arena->place[i].bytes);
}

uint64_t arena_bad(const struct arena *arena, struct dice *dice, size_t bytes)
{
	switch (dice_below(dice, 6)) {
	case 0:
		return 0;
	case 1:
		return (uintptr_t)arena->read_only + dice_below(dice, 4096);
	case 2: /* into the page that is not there */
		return (uintptr_t)arena->read_only + 4096 - bytes / 2;
	case 3:
		return (uintptr_t)arena->read_only + 4096;
	case 4:
		return 1ull << 63 | dice_roll(dice);
	}
	return ~0ull - dice_below(dice, 64);
}
