// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdlib.h>

#include "region.h"
#include "retry.h"

struct odp_region *odp_region_make(enum odp_level level, uint64_t first, uint64_t last, int access)
{
	struct odp_region *region = calloc(1, sizeof(*region));

	if (!region)
		return NULL;
	region->span.first = first;
	region->span.last = last;
	region->level = level;
	region->access = access;
	region->holds = 1;
	return region;
}

static struct ibv_mr *try_register(const struct odp_region *region, struct ibv_pd *pd)
{
	void *const addr = (void *)(uintptr_t)region->span.first;

	errno = ENOMEM;
	switch (region->level) {
	case ODP_IMPLICIT:
		return ibv_reg_mr(pd, NULL, SIZE_MAX, region->access | IBV_ACCESS_ON_DEMAND);
	case ODP_DMABUF:
		return ibv_reg_dmabuf_mr(pd, region->part.offset, region->part.len,
					 region->part.iova, region->part.fd, region->access);
	case ODP_EXPLICIT:
		return ibv_reg_mr(pd, addr, odp_region_bytes(region),
				  region->access | IBV_ACCESS_ON_DEMAND);
	default:
		return ibv_reg_mr(pd, addr, odp_region_bytes(region), region->access);
	}
}

int odp_region_register(struct odp_region *region, struct ibv_pd *pd, uint64_t *retries)
{
	struct odp_retry retry = {};
	int err;

	do {
		region->mr = try_register(region, pd);
		err = region->mr ? 0 : -errno;
	} while (odp_retry(&retry, err));
	*retries += retry.count;
	return err;
}

int odp_region_free(struct odp_region *region)
{
	struct odp_retry retry = {};
	int err = 0;

	if (region->mr) {
		do {
			err = -ibv_dereg_mr(region->mr);
		} while (odp_retry(&retry, err));
	}
	if (err)
		return err;
	if (region->monitor)
		odp_monitor_unwatch(region->monitor, region->slot);
	free(region->frame);
	free(region);
	return 0;
}
