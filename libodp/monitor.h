/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * monitor: whether the pages at an address are still those that were there, from /dev/odp-monitor
 * (uapi/odp_monitor.h): a word in shared memory, which the kernel changes before it changes a page
 * table. It takes no privilege, and a look at it is no system call.
 */
#ifndef ODP_LIB_MONITOR_H
#define ODP_LIB_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct odp_monitor {
	int fd; /* or negative: there is none */
	void *shared; /* mapped; a child of fork() does not have it */
	size_t bytes;
	uint64_t slots; /* offset in it */
};

/* One of this process's memory. -ENOENT: no such device. -ENOSPC: its limits. And what it answers. */
int odp_monitor_open(struct odp_monitor *monitor);
/* home: this is the process that opened it, not a child. Also of one that is not open. */
void odp_monitor_close(struct odp_monitor *monitor, bool home);

/* Watches [first, last], in force when it returns. -ENOSPC: no slot is free. */
int odp_monitor_watch(const struct odp_monitor *monitor, uint64_t first, uint64_t last,
		      uint32_t *slot);
void odp_monitor_unwatch(const struct odp_monitor *monitor, uint32_t slot);

/*
 * The slot's word. Where it is even, and later is the same, no page of the range was lost between
 * the two looks.
 */
uint64_t odp_monitor_proof(const struct odp_monitor *monitor, uint32_t slot);

/* An even one, if there is one within a moment. */
uint64_t odp_monitor_quiet_proof(const struct odp_monitor *monitor, uint32_t slot);

static inline bool odp_monitor_proves(uint64_t before, uint64_t now)
{
	return !(before & 1) && before == now;
}

#endif
