/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* A file on a file system on the lab's scratch disk. Needs root. */
#ifndef VT_DISK_H
#define VT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a file of len bytes, whole MiB, on a file system of its own, mounted until the end. Skips without a disk. */
void vt_disk_make(size_t len);
/* Maps it for reading, none of it in memory; ends with munmap(). */
uint8_t *vt_disk_map(size_t len);
/* The disk, as cgroups name it: "MAJOR:MINOR". */
const char *vt_disk_number(void);
/* Opens it for writing. */
int vt_disk_open(void);
/* Freezes the file system, or thaws it: whoever writes meanwhile waits, and cannot be killed. */
void vt_disk_freeze(bool on);
/* Unmounts it. */
void vt_disk_end(void);

#endif
