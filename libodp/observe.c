// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What a device tells a process about its own regions and pages. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "odp.h"

#define MAX_PAGES 32768 /* of one question */

_Static_assert(ODP_LATENCY_BUCKETS == RODP_LATENCY_BUCKETS, "struct odp_latency");
_Static_assert(ODP_PAGE_TRACKED == RODP_PAGE_TRACKED && ODP_PAGE_PRESENT == RODP_PAGE_PRESENT &&
		       ODP_PAGE_WRITABLE == RODP_PAGE_WRITABLE &&
		       ODP_PAGE_DIRTY == RODP_PAGE_DIRTY && ODP_PAGE_ACCESSED == RODP_PAGE_ACCESSED,
	       "enum odp_page");

/* An error of a device that has no such question is that it has none. */
static int honest(struct ibv_context *ctx, int err)
{
	return err && !odp_ask_answers(ctx->cmd_fd) ? -EOPNOTSUPP : err;
}

int odp_mr_stats(struct ibv_mr *mr, struct odp_mr_stats *stats)
{
	struct rodp_mr_stats is;
	int err = honest(mr->context, odp_ask_stats(mr->context->cmd_fd, mr->handle, &is));

	if (err)
		return err;
	*stats = (struct odp_mr_stats){
		.page_faults = is.page_faults,
		.page_faults_handled = is.page_faults_handled,
		.page_invalidations = is.page_invalidations,
		.page_invalidations_handled = is.page_invalidations_handled,
		.page_prefetch = is.page_prefetch,
	};
	return 0;
}

int odp_latency(struct ibv_context *ctx, enum odp_latency_scope scope, struct odp_latency *latency)
{
	struct rodp_latency is;
	int err;

	if (scope != ODP_LATENCY_DEVICE && scope != ODP_LATENCY_OWN)
		return -EINVAL;
	err = honest(ctx, odp_ask_latency(ctx->cmd_fd,
					  scope == ODP_LATENCY_OWN ? RODP_LATENCY_OWN
								   : RODP_LATENCY_DEVICE,
					  &is));
	if (err)
		return err;
	*latency = (struct odp_latency){ .sum_ns = is.sum_ns };
	memcpy(latency->bucket, is.bucket, sizeof(is.bucket));
	return 0;
}

int odp_residency(struct ibv_context *ctx, void *addr, size_t len, uint8_t *page)
{
	const uint64_t size = sysconf(_SC_PAGESIZE);
	const uint64_t end = (uintptr_t)addr + len;
	uint64_t va, next;
	size_t left;
	int err;

	if (!len || end < len)
		return -EINVAL;
	for (va = (uintptr_t)addr; va < end; va = next) {
		left = (end - 1) / size - va / size + 1;
		left = left < MAX_PAGES ? left : MAX_PAGES;
		err = honest(ctx,
			     odp_ask_residency(ctx->cmd_fd, 0, va, end - va, page, left, &next));
		if (err)
			return err;
		page += left;
	}
	return 0;
}
