/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Reads test vectors: packets in hex, one a line; a line that begins with # is a comment. */
#ifndef RODP_UNIT_VECTORS_H
#define RODP_UNIT_VECTORS_H

#include <stddef.h>
#include <stdint.h>

struct vectors {
	struct packet {
		uint8_t *data; /* exactly bytes long, so that the sanitizer guards its end */
		size_t bytes;
		int line;
	} * packet;
	size_t count;
};

/* Ends the program when the file cannot be read or a line is not hex. */
void vectors_load(struct vectors *vectors, const char *path);
void vectors_free(struct vectors *vectors);

#endif
