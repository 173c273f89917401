// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A key-value store that peers read by RDMA, over a file that is larger than memory: what
 * on-demand paging is for. The file is mapped, the mapping has one key, and values are read from
 * it one-sided. The kernel keeps in memory what is used, as it does for any mapped file.
 *
 *	kv FILE MIB READS [LEVELS]
 *
 * makes the file, reads values at random and then the same again, and verifies every byte. LEVELS is a mask of enum
 * odp_level: 4 pins the file, or tries to.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <odp.h>

#include "loop.h"

#define VALUE 4096ul /* bytes; value n is at n * VALUE */
#define CHUNK 256 /* values written at once */

/* Every word of a value says which value it is, and which word. */
static void make_value(uint64_t *value, uint64_t key)
{
	size_t i;

	for (i = 0; i < VALUE / sizeof(*value); i++)
		value[i] = key * 0x9e3779b97f4a7c15ull + i;
}

static void make_file(const char *path, uint64_t values)
{
	char *chunk = malloc(CHUNK * VALUE);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	uint64_t key;

	if (fd < 0 || !chunk)
		die(path);
	for (key = 0; key < values; key++) {
		make_value((uint64_t *)(chunk + key % CHUNK * VALUE), key);
		if (key % CHUNK == CHUNK - 1 &&
		    write(fd, chunk, CHUNK * VALUE) != (ssize_t)(CHUNK * VALUE))
			die("writing the file");
	}
	if (fsync(fd))
		die("fsync");
	close(fd);
	free(chunk);
}

static char *map_file(const char *path, size_t length)
{
	int fd = open(path, O_RDONLY);
	char *at = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);

	if (fd < 0 || at == MAP_FAILED)
		die("mapping the file");
	close(fd);
	/* Values are read at random: what lies around them is not worth reading. */
	madvise(at, length, MADV_RANDOM);
	return at;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* The peer: it knows the key and where value 0 is. Returns how many values it read a second. */
static double read_values(struct loop *loop, char *at, const struct odp_key *store,
			  const struct odp_key *mine, uint64_t *value, uint64_t values,
			  unsigned long reads)
{
	static uint64_t expected[VALUE / sizeof(uint64_t)];
	const double start = now();
	uint64_t key, random = 1;
	unsigned long i;

	for (i = 0; i < reads; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		key = (random >> 20) % values;
		loop_move(loop, IBV_WR_RDMA_READ, value, mine->lkey, at + key * VALUE, store->rkey,
			  VALUE);
		make_value(expected, key);
		if (memcmp(value, expected, VALUE)) {
			fprintf(stderr, "value %lu is wrong\n", (unsigned long)key);
			exit(1);
		}
	}
	return reads / (now() - start);
}

static void get(struct odp_domain *domain, void *at, size_t length, int access, struct odp_key *key)
{
	int err = odp_get(domain, at, length, access, key);

	if (!err)
		return;
	fprintf(stderr, "a key for %zu MiB: %s\n", length >> 20, strerror(-err));
	exit(3);
}

static void serve(const char *path, size_t length, unsigned long reads, uint32_t levels)
{
	const struct odp_domain_attr attr = { .levels = levels, .pinned_max = UINT64_MAX };
	uint64_t *value = aligned_alloc(VALUE, VALUE);
	char *at = map_file(path, length);
	struct odp_key store, mine;
	struct odp_domain *domain;
	struct loop loop;
	double start, first, again;

	loop_open(&loop);
	if (!value || odp_domain_open(loop.pd, &attr, &domain))
		die("a domain");
	start = now();
	get(domain, at, length, IBV_ACCESS_REMOTE_READ, &store);
	printf("a key (level %u) for %zu MiB: %.3f ms\n", store.level, length >> 20,
	       (now() - start) * 1e3);
	get(domain, value, VALUE, IBV_ACCESS_LOCAL_WRITE, &mine);
	first = read_values(&loop, at, &store, &mine, value, length / VALUE, reads);
	again = read_values(&loop, at, &store, &mine, value, length / VALUE, reads);
	printf("%lu values read and verified: %.0f a second, and again: %.0f a second\n", reads,
	       first, again);
	odp_put(domain, &store);
	odp_put(domain, &mine);
	odp_domain_close(domain);
	loop_close(&loop);
	munmap(at, length);
	free(value);
}

int main(int argc, char **argv)
{
	size_t length;

	if (argc < 4) {
		fprintf(stderr, "usage: kv FILE MIB READS [LEVELS]\n");
		return 2;
	}
	length = strtoul(argv[2], NULL, 10) << 20;
	if (access(argv[1], F_OK))
		make_file(argv[1], length / VALUE);
	serve(argv[1], length, strtoul(argv[3], NULL, 10), argc > 4 ? atoi(argv[4]) : 0);
	return 0;
}
