// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What odpctl metrics writes of a host that does not exist: two devices, one of which tells
 * nothing of paging, names that need quoting, regions of all kinds.
 */
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static const struct odp_counter rodp_counters[] = {
	{ .name = "odp_faults", .value = 12 },
	{ .name = "odp_faults_hung", .value = 1 },
	{ .name = "odp_leaves", .value = 3 },
	{ .name = "odp_pages_resident", .value = UINT64_MAX },
	{ .name = "rcvd_pkts", .value = 99 },
};

static const struct odp_counter other_counters[] = {
	{ .name = "rx_\"odd\"", .value = 7 },
};

static struct odp_mr_info region(const char *device, uint32_t mrn, uint32_t pid, uint32_t level,
				 uint64_t length)
{
	struct odp_mr_info mr = { .mrn = mrn, .pid = pid, .length = length, .level = level };

	strcpy(mr.device, device);
	if (!pid)
		strcpy(mr.owner, "a \"kernel\\user\"\n");
	mr.has_stats = level != 0;
	mr.stats = (struct odp_mr_stats){ .page_faults = 10 * mrn, .page_invalidations = mrn };
	return mr;
}

int main(int argc, char **argv)
{
	struct metrics_device device[] = {
		{
			.name = "rodp0",
			.caps = { .explicit_odp = 1, .implicit_odp = 1 },
			.counter = rodp_counters,
			.counters = 5,
			.has_latency = true,
			.latency = { .sum_ns = 1500000000,
				     .bucket = { [3] = 2, [20] = 5, [39] = 1 } },
		},
		{ .name = "mlx5\\_0", .counter = other_counters, .counters = 1 },
	};
	struct odp_mr_info mr[] = {
		region("rodp0", 1, 4000000000, ODP_EXPLICIT, 4096),
		region("rodp0", 2, 4000000000, ODP_EXPLICIT, 8192),
		region("rodp0", 3, 4000000000, 0, 1 << 20),
		region("rodp0", 4, 0, 0, 100),
		region("mlx5\\_0", 1, 4000000000, ODP_IMPLICIT, UINT64_MAX),
	};
	const struct metrics metrics = {
		.device = device,
		.devices = 2,
		.mr = mr,
		.mrs = 5,
		.regions = argc > 1,
	};

	(void)argv;
	metrics_write(stdout, &metrics);
	return 0;
}
