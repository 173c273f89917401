// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Metrics come family by family, as the format wants it: all samples of one name, of all devices,
 * behind its TYPE and HELP.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "rows.h"

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/* Names of devices and programs are others' words. */
static void label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

/* ---- Counters of devices ---- */

static const struct {
	const char *name;
	const char *help;
} gauges[] = {
	{ "odp_pages_resident", "Pages that the device reaches without a fault" },
	{ "odp_leaves", "Leaves, each the tracking memory of 2 MiB of addresses" },
	{ "odp_faults_hung", "Faults that came no further for a second or more" },
};

#define GAUGES (sizeof(gauges) / sizeof(gauges[0]))

static bool is_gauge(const char *name)
{
	size_t i;

	for (i = 0; i < GAUGES && strcmp(gauges[i].name, name); i++)
		;
	return i < GAUGES;
}

static const struct odp_counter *counter_of(const struct metrics_device *device, const char *name)
{
	size_t i;

	for (i = 0; i < device->counters; i++)
		if (!strcmp(device->counter[i].name, name))
			return &device->counter[i];
	return NULL;
}

static void write_gauges(FILE *out, const struct metrics *metrics)
{
	const struct odp_counter *counter;
	size_t i, device;

	for (i = 0; i < GAUGES; i++) {
		begin(out, gauges[i].name, "gauge", gauges[i].help);
		for (device = 0; device < metrics->devices; device++) {
			counter = counter_of(&metrics->device[device], gauges[i].name);
			if (!counter)
				continue;
			fprintf(out, "%s{", gauges[i].name);
			label(out, "device", metrics->device[device].name);
			fprintf(out, "} %" PRIu64 "\n", counter->value);
		}
	}
}

/* One family for all: which counters there are is the driver's business. */
static void write_counters(FILE *out, const struct metrics *metrics)
{
	size_t i, n;

	begin(out, "rdma_port_counter", "counter",
	      "Counters of the device, by name; those of on-demand paging begin with odp_");
	for (i = 0; i < metrics->devices; i++) {
		const struct metrics_device *device = &metrics->device[i];

		for (n = 0; n < device->counters; n++) {
			if (is_gauge(device->counter[n].name))
				continue;
			fputs("rdma_port_counter_total{", out);
			label(out, "device", device->name);
			fputs(",port=\"1\",", out);
			label(out, "counter", device->counter[n].name);
			fprintf(out, "} %" PRIu64 "\n", device->counter[n].value);
		}
	}
}

static void write_caps(FILE *out, const struct metrics *metrics)
{
	size_t i;

	begin(out, "odp_device", "info", "What the device has of on-demand paging");
	for (i = 0; i < metrics->devices; i++) {
		const struct odp_caps *caps = &metrics->device[i].caps;

		fputs("odp_device_info{", out);
		label(out, "device", metrics->device[i].name);
		fprintf(out,
			",explicit=\"%d\",implicit=\"%d\",prefetch=\"%d\",observes=\"%d\"} 1\n",
			!!caps->explicit_odp, !!caps->implicit_odp, !!caps->prefetch,
			!!caps->observes);
	}
}

/* ---- Waits ---- */

/* le: "+Inf", or the bound in seconds below which the bucket's waits are. */
static void write_bucket(FILE *out, const char *device, size_t bucket, uint64_t sum)
{
	fputs("odp_wait_seconds_bucket{", out);
	label(out, "device", device);
	if (bucket + 1 == ODP_LATENCY_BUCKETS)
		fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
	else
		fprintf(out, ",le=\"%.9g\"} %" PRIu64 "\n", (double)(2ull << bucket) / 1e9, sum);
}

static void write_waits(FILE *out, const struct metrics *metrics)
{
	size_t i, bucket;
	uint64_t sum;

	begin(out, "odp_wait_seconds", "histogram", "How long messages waited for pages");
	for (i = 0; i < metrics->devices; i++) {
		const struct metrics_device *device = &metrics->device[i];

		if (!device->has_latency)
			continue;
		for (sum = bucket = 0; bucket < ODP_LATENCY_BUCKETS; bucket++) {
			sum += device->latency.bucket[bucket];
			write_bucket(out, device->name, bucket, sum);
		}
		fputs("odp_wait_seconds_count{", out);
		label(out, "device", device->name);
		fprintf(out, "} %" PRIu64 "\nodp_wait_seconds_sum{", sum);
		label(out, "device", device->name);
		fprintf(out, "} %.9f\n", device->latency.sum_ns / 1e9);
	}
}

