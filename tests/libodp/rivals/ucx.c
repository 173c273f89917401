// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ucx [--pairs N]: what tests/unit/libodp/rates.c measures of libodp, of UCX's registration cache: the same ranges, threads and
 * clock, registrations that cost nothing, and its usual watch over munmap(). --pairs: no figure; one thread makes N
 * of them without that watch, which valgrind has no place for, for somebody who counts instructions.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <ucm/api/ucm.h>
#include <ucs/memory/rcache.h>
#include <ucs/type/status.h>

/* Later versions are told of the alignment by each call, not by the cache (ucx.sh finds out). */
#ifdef UCX_ALIGNS_CALLS
#define get(cache, at, len, region) \
	ucs_rcache_get(cache, at, len, 16, PROT_READ | PROT_WRITE, NULL, region)
#else
#define get(cache, at, len, region) \
	ucs_rcache_get(cache, at, len, PROT_READ | PROT_WRITE, NULL, region)
#endif

#define MOST_THREADS 16
#define LEN	     (64ul << 10)
#define SECONDS	     0.04 /* of CPU, a thread */
#define BETWEEN	     256 /* pairs between two looks at the clock */

struct thread {
	pthread_t id;
	ucs_rcache_t *cache;
	char *at; /* LEN bytes */
	double rate; /* pairs a second */
};

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "ucx: %s\n", what);
	exit(1);
}

static ucs_status_t reg(void *context, ucs_rcache_t *cache, void *arg, ucs_rcache_region_t *region,
			uint16_t flags)
{
	(void)context, (void)cache, (void)arg, (void)region, (void)flags;
	return UCS_OK;
}

static void dereg(void *context, ucs_rcache_t *cache, ucs_rcache_region_t *region)
{
	(void)context, (void)cache, (void)region;
}

static void dump(void *context, ucs_rcache_t *cache, ucs_rcache_region_t *region, char *buf,
		 size_t max)
{
	(void)context, (void)cache, (void)region;
	snprintf(buf, max, "-");
}

static ucs_rcache_t *open_cache(int events)
{
	static const ucs_rcache_ops_t ops = { .mem_reg = reg,
					      .mem_dereg = dereg,
					      .dump_region = dump };
	ucs_rcache_params_t params;
	ucs_rcache_t *cache;

	memset(&params, 0, sizeof(params)); /* other versions have other fields */
	params.region_struct_size = sizeof(ucs_rcache_region_t);
#ifndef UCX_ALIGNS_CALLS
	params.alignment = 16;
	params.max_alignment = 4096;
#endif
	params.ucm_events = events;
	params.ucm_event_priority = 1000;
	params.ops = &ops;
	params.max_regions = 1ul << 20;
	params.max_size = ~0ul;
	params.max_unreleased = ~0ul;
	must(ucs_rcache_create(&params, "rates", NULL, &cache) == UCS_OK, "ucs_rcache_create()");
	return cache;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void one_by_one(struct thread *thread)
{
	ucs_rcache_region_t *region;
	int i;

	for (i = 0; i < BETWEEN; i++) {
		must(get(thread->cache, thread->at + i * 64, 64, &region) == UCS_OK,
		     "ucs_rcache_get()");
		ucs_rcache_region_put(thread->cache, region);
	}
}

/* All of its memory has one region, as libodp's explicit level would have it. */
static void warm(struct thread *thread)
{
	ucs_rcache_region_t *region;

	must(get(thread->cache, thread->at, LEN, &region) == UCS_OK, "ucs_rcache_get()");
	ucs_rcache_region_put(thread->cache, region);
	one_by_one(thread);
}

static void *run(void *arg)
{
	struct thread *thread = arg;
	unsigned long pairs = 0;
	double begin, now;

	warm(thread);
	begin = cpu_seconds();
	do {
		one_by_one(thread);
		pairs += BETWEEN;
		now = cpu_seconds();
	} while (now - begin < SECONDS);
	thread->rate = pairs / (now - begin);
	return NULL;
}

static char *map(size_t len)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	must(at != MAP_FAILED, "mmap()");
	return at;
}

/* The mean of the threads, in millions. */
static double measure(int threads)
{
	struct thread thread[MOST_THREADS] = {};
	ucs_rcache_t *cache = open_cache(UCM_EVENT_VM_UNMAPPED);
	char *at = map(threads * LEN);
	double sum = 0;
	int i;

	for (i = 0; i < threads; i++) {
		thread[i] = (struct thread){ .cache = cache, .at = at + i * LEN };
		must(!pthread_create(&thread[i].id, NULL, run, &thread[i]), "pthread_create()");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(thread[i].id, NULL);
		sum += thread[i].rate;
	}
	ucs_rcache_destroy(cache);
	munmap(at, threads * LEN);
	return sum / threads / 1e6;
}

int main(int argc, char **argv)
{
	unsigned long pairs = argc == 3 && !strcmp(argv[1], "--pairs") ? strtoul(argv[2], NULL, 0)
								       : 0;
	struct thread thread = {};
	int threads;

	if (pairs) {
		thread.cache = open_cache(0);
		thread.at = map(LEN);
		warm(&thread);
		for (; pairs >= BETWEEN; pairs -= BETWEEN)
			one_by_one(&thread);
		ucs_rcache_destroy(thread.cache);
		return 0;
	}
	printf("%-24s", "UCX's rcache");
	for (threads = 1; threads <= MOST_THREADS; threads *= 2)
		printf(" %8.2f", measure(threads));
	printf("\n");
	return 0;
}
