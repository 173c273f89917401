/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * recording: what odpctl record wrote, read back. A file is the kernel's own text of trace events,
 * and lines of ours that begin with '#':
 *
 *   #odpctl-record 1
 *   #process PID COMM             has on-demand memory
 *   #area PID FIRST LAST NAME     of it, hexadecimal, NAME is a file or ""
 *   #lost N                       events that the kernel could not keep
 *
 * It may be cut off, or anything else: what is no such line is left out.
 */
#ifndef ODPCTL_RECORDING_H
#define ODPCTL_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RECORDING_MAGIC "#odpctl-record 1"

/* Most events that are kept in memory, 128 bytes each. */
#define RECORDING_EVENTS    (1u << 20)
#define RECORDING_AREAS	    (1u << 17)
#define RECORDING_PROCESSES 4096

enum event_kind {
	EVENT_FAULT_BEGIN,
	EVENT_FAULT_LATE,
	EVENT_FAULT_END,
	EVENT_INVALIDATE,
	EVENT_PARK,
	EVENT_RESUME,
	EVENT_KINDS,
};

struct event {
	double at; /* seconds of CLOCK_MONOTONIC */
	enum event_kind kind;
	uint32_t tid, tgid; /* who did it; tgid 0: not told */
	uint32_t owner; /* of a fault that ended: whose memory; 0: not told */
	char comm[16];
	uint64_t mirror; /* a number for an address space */
	uint64_t va; /* of an invalidation: its leaf; of a park: iova */
	uint64_t bytes;
	uint64_t ns;
	uint32_t qpn, key;
	uint32_t dropped; /* pages */
	int32_t error;
	bool write, send;
	char reason[14]; /* of an invalidation */
	uint32_t symbol; /* index of who caused it; 0: not told */
};

struct area_line {
	uint32_t pid;
	uint64_t first, last;
	char *name;
	size_t line; /* of those of the file */
};

struct process_line {
	uint32_t pid;
	char comm[16];
};

struct recording {
	struct event *event;
	size_t events;
	struct area_line *area; /* by process and first address */
	size_t areas;
	struct process_line *process; /* in the order of the file */
	size_t processes;
	char **symbol; /* [0] is "" */
	size_t symbols;
	size_t traced; /* the event whose stack comes next; none, if there is no such event */
	uint64_t lost; /* by the kernel */
	uint64_t left_out; /* beyond RECORDING_EVENTS */
};

/* 0; 1: it is no recording; -ENOMEM. Then or not, for recording_free(). */
int recording_read(struct recording *recording, FILE *file);
void recording_free(struct recording *recording);

/* The file that was mapped there last, "" for other memory, NULL: nothing is known of it. */
const char *recording_area(const struct recording *recording, uint32_t pid, uint64_t va);

/* The name that a process had first, or NULL. */
const char *recording_process(const struct recording *recording, uint32_t pid);

#endif
