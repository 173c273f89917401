/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What became of the calls of each method: in memory that all processes of the program share. */
#ifndef FUZZ_SCORE_H
#define FUZZ_SCORE_H

#include <stdint.h>

#define SCORE_ERRNOS 256 /* others are counted as the last one */

struct score {
	uint32_t calls, good;
	uint32_t failed[SCORE_ERRNOS]; /* by errno */
};

/* n scores, all zero. */
struct score *score_make(unsigned int n);
/* err: 0 or an errno. Any thread of any process. */
void score_add(struct score *score, int err);
/* A line: calls, good ones, and the errnos by how often they came. */
void score_print(const struct score *score, const char *name);

#endif
