// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "ask.h"

#define MAX_ATTRS 5

static struct ib_uverbs_attr attr_of(uint16_t id, uint16_t len, uint64_t data)
{
	return (struct ib_uverbs_attr){
		.attr_id = id,
		.len = len,
		.flags = UVERBS_ATTR_F_MANDATORY,
		.data = data,
	};
}

struct question {
	uint16_t object, method;
	uint32_t driver;
};

static int call(int fd, struct question question, const struct ib_uverbs_attr *attr,
		unsigned int attrs)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[MAX_ATTRS];
	} message = {
		.hdr = {
			.length = sizeof(message.hdr) + attrs * sizeof(message.attr[0]),
			.object_id = question.object,
			.method_id = question.method,
			.num_attrs = attrs,
			.driver_id = question.driver,
		},
	};
	unsigned int i;

	for (i = 0; i < attrs; i++)
		message.attr[i] = attr[i];
	return ioctl(fd, RDMA_VERBS_IOCTL, &message) ? -errno : 0;
}

static struct question ours(uint16_t method)
{
	return (struct question){ RODP_OBJECT_ODP, method, RODP_DRIVER_ID };
}

int odp_ask_latency(int fd, enum rodp_latency_scope scope, struct rodp_latency *latency)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_LATENCY_SCOPE, sizeof(uint64_t), scope),
		attr_of(RODP_ATTR_LATENCY_LATENCY, sizeof(*latency), (uintptr_t)latency),
	};

	memset(latency, 0, sizeof(*latency));
	return call(fd, ours(RODP_METHOD_LATENCY), attr, 2);
}

/* A question that rodp never refuses. */
bool odp_ask_answers(int fd)
{
	struct rodp_latency latency;

	return !odp_ask_latency(fd, RODP_LATENCY_OWN, &latency);
}

int odp_ask_stats(int fd, uint32_t mr_handle, struct rodp_mr_stats *stats)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_MR_STATS_MR, 0, mr_handle),
		attr_of(RODP_ATTR_MR_STATS_STATS, sizeof(*stats), (uintptr_t)stats),
	};

	memset(stats, 0, sizeof(*stats));
	return call(fd, ours(RODP_METHOD_MR_STATS), attr, 2);
}

int odp_ask_residency(int fd, uint32_t pid, uint64_t va, uint64_t len, uint8_t *page, size_t room,
		      uint64_t *next)
{
	const struct ib_uverbs_attr attr[] = {
		attr_of(RODP_ATTR_RESIDENCY_VA, sizeof(va), va),
		attr_of(RODP_ATTR_RESIDENCY_LENGTH, sizeof(len), len),
		attr_of(RODP_ATTR_RESIDENCY_PAGES, room, (uintptr_t)page),
		attr_of(RODP_ATTR_RESIDENCY_NEXT, sizeof(*next), (uintptr_t)next),
		attr_of(RODP_ATTR_RESIDENCY_PID, sizeof(pid), pid),
	};

	*next = 0;
	memset(page, 0, room);
	return call(fd, ours(RODP_METHOD_RESIDENCY), attr, pid ? 5 : 4);
}

int odp_ask_mr(int fd, uint32_t handle, struct odp_ask_mr *mr)
{
	uint32_t rkey;
	const struct ib_uverbs_attr attr[] = {
		attr_of(UVERBS_ATTR_QUERY_MR_HANDLE, 0, handle),
		attr_of(UVERBS_ATTR_QUERY_MR_RESP_LKEY, sizeof(mr->lkey), (uintptr_t)&mr->lkey),
		attr_of(UVERBS_ATTR_QUERY_MR_RESP_RKEY, sizeof(rkey), (uintptr_t)&rkey),
		attr_of(UVERBS_ATTR_QUERY_MR_RESP_LENGTH, sizeof(mr->length),
			(uintptr_t)&mr->length),
		attr_of(UVERBS_ATTR_QUERY_MR_RESP_IOVA, sizeof(mr->iova), (uintptr_t)&mr->iova),
	};
	const struct question question = { UVERBS_OBJECT_MR, UVERBS_METHOD_QUERY_MR,
					   RODP_DRIVER_ID };

	*mr = (struct odp_ask_mr){};
	return call(fd, question, attr, 5);
}
