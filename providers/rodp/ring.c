// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Mapping of shared rings. Called from the create, resize and destroy verbs.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <infiniband/driver.h>

#include "ring.h"

static bool resp_is_sane(const struct rodp_ring_resp *resp, size_t min_stride)
{
	if (!resp->entries || (resp->entries & (resp->entries - 1)))
		return false;
	if (resp->stride < min_stride || resp->stride % 8)
		return false;
	return resp->length >= RODP_RING_DATA + (uint64_t)resp->entries * resp->stride;
}

int rodp_ring_map(struct rodp_ring *ring, struct ibv_context *context,
		  const struct rodp_ring_resp *resp, size_t min_stride)
{
	void *map;

	if (!resp_is_sane(resp, min_stride))
		return EPROTO;

	map = mmap(NULL, resp->length, PROT_READ | PROT_WRITE, MAP_SHARED, context->cmd_fd,
		   resp->offset);
	if (map == MAP_FAILED)
		return errno;
	if (ibv_dontfork_range(map, resp->length)) {
		munmap(map, resp->length);
		return ENOMEM;
	}

	ring->hdr = map;
	ring->length = resp->length;
	ring->entries = resp->entries;
	ring->stride = resp->stride;
	return 0;
}

void rodp_ring_unmap(struct rodp_ring *ring)
{
	if (!ring->hdr)
		return;
	ibv_dofork_range(ring->hdr, ring->length);
	munmap(ring->hdr, ring->length);
	memset(ring, 0, sizeof(*ring));
}
