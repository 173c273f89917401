/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What the programs that move messages without RDMA are asked for. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	size_t bytes; /* a message, at least 8 */
	uint64_t count; /* messages; of a ping-pong, pairs of them */
	bool pingpong;
	uint16_t port; /* TCP */
	const char *address; /* TCP: the server's, IPv4; NULL: this is the server */
};

/* Reads the arguments; wrong ones end the program. @doc: what --help says of it, as argp wants it. */
struct options options_read(int argc, char **argv, const char *doc);

#endif
