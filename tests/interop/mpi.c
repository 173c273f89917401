// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Two MPI ranks pass data by the ways that MPI has, and look at every byte: messages of many sizes, one
 * way, both ways at once and out of order; collectives; and one-sided puts, gets and sums.
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_BYTES = 4 << 20,
	BURST = 64,
	SUMS = 100,
};

static const int sizes[] = { 0,	   1,	 7,	8,     100,	1023,	  4096,
			     8191, 8193, 65536, 65537, 1000003, MAX_BYTES };
static int rank;

static void fill(uint8_t *at, size_t bytes, uint32_t seed)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (seed + i) * 2654435761u >> 24;
}

static void compare(const char *what, const uint8_t *at, size_t bytes, uint32_t seed)
{
	for (size_t i = 0; i < bytes; i++) {
		if (at[i] == (uint8_t)((seed + i) * 2654435761u >> 24))
			continue;
		fprintf(stderr, "mpi: rank %d: %s: byte %zu of %zu is wrong\n", rank, what, i,
			bytes);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
}

static void *memory(size_t bytes)
{
	void *at = calloc(1, bytes + 1);

	if (!at)
		MPI_Abort(MPI_COMM_WORLD, 1);
	return at;
}

/* Each rank sends while it receives. */
static void exchange(int bytes, int seed)
{
	uint8_t *out = memory(bytes), *in = memory(bytes);

	fill(out, bytes, seed + rank);
	MPI_Sendrecv(out, bytes, MPI_BYTE, !rank, seed, in, bytes, MPI_BYTE, !rank, seed,
		     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	compare("exchange", in, bytes, seed + !rank);
	free(out);
	free(in);
}

/* Many messages under way, taken in the other order than sent. */
static void burst(int bytes)
{
	uint8_t *at = memory((size_t)BURST * bytes);
	MPI_Request request[BURST];
	int i, n;

	for (i = 0; i < BURST; i++) {
		n = rank ? BURST - 1 - i : i;
		if (rank) {
			MPI_Irecv(at + n * bytes, bytes, MPI_BYTE, 0, n, MPI_COMM_WORLD,
				  &request[i]);
		} else {
			fill(at + n * bytes, bytes, n * 1000);
			MPI_Isend(at + n * bytes, bytes, MPI_BYTE, 1, n, MPI_COMM_WORLD,
				  &request[i]);
		}
	}
	MPI_Waitall(BURST, request, MPI_STATUSES_IGNORE);
	for (i = 0; i < BURST; i++)
		compare("burst", at + i * bytes, bytes, i * 1000);
	free(at);
}

static void collectives(void)
{
	enum {
		COUNT = 100000
	};
	double *in = memory(COUNT * sizeof(*in)), *out = memory(COUNT * sizeof(*out));

	for (int i = 0; i < COUNT; i++)
		in[i] = (rank + 1) * i;
	MPI_Allreduce(in, out, COUNT, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
	for (int i = 0; i < COUNT; i++)
		if (out[i] != 3.0 * i)
			MPI_Abort(MPI_COMM_WORLD, 1);
	if (!rank)
		fill((uint8_t *)in, COUNT, 5);
	MPI_Bcast(in, COUNT, MPI_BYTE, 0, MPI_COMM_WORLD);
	compare("broadcast", (uint8_t *)in, COUNT, 5);
	free(in);
	free(out);
}

/* Each rank's window holds a counter, and then what the other puts there. */
static void one_sided(void)
{
	enum {
		AT = 64,
		BYTES = 300000
	};
	uint8_t *window, *at = memory(BYTES);
	uint64_t one = 1, old;
	MPI_Win win;

	MPI_Win_allocate(AT + BYTES, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &window, &win);
	memset(window, 0, AT + BYTES);
	MPI_Barrier(MPI_COMM_WORLD);
	fill(at, BYTES, 9 + rank);
	MPI_Win_lock_all(0, win);
	MPI_Put(at, BYTES, MPI_BYTE, !rank, AT, BYTES, MPI_BYTE, win);
	MPI_Win_flush(!rank, win);
	memset(at, 0, BYTES);
	MPI_Get(at, BYTES, MPI_BYTE, !rank, AT, BYTES, MPI_BYTE, win);
	MPI_Win_flush(!rank, win);
	compare("get", at, BYTES, 9 + rank);
	for (int i = 0; i < SUMS; i++) {
		MPI_Fetch_and_op(&one, &old, MPI_UINT64_T, 0, 0, MPI_SUM, win);
		MPI_Win_flush(0, win);
	}
	MPI_Win_unlock_all(win);
	MPI_Barrier(MPI_COMM_WORLD);
	compare("put", window + AT, BYTES, 9 + !rank);
	if (!rank && *(uint64_t *)window != 2 * SUMS)
		MPI_Abort(MPI_COMM_WORLD, 1);
	MPI_Win_free(&win);
	free(at);
}

int main(int argc, char **argv)
{
	int ranks, i;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	if (ranks != 2) {
		fprintf(stderr, "mpi: two ranks are wanted, not %d\n", ranks);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	for (i = 0; i < (int)(sizeof(sizes) / sizeof(sizes[0])); i++)
		exchange(sizes[i], i + 1);
	burst(1000);
	burst(20000);
	collectives();
	one_sided();
	MPI_Barrier(MPI_COMM_WORLD);
	if (!rank)
		printf("mpi: exchanges of %d sizes, bursts, collectives, puts, gets, sums: all verified\n",
		       i);
	MPI_Finalize();
	return 0;
}
