/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * counts: what became of registrations, in memory that all processes of a run share with odprun:
 * whatever way they end, their counts are there.
 */
#ifndef ODPRUN_COUNTS_H
#define ODPRUN_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "rule.h"

/* Where processes find it: a path, in their environment. */
#define COUNTS_ENV     "ODPRUN_COUNTS"
#define TRANSPORTS_ENV "ODPRUN_TRANSPORTS" /* rule_apply()'s mask, in decimal */

/* All atomic. Bytes are of the regions' lengths. */
struct counts {
	uint64_t processes; /* that registered something */
	struct {
		uint64_t regions, bytes;
	} fate[FATES];
	uint64_t pinned, pinned_most; /* bytes at a time */
	uint64_t memory,
		memory_most; /* of the processes' memory, pinned or turned: what would be pinned */
};

/*
 * For odprun: new ones, all 0, which live as long as its descriptor of them does, and the path that
 * leads others there. NULL with errno set.
 */
struct counts *counts_make(char *path, size_t room);
/* For its processes: those of a path (or NULL). NULL: there are none, so nobody counts. */
struct counts *counts_map(const char *path);
void counts_register(struct counts *counts, enum fate fate, uint64_t length);
/* What was pinned or turned is no more. */
void counts_deregister(struct counts *counts, enum fate fate, uint64_t length);

#endif
