// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * One device, "fake0", for programs that open devices themselves: loaded in front of libibverbs, whose calls that
 * libodp makes are those of tests/unit/libodp/device.c. Besides, device_read() and device_write() are what a peer does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

static struct ibv_device fake = {
	.node_type = IBV_NODE_CA,
	.transport_type = IBV_TRANSPORT_IB,
	.name = "fake0",
	.dev_name = "uverbs-fake0",
};

struct ibv_device **ibv_get_device_list(int *n)
{
	struct ibv_device **list = calloc(2, sizeof(*list));

	if (!list) {
		errno = ENOMEM;
		return NULL;
	}
	list[0] = &fake;
	if (n)
		*n = 1;
	return list;
}

void ibv_free_device_list(struct ibv_device **list)
{
	free(list);
}

/* device_open() comes with a PD, of which only the context is of use here. */
struct ibv_context *ibv_open_device(struct ibv_device *device)
{
	struct ibv_pd *pd = device_open();
	struct ibv_context *ctx = pd->context;

	ctx->device = device;
	ibv_dealloc_pd(pd);
	return ctx;
}

int ibv_close_device(struct ibv_context *ctx)
{
	free(verbs_get_ctx(ctx));
	return 0;
}
