/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * counts: what became of registrations, in memory that all processes of a run share with odprun:
 * whatever way they end, their counts are there.
 */
#ifndef ODPRUN_COUNTS_H
#define ODPRUN_COUNTS_H

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

/* Begins: counts, or NULL, of a path; nobody counts for odprun then. */
struct counts *counts_map(const char *path);
void counts_register(struct counts *counts, enum fate fate, uint64_t length);
/* What was pinned or turned is no more. */
void counts_deregister(struct counts *counts, enum fate fate, uint64_t length);

#endif
