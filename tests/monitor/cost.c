// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What a monitor costs who unmaps: munmap() of one page, and of 128 KiB (from there on malloc() has memory of its own
 * for each piece), all of it written before; without a monitor, with one that watches nothing, with one that watches
 * 1000 other ranges, and with one that watches the very pages. The least time of many short rounds. Printed, not
 * judged: time in a guest is the host's as well; where its clock counts instructions (-icount), these are instructions.
 */
#include <sys/mman.h>
#include <time.h>

#include "mon.h"

#define CALLS  50
#define ROUNDS 60
#define RANGES 1000
#define MOST   32 /* pages */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Nanoseconds of one munmap(). */
static double unmap(uint8_t *at, size_t len)
{
	uint64_t begin, sum = 0;
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		vt_check(mmap(at, len, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
		mon_touch(at, len);
		begin = now_ns();
		vt_check(!munmap(at, len));
		sum += now_ns() - begin;
	}
	return (double)sum / CALLS;
}

static double least(uint8_t *at, size_t len)
{
	double best = unmap(at, len), is;
	unsigned int i;

	for (i = 1; i < ROUNDS; i++) {
		is = unmap(at, len);
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

static void figures(const char *name, uint8_t *at, double without[2])
{
	const size_t len[] = { MON_PAGE, MOST * MON_PAGE };
	unsigned int i;
	char key[40];
	double ns;

	for (i = 0; i < 2; i++) {
		ns = least(at, len[i]);
		without[i] = without[i] ? without[i] : ns;
		snprintf(key, sizeof(key), "%s_%zu", name, len[i] / MON_PAGE);
		vt_figure(key, "ns", ns);
		vt_note("%s, %zu pages: %.0f ns, %.3f of without", name, len[i] / MON_PAGE, ns,
			ns / without[i]);
	}
}

int main(int argc, char **argv)
{
	double without[2] = {};
	uint32_t slot, before;
	struct mon mon;
	uint8_t *at;

	vt_init(argc, argv);
	vt_case("munmap");
	/* A hole in which nothing else is put. */
	at = mmap(NULL, (MOST + 2) * MON_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(at != MAP_FAILED && !munmap(at + MON_PAGE, MOST * MON_PAGE));
	at += MON_PAGE;
	figures("without", at, without);
	mon_make(&mon, RANGES + 1, 4096);
	vt_check((uint8_t *)mon.header > at + MOST * MON_PAGE || (uint8_t *)mon.header < at);
	figures("empty", at, without);
	watch_others(&mon);
	figures("others", at, without);
	vt_check(!mon.header->head);
	mon_expect(mon_watch(mon.fd, at, MOST * MON_PAGE, 0, 0, &slot), 0);
	before = mon_count(&mon, slot, ODP_MONITOR_UNMAPPED);
	figures("watched", at, without);
	vt_check(mon_count(&mon, slot, ODP_MONITOR_UNMAPPED) == before + 2 * CALLS * ROUNDS);
	mon_end(&mon);
	return vt_pass();
}
