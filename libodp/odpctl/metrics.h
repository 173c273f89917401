/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * metrics: what monitoring systems collect, in the text format of OpenMetrics 1.0.
 */
#ifndef ODPCTL_METRICS_H
#define ODPCTL_METRICS_H

#include "odpctl.h"

/* A device, and what it tells. */
struct metrics_device {
	char name[IBV_SYSFS_NAME_MAX];
	struct odp_caps caps;
	const struct odp_counter *counter; /* of port 1 */
	size_t counters;
	bool has_latency;
	struct odp_latency latency;
};

struct metrics {
	struct metrics_device *device;
	size_t devices;
	struct odp_mr_info *mr;
	size_t mrs;
	bool regions; /* each region by itself, too */
};

/* The text, to its end mark. */
void metrics_write(FILE *out, const struct metrics *metrics);

#endif
