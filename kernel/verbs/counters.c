// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Device counters as hw_counters of the port: rdma statistic show link, sysfs. */
#include "verbs.h"

static const struct rdma_stat_desc counter_descs[] = {
#define RODP_STAT_DESC(sym, text) { .name = text },
	RODP_STATS(RODP_STAT_DESC)
#undef RODP_STAT_DESC
};

struct rdma_hw_stats *rodp_alloc_hw_port_stats(struct ib_device *ib, u32 port)
{
	BUILD_BUG_ON(ARRAY_SIZE(counter_descs) != RODP_STAT_COUNT);
	return rdma_alloc_hw_stats_struct(counter_descs, RODP_STAT_COUNT,
					  RDMA_HW_STATS_DEFAULT_LIFESPAN);
}

int rodp_get_hw_stats(struct ib_device *ib, struct rdma_hw_stats *stats, u32 port, int index)
{
	struct rodp_dev *dev = to_rodp_dev(ib);
	int i;

	if (!port || !stats)
		return -EINVAL;
	for (i = 0; i < RODP_STAT_COUNT; i++)
		stats->value[i] = rodp_stats_read(dev->stats, i);
	return RODP_STAT_COUNT;
}
