// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The layout of shared memory, see layout.h. */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include "monitor/layout.h"
#include "uapi/odp_monitor.h"

/* What begins in the shared memory begins on a cache line. */
#define LAYOUT_LINE 64

static u64 layout_place(struct monitor_layout *layout, u64 bytes)
{
	const u64 at = layout->bytes;

	layout->bytes = ALIGN(at + bytes, LAYOUT_LINE);
	return at;
}

int monitor_layout_make(struct monitor_layout *layout, u32 ranges, u32 entries)
{
	BUILD_BUG_ON(sizeof(struct odp_monitor_header) % LAYOUT_LINE);
	BUILD_BUG_ON(sizeof(struct odp_monitor_slot) != LAYOUT_LINE);
	BUILD_BUG_ON(sizeof(struct odp_monitor_entry) != LAYOUT_LINE);
	if (!ranges || (entries & (entries - 1)))
		return -EINVAL;
	if (ranges > MONITOR_RANGES_MAX || entries > MONITOR_ENTRIES_MAX)
		return -ENOSPC;
	*layout = (struct monitor_layout){ .ranges = ranges, .entries = entries };
	layout_place(layout, sizeof(struct odp_monitor_header));
	layout->slots = layout_place(layout, (u64)ranges * sizeof(struct odp_monitor_slot));
	layout->dirty = layout_place(layout, DIV_ROUND_UP(ranges, 32) * sizeof(u32));
	layout->ring = layout_place(layout, (u64)entries * sizeof(struct odp_monitor_entry));
	layout->bytes = PAGE_ALIGN(layout->bytes);
	return 0;
}
