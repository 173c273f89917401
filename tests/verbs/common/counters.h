/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Numbers: the device's counters, the kernel's memory, random ones. */
#ifndef VT_COUNTERS_H
#define VT_COUNTERS_H

#include "device.h"

/* Waits until every leaf that the device made is freed again; fails after --wait-ms. */
void vt_expect_no_leaves(const struct vt_device *dev);
/* A device counter of port 1 (hw_counters) as it is now, or -1 if the device has none of that name. Takes 25 ms. */
int64_t vt_counter(const struct vt_device *dev, const char *name);
/* n of them, of one moment. */
void vt_counters(const struct vt_device *dev, const char *const *names, size_t n, int64_t *values);
/* What the kernel itself occupies, KiB: slab, stacks, page tables, vmalloc, per-CPU. */
uint64_t vt_kernel_kib(void);
/* What programs could still have, KiB (MemAvailable). */
long vt_available_kib(void);
/* The next number of a sequence, the same for the same first state everywhere. */
uint64_t vt_random(uint64_t *state);

#endif
