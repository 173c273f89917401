/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * analysis: what the events of a recording add up to: waits, the faults that they waited for, who
 * faults and who invalidates, and what was present when.
 */
#ifndef ODPCTL_ANALYSIS_H
#define ODPCTL_ANALYSIS_H

#include "recording.h"

#define ANALYSIS_BINS	120 /* of time */
#define ANALYSIS_ROWS	48 /* of addresses, in the heat map */
#define ANALYSIS_WORST	10
#define ANALYSIS_OWNERS 256
#define ANALYSIS_ACTORS 1024 /* of a kind; the last is all others */
#define ANALYSIS_MOST	256 /* rows, where there are many address spaces */
#define LEAF		(2ull << 20) /* bytes */

struct fault {
	double begin, end; /* seconds; end 0: it is under way */
	uint64_t mirror, va, bytes, done; /* everything below done is mapped */
	uint32_t tgid; /* whose memory; 0: not told */
	int32_t error;
	bool write, late;
	char comm[16];
};

struct wait {
	double begin, seconds;
	uint32_t qpn, key;
	bool send, write;
	int32_t error;
	uint64_t iova, bytes;
	long fault; /* index of the fault it waited for; negative: none is known */
};

/* Who does something, and how often. */
struct actor {
	char name[160];
	uint64_t times, pages;
	double seconds;
};

/* Addresses of one address space, and how many of their pages were present, by time. */
struct heat_row {
	uint64_t mirror, first; /* VA */
	uint64_t bytes;
	const char *name; /* of the file there, or "" */
	uint32_t present[ANALYSIS_BINS];
};

/* Whose an address space is. */
struct owner {
	uint64_t mirror;
	uint32_t tgid;
};

struct analysis {
	double begin, end;
	struct owner owner[ANALYSIS_OWNERS];
	size_t owners;
	struct fault *fault;
	size_t faults;
	struct wait *wait;
	size_t waits;
	size_t worst[ANALYSIS_WORST]; /* of the waits, the longest first */
	size_t worst_n;
	struct actor *faulter, *invalidator;
	size_t faulters, invalidators;
	struct heat_row *row;
	size_t rows;
	uint32_t faults_by_time[ANALYSIS_BINS], lost_by_time[ANALYSIS_BINS]; /* pages */
};

/* 0 or -ENOMEM; then or not, for analysis_free(). */
int analysis_make(struct analysis *analysis, struct recording *recording);
void analysis_free(struct analysis *analysis);

/* Why a wait took as long as it did, in a sentence. */
void analysis_cause(const struct analysis *analysis, struct recording *recording,
		    const struct wait *wait, char *text, size_t room);
/* Whose memory it is: 0 if nothing tells. */
uint32_t analysis_owner(const struct analysis *analysis, uint64_t mirror);

#endif