/* ---- Regions: what each process has, by kind ---- */

struct share {
	const struct odp_mr_info *first; /* of them */
	uint64_t regions, bytes, resident;
};

static bool is_same(const struct odp_mr_info *a, const struct odp_mr_info *b)
{
	return a->pid == b->pid && !strcmp(a->device, b->device) && row_kind(a) == row_kind(b) &&
	       !strcmp(a->owner, b->owner);
}

/* The whole address space is nobody's bytes. */
static uint64_t bytes_of(const struct odp_mr_info *mr)
{
	return mr->level == ODP_IMPLICIT || mr->length >= UINT64_MAX / 2 ? 0 : mr->length;
}

static size_t add_up(const struct metrics *metrics, struct share *share)
{
	size_t i, at, n = 0;

	for (i = 0; i < metrics->mrs; i++) {
		for (at = 0; at < n && !is_same(share[at].first, &metrics->mr[i]); at++)
			;
		if (at == n)
			share[n++] = (struct share){ .first = &metrics->mr[i] };
		share[at].regions++;
		share[at].bytes += bytes_of(&metrics->mr[i]);
		share[at].resident += row_resident(&metrics->mr[i]);
	}
	return n;
}

static void region_labels(FILE *out, const struct odp_mr_info *mr)
{
	char owner[32];

	row_owner(mr, owner, sizeof(owner));
	label(out, "device", mr->device);
	fprintf(out, ",pid=\"%u\",", mr->pid);
	label(out, "program", owner);
	fputc(',', out);
	label(out, "kind", row_kind(mr));
}

static void write_share(FILE *out, const char *name, const struct share *share, uint64_t value)
{
	fprintf(out, "%s{", name);
	region_labels(out, share->first);
	fprintf(out, "} %" PRIu64 "\n", value);
}

static void write_shares(FILE *out, const struct metrics *metrics)
{
	struct share *share = calloc(metrics->mrs + 1, sizeof(*share));
	size_t n = share ? add_up(metrics, share) : 0, i;

	begin(out, "odp_regions", "gauge", "Memory regions, by process and kind");
	for (i = 0; i < n; i++)
		write_share(out, "odp_regions", &share[i], share[i].regions);
	begin(out, "odp_region_bytes", "gauge",
	      "Their lengths; of kind pinned: what is kept from moving");
	for (i = 0; i < n; i++)
		write_share(out, "odp_region_bytes", &share[i], share[i].bytes);
	begin(out, "odp_region_resident_bytes", "gauge",
	      "What was paged in since they were made, and stayed");
	for (i = 0; i < n; i++)
		write_share(out, "odp_region_resident_bytes", &share[i], share[i].resident);
	free(share);
}

static void write_regions(FILE *out, const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} counts[] = {
		{ "odp_region_faults", "Pages that faults made present",
		  offsetof(struct odp_mr_stats, page_faults) },
		{ "odp_region_prefetched", "Pages that prefetches made present",
		  offsetof(struct odp_mr_stats, page_prefetch) },
		{ "odp_region_invalidations", "Pages that are present no more",
		  offsetof(struct odp_mr_stats, page_invalidations) },
	};
	size_t i, n;

	for (i = 0; i < 3; i++) {
		begin(out, counts[i].name, "counter", counts[i].help);
		for (n = 0; n < metrics->mrs; n++) {
			if (!metrics->mr[n].has_stats)
				continue;
			fprintf(out, "%s_total{", counts[i].name);
			region_labels(out, &metrics->mr[n]);
			fprintf(out, ",mrn=\"%u\"} %" PRIu64 "\n", metrics->mr[n].mrn,
				*(const uint64_t *)((const char *)&metrics->mr[n].stats +
						    counts[i].offset));
		}
	}
}

void metrics_write(FILE *out, const struct metrics *metrics)
{
	write_caps(out, metrics);
	write_gauges(out, metrics);
	write_counters(out, metrics);
	write_waits(out, metrics);
	write_shares(out, metrics);
	if (metrics->regions)
		write_regions(out, metrics);
	fputs("# EOF\n", out);
}
