/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What commands print, and rdma(8)'s JSON in it. */
#ifndef VT_SHOW_H
#define VT_SHOW_H

#include <stdint.h>

#include "say.h"

/* What a command prints; fails if it does. The next call overwrites it. */
const char *vt_run(const char *format, ...) VT_PRINTF(1, 2);
/* rdma(8) prints a list of flat objects: the one that has this member, cut off behind it; or fails. */
char *vt_object_with(const char *list, const char *member);
/* A number of the object, which must have it. */
uint64_t vt_number_of(const char *object, const char *name);

/* How many objects of each kind there are, of all processes: a text, for free(). */
char *vt_objects(void);
/* Waits until there are as many as there were; fails after --wait-ms, and says what was done. */
void vt_expect_objects(const char *before, const char *what);

#endif
