// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device counters, see stats.h. */
#include <linux/slab.h>

#include "base/stats.h"

static const char *const stats_names[RODP_STAT_COUNT] = {
#define RODP_STAT_NAME(sym, name) [RODP_STAT_##sym] = name,
	RODP_STATS(RODP_STAT_NAME)
#undef RODP_STAT_NAME
};

struct rodp_stats *rodp_stats_create(void)
{
	struct rodp_stats *stats = kzalloc(sizeof(*stats), GFP_KERNEL);

	if (!stats)
		return NULL;
	stats->value = __alloc_percpu(RODP_STAT_COUNT * sizeof(u64), sizeof(u64));
	stats->latency = alloc_percpu(struct rodp_latency);
	kref_init(&stats->ref);
	if (stats->value && stats->latency)
		return stats;
	rodp_stats_put(stats);
	return NULL;
}

static void stats_free(struct kref *ref)
{
	struct rodp_stats *stats = container_of(ref, struct rodp_stats, ref);

	free_percpu(stats->latency);
	free_percpu(stats->value);
	kfree(stats);
}

void rodp_stats_put(struct rodp_stats *stats)
{
	kref_put(&stats->ref, stats_free);
}

u64 rodp_stats_read(const struct rodp_stats *stats, enum rodp_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(stats->value, cpu)[stat];
	return sum;
}

void rodp_stats_read_latency(const struct rodp_stats *stats, struct rodp_latency *latency)
{
	unsigned int i;
	int cpu;

	*latency = (struct rodp_latency){};
	for_each_possible_cpu(cpu) {
		const struct rodp_latency *part = per_cpu_ptr(stats->latency, cpu);

		latency->sum_ns += part->sum_ns;
		for (i = 0; i < RODP_LATENCY_BUCKETS; i++)
			latency->bucket[i] += part->bucket[i];
	}
}

const char *rodp_stats_name(enum rodp_stat stat)
{
	return stats_names[stat];
}
