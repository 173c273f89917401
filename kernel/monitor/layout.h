/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * layout: where in the shared memory of a monitor what is: header, slots, dirty bits, ring.
 */
#ifndef RODP_MONITOR_LAYOUT_H
#define RODP_MONITOR_LAYOUT_H

#include <linux/types.h>

/* More would be of no use: a ring has room for two entries a range. */
#define MONITOR_ENTRIES_MAX (1u << 20)
#define MONITOR_RANGES_MAX  (1u << 19)

/**
 * struct monitor_layout - sizes, as the process asked for, and offsets in bytes
 * @ranges: slots, 1 to MONITOR_RANGES_MAX.
 * @entries: of the ring: a power of two up to MONITOR_ENTRIES_MAX, or 0.
 * @slots: offset of them.
 * @dirty: offset of the dirty bits.
 * @ring: offset of it.
 * @bytes: of everything, whole pages.
 */
struct monitor_layout {
	u32 ranges, entries;
	u64 slots, dirty, ring, bytes;
};

/**
 * monitor_layout_make() - lay it out
 * @layout: is filled in
 * @ranges: any number
 * @entries: any number
 *
 * Return: 0; -EINVAL: no ranges, or no power of two; -ENOSPC: too many.
 */
int monitor_layout_make(struct monitor_layout *layout, u32 ranges, u32 entries);

#endif
