// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Patterns: filling and verifying. */
#include "vt.h"

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Eight bytes come of one number, so that filling is not what a test waits for. */
uint8_t vt_pattern(uint64_t seed, uint64_t pos)
{
	return mix(seed * 0x100000001b3ull + (pos >> 3)) >> (8 * (pos & 7));
}

void vt_fill(uint8_t *at, size_t len, uint64_t seed, uint64_t pos)
{
	size_t i = 0;
	uint64_t word;

	for (; i < len && ((pos + i) & 7); i++)
		at[i] = vt_pattern(seed, pos + i);
	for (; i + 8 <= len; i += 8) {
		word = htole64(mix(seed * 0x100000001b3ull + ((pos + i) >> 3)));
		memcpy(at + i, &word, 8);
	}
	for (; i < len; i++)
		at[i] = vt_pattern(seed, pos + i);
}

static _Noreturn void report_difference(const uint8_t *at, size_t len, size_t first, uint64_t seed,
					uint64_t pos, const char *what)
{
	size_t i, wrong = 0, last = first;

	for (i = first; i < len; i++) {
		if (at[i] != vt_pattern(seed, pos + i)) {
			wrong++;
			last = i;
		}
	}
	vt_fail("%s: %zu of %zu bytes are wrong, from byte %zu to %zu (page offset 0x%lx); "
		"the first is 0x%02x instead of 0x%02x",
		what, wrong, len, first, last, (unsigned long)((uintptr_t)(at + first) & 4095),
		at[first], vt_pattern(seed, pos + first));
}

void vt_verify(const uint8_t *at, size_t len, uint64_t seed, uint64_t pos, const char *what)
{
	uint8_t chunk[512];
	size_t done, n, i;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(chunk) ? len - done : sizeof(chunk);
		vt_fill(chunk, n, seed, pos + done);
		if (!memcmp(chunk, at + done, n))
			continue;
		for (i = 0; chunk[i] == at[done + i]; i++)
			;
		report_difference(at, len, done + i, seed, pos, what);
	}
}

void vt_verify_zero(const uint8_t *at, size_t len, const char *what)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (at[i])
			vt_fail("%s: byte %zu of %zu is 0x%02x instead of 0", what, i, len, at[i]);
	}
}
