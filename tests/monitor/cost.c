// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What a monitor costs who unmaps: mmap(), one write, munmap() of a page that nobody watches, without a monitor, with
 * one that watches nothing, and with one that watches 1000 other ranges; then of a page that is watched. The least time
 * of many short rounds, taken in turn. Printed, not judged: time in a guest is the host's as well; where its clock
 * counts instructions (-icount), these are instructions.
 */
#include <sys/mman.h>
#include <time.h>

#include "mon.h"

#define PAIRS  200
#define ROUNDS 60
#define RANGES 1000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Nanoseconds of one pair. */
static double pairs(uint8_t *at)
{
	const uint64_t begin = now_ns();
	unsigned int i;

	for (i = 0; i < PAIRS; i++) {
		vt_check(mmap(at, MON_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
		*(volatile uint8_t *)at = 1;
		vt_check(!munmap(at, MON_PAGE));
	}
	return (double)(now_ns() - begin) / PAIRS;
}

static double least(uint8_t *at)
{
	double best = pairs(at), is;
	unsigned int i;

	for (i = 1; i < ROUNDS; i++) {
		is = pairs(at);
		best = is < best ? is : best;
	}
	return best;
}

static void watch_others(struct mon *mon)
{
	uint8_t *others = mon_map(RANGES * MON_PAGE);
	uint32_t slot, i;

	for (i = 0; i < RANGES; i++)
		mon_expect(mon_watch(mon->fd, others + i * MON_PAGE, MON_PAGE, i, ODP_MONITOR_ANY,
				     &slot),
			   0);
}

static void figure(const char *name, double ns, double without)
{
	vt_figure(name, "ns", ns);
	vt_note("%s: %.0f ns, %.3f of without", name, ns, ns / without);
}

int main(int argc, char **argv)
{
	double without, empty, others, watched;
	uint32_t slot, before;
	struct mon mon;
	uint8_t *at;

	vt_init(argc, argv);
	vt_case("munmap");
	/* A hole in which nothing else is put. */
	at = mmap(NULL, 3 * MON_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + MON_PAGE;
	vt_check(at != MAP_FAILED + MON_PAGE && !munmap(at, MON_PAGE));
	least(at);
	without = least(at);
	mon_make(&mon, RANGES + 1, 4096);
	empty = least(at);
	watch_others(&mon);
	others = least(at);
	vt_check(!mon.header->head);
	mon_expect(mon_watch(mon.fd, at, MON_PAGE, 0, 0, &slot), 0);
	before = mon_count(&mon, slot, ODP_MONITOR_UNMAPPED);
	watched = least(at);
	vt_check(mon_count(&mon, slot, ODP_MONITOR_UNMAPPED) == before + PAIRS * ROUNDS);
	figure("without", without, without);
	figure("empty", empty, without);
	figure("others", others, without);
	figure("watched", watched, without);
	mon_end(&mon);
	return vt_pass();
}
