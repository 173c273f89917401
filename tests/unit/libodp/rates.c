// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * rates [--check] [--least M]
 * rates --pairs N --level NUMBER: how many keys a second are got and put, by level and by threads,
 * each thread with memory of its own, over a device that costs nothing (device.h). A figure is
 * millions of pairs in a second of a thread's own CPU time: what other programs do meanwhile does
 * not change it much, what threads do to one another does.
 *
 * --check: keys of the implicit level cost the same in 16 threads as in one, and less than those of
 * the others. --least M: one thread makes M million of them. --pairs N: no figure; a thread makes N pairs on that
 * level, for somebody who counts instructions (tests/libodp/instructions.sh).
 */
#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "device.h"
#include "odp.h"

#define MOST_THREADS 16
#define LEN	     (64ul << 10)
#define MANY	     64 /* ranges of one call */
#define SECONDS	     0.04 /* of CPU, a thread */
#define BETWEEN	     256 /* keys between two looks at the clock */

struct level {
	const char *name;
	uint32_t level, flags;
	bool many;
};

static const struct level levels[] = {
	{ "implicit", ODP_IMPLICIT, 0, false },
	{ "explicit", ODP_EXPLICIT, 0, false },
	{ "explicit, 64 a call", ODP_EXPLICIT, 0, true },
	{ "pinned, with a promise", ODP_PINNED, ODP_FORGETS, false },
	{ "pinned, by its frames", ODP_PINNED, 0, false },
};

#define LEVELS (sizeof(levels) / sizeof(levels[0]))

struct thread {
	pthread_t id;
	const struct level *level;
	struct odp_domain *domain;
	char *at; /* LEN bytes */
	double rate; /* pairs a second */
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "rates: %s\n", what);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void one_by_one(struct thread *thread)
{
	struct odp_key key;
	int i;

	for (i = 0; i < BETWEEN; i++) {
		must(!odp_get(thread->domain, thread->at + i * 64, 64, IBV_ACCESS_LOCAL_WRITE,
			      &key),
		     "odp_get()");
		must(!odp_put(thread->domain, &key), "odp_put()");
	}
}

static void many_at_once(struct thread *thread)
{
	struct iovec range[MANY];
	struct odp_key key[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		range[i] = (struct iovec){ thread->at + i * 256, 64 };
	for (i = 0; i < BETWEEN / MANY; i++) {
		must(!odp_get_many(thread->domain, range, MANY, IBV_ACCESS_LOCAL_WRITE, key),
		     "odp_get_many()");
		must(!odp_put_many(thread->domain, key, MANY), "odp_put_many()");
	}
}

static void *run(void *arg)
{
	struct thread *thread = arg;
	unsigned long pairs = 0;
	double begin, now;

	one_by_one(thread); /* it is registered */
	begin = cpu_seconds();
	do {
		(thread->level->many ? many_at_once : one_by_one)(thread);
		pairs += BETWEEN;
		now = cpu_seconds();
	} while (now - begin < SECONDS);
	thread->rate = pairs / (now - begin);
	return NULL;
}

/* The mean of the threads, in millions. */
static double measure(struct ibv_pd *pd, const struct level *level, int threads)
{
	const struct odp_domain_attr attr = { .levels = level->level, .flags = level->flags };
	struct thread thread[MOST_THREADS] = {};
	struct odp_domain *domain;
	double sum = 0;
	char *at;
	int i;

	at = mmap(NULL, threads * LEN, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(at != MAP_FAILED, "mmap()");
	must(!odp_domain_open(pd, &attr, &domain), "odp_domain_open()");
	for (i = 0; i < threads; i++) {
		thread[i] = (struct thread){ .level = level, .domain = domain, .at = at + i * LEN };
		must(!pthread_create(&thread[i].id, NULL, run, &thread[i]), "pthread_create()");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(thread[i].id, NULL);
		sum += thread[i].rate;
	}
	must(!odp_domain_close(domain), "odp_domain_close()");
	munmap(at, threads * LEN);
	return sum / threads / 1e6;
}

static bool can_measure(const struct level *level)
{
	return level->level != ODP_PINNED || device_can_pin();
}

/* rate[level][log2(threads)] */
static void print_table(struct ibv_pd *pd, double rate[LEVELS][5])
{
	size_t level;
	int i;

	printf("%-24s %8s %8s %8s %8s %8s\n", "threads", "1", "2", "4", "8", "16");
	for (level = 0; level < LEVELS; level++) {
		if (!can_measure(&levels[level])) {
			printf("%-24s nothing can be pinned here\n", levels[level].name);
			continue;
		}
		printf("%-24s", levels[level].name);
		for (i = 0; i < 5; i++) {
			rate[level][i] = measure(pd, &levels[level], 1 << i);
			printf(" %8.2f", rate[level][i]);
			fflush(stdout);
		}
		printf("\n");
	}
}

/* Threads on the two halves of one core have half of it each. */
static int check(double rate[LEVELS][5])
{
	int i, bad = 0;

	for (i = 1; i < 5; i++) {
		if (rate[0][i] >= 0.4 * rate[0][0])
			continue;
		printf("rates: implicit keys in %d threads: %.2f M/s, in one %.2f\n", 1 << i,
		       rate[0][i], rate[0][0]);
		bad = 1;
	}
	if (rate[0][0] < 2 * rate[1][0]) {
		printf("rates: implicit keys %.2f M/s, explicit %.2f\n", rate[0][0], rate[1][0]);
		bad = 1;
	}
	return bad;
}

/* As run(), but for the clock. */
static void make_pairs(struct ibv_pd *pd, const struct level *level, unsigned long pairs)
{
	const struct odp_domain_attr attr = { .levels = level->level, .flags = level->flags };
	struct thread thread = { .level = level };
	unsigned long made;

	must(!level->many || !(pairs % BETWEEN), "--pairs: a multiple of 256");
	must(can_measure(level), "nothing can be pinned here");
	thread.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(thread.at != MAP_FAILED, "mmap()");
	must(!odp_domain_open(pd, &attr, &thread.domain), "odp_domain_open()");
	one_by_one(&thread);
	for (made = 0; made < pairs; made += BETWEEN)
		(level->many ? many_at_once : one_by_one)(&thread);
	must(!odp_domain_close(thread.domain), "odp_domain_close()");
	munmap(thread.at, LEN);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "check", no_argument, NULL, 'c' },
						 { "least", required_argument, NULL, 'l' },
						 { "pairs", required_argument, NULL, 'p' },
						 { "level", required_argument, NULL, 'v' },
						 {} };
	struct ibv_pd *pd = device_open();
	double rate[LEVELS][5] = {}, least = 0;
	unsigned long pairs = 0, level = 0;
	bool checks = false;
	int option, bad = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		must(option != '?',
		     "usage: rates [--check] [--least M] [--pairs N --level NUMBER]");
		checks |= option == 'c';
		least = option == 'l' ? atof(optarg) : least;
		pairs = option == 'p' ? strtoul(optarg, NULL, 0) : pairs;
		level = option == 'v' ? strtoul(optarg, NULL, 0) : level;
	}
	must(level < LEVELS, "--level: 0 to 4, as in the table");
	if (pairs) {
		make_pairs(pd, &levels[level], pairs);
		device_close(pd);
		return 0;
	}
	print_table(pd, rate);
	device_close(pd);
	if (checks)
		bad = check(rate);
	if (rate[0][0] < least) {
		printf("rates: one thread makes %.2f M/s, not %.2f\n", rate[0][0], least);
		bad = 1;
	}
	return bad;
}
