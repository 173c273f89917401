// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Descriptors of RDMA counters, struct rdma_stat_desc (usually since Linux 5.16). */
#include <rdma/ib_verbs.h>

struct rdma_hw_stats *probe(const struct rdma_stat_desc *descs);
struct rdma_hw_stats *probe(const struct rdma_stat_desc *descs)
{
	return rdma_alloc_hw_stats_struct(descs, 1, 0);
}
