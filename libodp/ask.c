// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <sys/ioctl.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "ask.h"

#define MAX_ATTRS 4

static struct ib_uverbs_attr attr_of(uint16_t id, uint16_t len, uint64_t data)
{
	return (struct ib_uverbs_attr){
		.attr_id = id,
		.len = len,
		.flags = UVERBS_ATTR_F_MANDATORY,
		.data = data,
	};
}

static int call(struct ibv_context *ctx, uint16_t method, const struct ib_uverbs_attr *attr,
		unsigned int attrs)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[MAX_ATTRS];
	} message = {
		.hdr = {
			.length = sizeof(message.hdr) + attrs * sizeof(message.attr[0]),
			.object_id = RODP_OBJECT_ODP,
			.method_id = method,
			.num_attrs = attrs,
			.driver_id = RODP_DRIVER_ID,
		},
	};
	unsigned int i;

	for (i = 0; i < attrs; i++)
		message.attr[i] = attr[i];
	return ioctl(ctx->cmd_fd, RDMA_VERBS_IOCTL, &message) ? -errno : 0;
}

int odp_ask_latency(struct ibv_context *ctx, enum rodp_latency_scope scope,
		    struct rodp_latency *latency)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_LATENCY_SCOPE, sizeof(uint64_t), scope),
		attr_of(RODP_ATTR_LATENCY_LATENCY, sizeof(*latency), (uintptr_t)latency),
	};

	return call(ctx, RODP_METHOD_LATENCY, attr, 2);
}

/* A question that rodp never refuses. */
bool odp_ask_answers(struct ibv_context *ctx)
{
	struct rodp_latency latency;

	return !odp_ask_latency(ctx, RODP_LATENCY_OWN, &latency);
}

int odp_ask_stats(struct ibv_mr *mr, struct rodp_mr_stats *stats)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_MR_STATS_MR, 0, mr->handle),
		attr_of(RODP_ATTR_MR_STATS_STATS, sizeof(*stats), (uintptr_t)stats),
	};

	return call(mr->context, RODP_METHOD_MR_STATS, attr, 2);
}

int odp_ask_residency(struct ibv_context *ctx, uint64_t va, uint64_t len, uint8_t *page,
		      size_t room, uint64_t *next)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_RESIDENCY_VA, sizeof(va), va),
		attr_of(RODP_ATTR_RESIDENCY_LENGTH, sizeof(len), len),
		attr_of(RODP_ATTR_RESIDENCY_PAGES, room, (uintptr_t)page),
		attr_of(RODP_ATTR_RESIDENCY_NEXT, sizeof(*next), (uintptr_t)next),
	};

	return call(ctx, RODP_METHOD_RESIDENCY, attr, 4);
}
