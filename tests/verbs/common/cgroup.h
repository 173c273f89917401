/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Control groups (version 2). Need root. */
#ifndef VT_CGROUP_H
#define VT_CGROUP_H

#include <stdint.h>

/* A cgroup of its own below the root, with the memory controller. Skips where there is none. */
void vt_cgroup_make(const char *name);
/* Gives it another controller ("hugetlb", "cpuset"). Skips where there is none. */
void vt_cgroup_control(const char *controller);
/* Moves this process into it. */
void vt_cgroup_enter(const char *name);
/* Writes a value to one of its files. */
void vt_cgroup_set(const char *name, const char *file, const char *value);
/* A number in a file like memory.events: "KEY NUMBER"; key NULL: the file is one number. */
int64_t vt_cgroup_get(const char *name, const char *file, const char *key);
/* Removes it, once the last process has left it. */
void vt_cgroup_end(const char *name);

#endif
