// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A client of rodp's private ioctl, see observe.h. */
#include <sys/ioctl.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "observe.h"

#define MAX_ATTRS 8

int vt_ioctl(struct ibv_context *ctx, uint16_t object, uint16_t method, const struct vt_attr *attr,
	     unsigned int attrs)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[MAX_ATTRS];
	} call = {};
	unsigned int i;

	vt_check(attrs <= MAX_ATTRS);
	call.hdr.length = sizeof(call.hdr) + attrs * sizeof(call.attr[0]);
	call.hdr.object_id = object;
	call.hdr.method_id = method;
	call.hdr.num_attrs = attrs;
	call.hdr.driver_id = RODP_DRIVER_ID;
	for (i = 0; i < attrs; i++) {
		call.attr[i].attr_id = attr[i].id;
		call.attr[i].len = attr[i].len;
		call.attr[i].flags = UVERBS_ATTR_F_MANDATORY;
		call.attr[i].data = attr[i].data;
	}
	return ioctl(ctx->cmd_fd, RDMA_VERBS_IOCTL, &call) ? -errno : 0;
}

static uint64_t pointer(const void *at)
{
	return (uintptr_t)at;
}

int vt_residency(struct ibv_context *ctx, const struct ibv_mr *mr, uint64_t va, uint64_t len,
		 uint8_t *page, size_t room, uint64_t *next)
{
	const struct vt_attr attr[] = {
		{ RODP_ATTR_RESIDENCY_VA, sizeof(va), va },
		{ RODP_ATTR_RESIDENCY_LENGTH, sizeof(len), len },
		{ RODP_ATTR_RESIDENCY_PAGES, room, pointer(page) },
		{ RODP_ATTR_RESIDENCY_NEXT, sizeof(*next), pointer(next) },
		{ RODP_ATTR_RESIDENCY_MR, 0, mr ? mr->handle : 0 },
	};

	return vt_ioctl(ctx, RODP_OBJECT_ODP, RODP_METHOD_RESIDENCY, attr, mr ? 5 : 4);
}

int vt_mr_stats(const struct ibv_mr *mr, struct rodp_mr_stats *stats)
{
	const struct vt_attr attr[] = {
		{ RODP_ATTR_MR_STATS_MR, 0, mr->handle },
		{ RODP_ATTR_MR_STATS_STATS, sizeof(*stats), pointer(stats) },
	};

	return vt_ioctl(mr->context, RODP_OBJECT_ODP, RODP_METHOD_MR_STATS, attr, 2);
}

int vt_latency(struct ibv_context *ctx, enum rodp_latency_scope scope, struct rodp_latency *latency)
{
	const struct vt_attr attr[] = {
		{ RODP_ATTR_LATENCY_SCOPE, sizeof(uint64_t), scope },
		{ RODP_ATTR_LATENCY_LATENCY, sizeof(*latency), pointer(latency) },
	};

	return vt_ioctl(ctx, RODP_OBJECT_ODP, RODP_METHOD_LATENCY, attr, 2);
}

int vt_export_dm(const struct ibv_dm *dm)
{
	uint32_t fd = 0;
	const struct vt_attr attr[] = {
		{ RODP_ATTR_EXPORT_DM_HANDLE, 0, dm->handle },
		{ RODP_ATTR_EXPORT_DM_FD, sizeof(fd), pointer(&fd) },
	};
	int err = vt_ioctl(dm->context, RODP_OBJECT_EXPORT, RODP_METHOD_EXPORT_DM, attr, 2);

	return err ? err : (int)fd;
}

uint64_t vt_latency_count(const struct rodp_latency *latency)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < RODP_LATENCY_BUCKETS; i++)
		sum += latency->bucket[i];
	return sum;
}

struct rodp_mr_stats vt_stats(const struct ibv_mr *mr)
{
	struct rodp_mr_stats stats;
	int err = vt_mr_stats(mr, &stats);

	if (err)
		vt_fail("statistics of a region: %s", strerror(-err));
	return stats;
}
