/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * on_demand: registrations of programs that know nothing of on-demand paging become on-demand ones,
 * if RODP_ON_DEMAND or the configuration says so: man rodp, "SWITCHING IT ON".
 */
#ifndef RODP_ON_DEMAND_H
#define RODP_ON_DEMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <infiniband/driver.h> /* before verbs.h: of a library of another release it says more */

bool rodp_on_demand_is_on(void);

/*
 * The rights with which [addr, addr + length) is to be registered for a program that asked for
 * access: the same, or with ON_DEMAND.
 */
int rodp_on_demand_access(struct ibv_context *context, const void *addr, size_t length, int access);

/*
 * What became of it: registered with given, errno err (0: done), for a program that asked for
 * access. True: it is to be tried again, with what the program asked for.
 */
bool rodp_on_demand_again(size_t length, int access, int given, int err);

#endif
