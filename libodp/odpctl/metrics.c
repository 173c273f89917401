// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl metrics: all devices and regions, for monitoring systems. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "rows.h"

#define MAX_COUNTERS 256 /* of a device */

static void look_device(struct metrics_device *device, struct ibv_context *ctx)
{
	struct odp_counter *counter = calloc(MAX_COUNTERS, sizeof(*counter));
	ssize_t n = counter ? odp_device_counters(ctx, 1, counter, MAX_COUNTERS) : 0;

	snprintf(device->name, sizeof(device->name), "%s", ibv_get_device_name(ctx->device));
	device->counter = counter;
	device->counters = n < 0 ? 0 : n < MAX_COUNTERS ? n : MAX_COUNTERS;
	odp_query_caps(ctx, &device->caps);
	device->has_latency = !odp_latency(ctx, ODP_LATENCY_DEVICE, &device->latency);
}

/* Those that can be opened. */
static void look_devices(struct metrics *metrics, struct ibv_device **list, int n, const char *name)
{
	struct ibv_context *ctx;
	int i;

	for (i = 0; i < n; i++) {
		if (name && strcmp(name, ibv_get_device_name(list[i])))
			continue;
		ctx = ibv_open_device(list[i]);
		if (!ctx)
			continue;
		look_device(&metrics->device[metrics->devices++], ctx);
		ibv_close_device(ctx);
	}
}

static int look(struct metrics *metrics, const char *name)
{
	struct ibv_device **list;
	int n = 0;

	list = ibv_get_device_list(&n);
	metrics->device = calloc(n + 1, sizeof(*metrics->device));
	if (list && metrics->device)
		look_devices(metrics, list, n, name);
	if (list)
		ibv_free_device_list(list);
	if (name && !metrics->devices)
		return say_error("device %s cannot be opened; odpctl doctor says what is missing",
				 name);
	return 0;
}

static void give_up(struct metrics *metrics)
{
	size_t i;

	for (i = 0; i < metrics->devices; i++)
		free((void *)metrics->device[i].counter);
	free(metrics->device);
}

static int run(const struct args *args)
{
	struct metrics metrics = { .regions = args->regions };
	const struct rows then = {};
	struct rows rows = {};
	int status = look(&metrics, args->what);

	if (!status)
		status = rows_look(&rows, &then, args);
	metrics.mr = rows.mr;
	metrics.mrs = rows.mrs;
	if (!status)
		metrics_write(stdout, &metrics);
	rows_free(&rows);
	give_up(&metrics);
	return status;
}

static const struct argp_option options[] = { OPTION_REGIONS, {} };

const struct command command_metrics = {
	"metrics", "[DEV]", "everything, in OpenMetrics' text format", options, run,
};
