/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * home: is this still the process that made the object, or a child that fork() made? RDMA objects
 * belong to an address space; a child has their memory, but not them.
 *
 * A page that fork() wipes in the child (MADV_WIPEONFORK) tells, without a system call, also in a
 * child of a thread that held locks.
 */
#ifndef ODP_HOME_H
#define ODP_HOME_H

#include <stdbool.h>

struct odp_home {
	volatile const unsigned char *mark;
};

/* -ENOMEM; -EINVAL: a kernel before 4.14. */
int odp_home_init(struct odp_home *home);
void odp_home_exit(struct odp_home *home);

static inline bool odp_home_is(const struct odp_home *home)
{
	return *home->mark;
}

#endif
