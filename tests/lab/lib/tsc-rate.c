/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * tsc-rate: prints the rate of this machine's time stamp counter in kHz, measured
 * against CLOCK_MONOTONIC over a quarter of a second. Used by accel.sh.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define SPAN_NS 250000000ULL /* long enough for an error below 0.01 % */

struct moment {
	unsigned long long tsc; /* ticks */
	unsigned long long ns;
};

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The tightest of many tries: no preemption between the two clocks. */
static struct moment read_both(void)
{
	struct moment best = { 0, 0 };
	unsigned long long tightest = ~0ULL;

	for (int i = 0; i < 1000; i++) {
		unsigned long long before = __rdtsc();
		unsigned long long ns = now_ns();
		unsigned long long after = __rdtsc();

		if (after - before < tightest) {
			tightest = after - before;
			best.tsc = before + tightest / 2;
			best.ns = ns;
		}
	}
	return best;
}

int main(void)
{
	struct moment start = read_both();
	struct moment end;

	while (now_ns() - start.ns < SPAN_NS)
		;
	end = read_both();
	printf("%llu\n", (end.tsc - start.tsc) * 1000000 / (end.ns - start.ns));
	return 0;
}
