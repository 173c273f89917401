// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device counters as hw_counters of the port: rdma statistic show link, sysfs. */
#include "verbs/verbs.h"

/* Behind the counters: what is the difference of two of them. X(name, more, less). */
#define GAUGES(X)                                                        \
	X("odp_pages_resident", ODP_PAGES_MAPPED, ODP_PAGES_INVALIDATED) \
	X("odp_leaves", ODP_LEAVES_MADE, ODP_LEAVES_FREED)               \
	X("odp_faults_hung", ODP_FAULTS_LATE, ODP_LATE_OVER)

static const struct rdma_stat_desc counter_descs[] = {
#define RODP_STAT_DESC(sym, text) { .name = text },
	RODP_STATS(RODP_STAT_DESC)
#undef RODP_STAT_DESC
#define GAUGE_DESC(text, more, less) { .name = text },
		GAUGES(GAUGE_DESC)
#undef GAUGE_DESC
};

static const struct gauge {
	enum rodp_stat more, less;
} gauges[] = {
#define GAUGE_PARTS(text, more, less) { RODP_STAT_##more, RODP_STAT_##less },
	GAUGES(GAUGE_PARTS)
#undef GAUGE_PARTS
};

struct rdma_hw_stats *rodp_alloc_hw_port_stats(struct ib_device *ib, u32 port)
{
	BUILD_BUG_ON(ARRAY_SIZE(counter_descs) != RODP_STAT_COUNT + ARRAY_SIZE(gauges));
	return rdma_alloc_hw_stats_struct(counter_descs, ARRAY_SIZE(counter_descs),
					  RDMA_HW_STATS_DEFAULT_LIFESPAN);
}

/* What is read first is what takes away: the difference is never less than it was. */
static u64 counters_read_gauge(const struct rodp_stats *stats, const struct gauge *gauge)
{
	const u64 less = rodp_stats_read(stats, gauge->less);

	return rodp_stats_read(stats, gauge->more) - less;
}

int rodp_get_hw_stats(struct ib_device *ib, struct rdma_hw_stats *stats, u32 port, int index)
{
	struct rodp_dev *dev = to_rodp_dev(ib);
	int i;

	if (!port || !stats)
		return -EINVAL;
	for (i = 0; i < RODP_STAT_COUNT; i++)
		stats->value[i] = rodp_stats_read(dev->stats, i);
	for (i = 0; i < ARRAY_SIZE(gauges); i++)
		stats->value[RODP_STAT_COUNT + i] = counters_read_gauge(dev->stats, &gauges[i]);
	return ARRAY_SIZE(counter_descs);
}
