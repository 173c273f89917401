// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prefetch: the same READ of 16 MiB in pieces, of memory that the device does not know, after a
 * prefetch of all of it, and with a stream that stays ahead. How often messages had to wait for
 * pages tells the difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <odp.h>

#include "loop.h"

#define LENGTH (16ul << 20)
#define PIECE  (64ul << 10)

struct example {
	struct loop loop;
	struct odp_domain *domain;
	struct odp_key data, buffer;
	char *at, *to;
};

static void check(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(1);
}

/* The device forgets the pages; they stay in memory, which is a file's. */
static void forget_pages(struct example *e)
{
	if (madvise(e->at, LENGTH, MADV_DONTNEED))
		die("madvise");
}

static uint64_t waits(struct example *e)
{
	struct odp_mr_stats stats;

	check(odp_mr_stats(e->data.mr, &stats), "statistics");
	return stats.page_faults_handled;
}

static void read_all(struct example *e, struct odp_stream *stream)
{
	size_t at;

	for (at = 0; at < LENGTH; at += PIECE) {
		if (stream)
			check(odp_stream_at(stream, at), "the stream");
		loop_move(&e->loop, IBV_WR_RDMA_READ, e->to, e->buffer.lkey, e->at + at,
			  e->data.rkey, PIECE);
	}
}

static void open_all(struct example *e)
{
	loop_open(&e->loop);
	check(odp_domain_open(e->loop.pd, NULL, &e->domain), "a domain");
	e->at = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	e->to = malloc(PIECE);
	if (e->at == MAP_FAILED || !e->to)
		die("memory");
	memset(e->at, 'x', LENGTH);
	check(odp_get(e->domain, e->at, LENGTH, IBV_ACCESS_REMOTE_READ, &e->data), "a key");
	check(odp_get(e->domain, e->to, PIECE, IBV_ACCESS_LOCAL_WRITE, &e->buffer), "a key");
}

static void close_all(struct example *e)
{
	odp_put(e->domain, &e->data);
	odp_put(e->domain, &e->buffer);
	odp_domain_close(e->domain);
	munmap(e->at, LENGTH);
	free(e->to);
	loop_close(&e->loop);
}

int main(void)
{
	struct odp_stream *stream;
	struct example e;
	struct iovec all;
	uint64_t before;

	open_all(&e);
	all = (struct iovec){ e.at, LENGTH };

	before = waits(&e);
	read_all(&e, NULL);
	printf("cold:       %3lu waits for pages\n", (unsigned long)(waits(&e) - before));

	forget_pages(&e);
	check(odp_prefetch(e.domain, &e.data, &all, 1, ODP_PREFETCH_READ, ODP_PREFETCH_WAIT),
	      "prefetch");
	before = waits(&e);
	read_all(&e, NULL);
	printf("prefetched: %3lu\n", (unsigned long)(waits(&e) - before));

	forget_pages(&e);
	check(odp_stream_open(e.domain, &e.data, e.at, LENGTH, ODP_PREFETCH_READ, 2ul << 20,
			      &stream),
	      "a stream");
	before = waits(&e);
	read_all(&e, stream);
	printf("stream:     %3lu\n", (unsigned long)(waits(&e) - before));
	odp_stream_close(stream);

	close_all(&e);
	return 0;
}
