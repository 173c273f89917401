// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Stamps: the content of a region. A word tells which stamp it is of, and that it
 * is in its place, so that a stray word is recognised for what it is.
 */
#include "co.h"

/* Stamp 0 is memory that nobody wrote. */
uint64_t co_stamp(uint32_t stamp, size_t word)
{
	uint64_t x = ((uint64_t)stamp << 32) ^ (word * 0x9e3779b97f4a7c15ull);

	if (!stamp)
		return 0;
	x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9ull;
	return ((uint64_t)stamp << 32) | (x >> 32);
}

void co_stamp_fill(void *at, uint32_t stamp, size_t from, size_t to)
{
	uint64_t *word = at;
	size_t i;

	for (i = from / 8; i < to / 8; i++)
		*word++ = co_stamp(stamp, i);
}

void co_model_set(struct co_cell *cell, uint32_t stamp, size_t from, size_t to)
{
	co_stamp_fill(cell->model.word + from / 8, stamp, from, to);
}

static _Noreturn void report(const struct co_cell *cell, const uint64_t *found, size_t first,
			     size_t end, const char *what)
{
	const uint64_t *want = cell->model.word;
	size_t i, wrong = 0, last = first;

	for (i = first; i < end; i++) {
		if (found[i] == want[i])
			continue;
		wrong++;
		last = i;
	}
	vt_fail("%s, round %u: %zu words are wrong, from offset 0x%zx to 0x%zx; the first is "
		"%016lx (stamp %lu) instead of %016lx (stamp %lu)",
		what, cell->round, wrong, first * 8, last * 8, (unsigned long)found[first],
		(unsigned long)(found[first] >> 32), (unsigned long)want[first],
		(unsigned long)(want[first] >> 32));
}

void co_model_verify(const struct co_cell *cell, const uint8_t *at, size_t from, size_t to,
		     const char *what)
{
	const uint64_t *found = (const uint64_t *)at, *want = cell->model.word;
	size_t i;

	for (i = from / 8; i < to / 8; i++) {
		if (found[i] != want[i])
			report(cell, found, i, to / 8, what);
	}
}
