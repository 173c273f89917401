// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

void message_fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

uint8_t *message_alloc(size_t bytes)
{
	void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		message_fail("memory");
	return memset(data, 0x5a, bytes);
}

void message_stamp(uint8_t *data, size_t bytes, uint64_t number)
{
	memcpy(data, &number, sizeof(number));
	memcpy(data + bytes - sizeof(number), &number, sizeof(number));
}

static void message_expect(const uint8_t *at, uint64_t number)
{
	uint64_t got;

	memcpy(&got, at, sizeof(got));
	if (got == number)
		return;
	fprintf(stderr, "message %" PRIu64 " came as %" PRIu64 "\n", number, got);
	exit(EXIT_FAILURE);
}

/* The last bytes first: in a message of 8 bytes they are the first ones too. */
void message_check(const uint8_t *data, size_t bytes, uint64_t number)
{
	message_expect(data + bytes - sizeof(number), number);
	message_expect(data, number);
}

uint64_t message_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void message_report(const struct options *options, uint64_t start_ns)
{
	double seconds = (message_now_ns() - start_ns) / 1e9;

	if (options->pingpong)
		printf("%.2f\n", seconds * 1e6 / options->count / 2);
	else
		printf("%.2f\n", (double)options->count * options->bytes / seconds / (1 << 20));
}
