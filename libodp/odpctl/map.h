/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * map: the pages of another process as its RDMA devices see them. target.c finds them, with
 * maps.c, picture.c paints them, map.c is the command.
 */
#ifndef ODPCTL_MAP_H
#define ODPCTL_MAP_H

#include "odpctl.h"

#define MAX_FDS 16

/* A process, and copies of its descriptors of RDMA devices. */
struct target {
	uint32_t pid;
	int fd[MAX_FDS];
	unsigned int fds;
	uint64_t first, last; /* what of its addresses is asked for */
};

/*
 * what: a PID, or DEV/MRN as `odpctl mr` shows them: then the addresses are that region's. Needs
 * CAP_SYS_PTRACE over the process. Returns 0, or 1 after saying why not.
 */
int target_open(struct target *target, const char *what);
void target_close(struct target *target);

/* A part of its memory, with a byte (enum odp_page) a page. */
struct area {
	uint64_t first, last; /* whole pages */
	char name[64];
	uint8_t *page;
	size_t pages;
};

struct areas {
	struct area *area;
	size_t n;
};

/*
 * A line of /proc/PID/maps, cut to [first, last]; false: nothing is left of it, or it is no such
 * line. Fills in all but the pages.
 */
bool maps_read_line(const char *line, uint64_t first, uint64_t last, struct area *area);

/* The mapped parts of which a device has pages. Returns 0, or 1 after saying why not. */
int target_look(const struct target *target, struct areas *areas);
void areas_free(struct areas *areas);

void picture_text(const struct areas *areas);
/* Through gnuplot. Returns 0, or 1 after saying why not. */
int picture_png(const struct areas *areas, const char *title, const char *path);

#endif
