// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <string.h>

#include "odpctl.h"

/* The better one is kept open, the other closed. */
static struct ibv_context *better(struct ibv_context *one, struct ibv_context *other)
{
	struct odp_caps caps = {};
	struct ibv_context *worse;

	if (!one || !other)
		return one ? one : other;
	worse = !odp_query_caps(one, &caps) && caps.explicit_odp ? other : one;
	ibv_close_device(worse);
	return worse == one ? other : one;
}

static struct ibv_context *open_one(struct ibv_device **list, const char *name)
{
	struct ibv_context *ctx = NULL;

	for (; *list; list++)
		if (!name)
			ctx = better(ctx, ibv_open_device(*list));
		else if (!strcmp(ibv_get_device_name(*list), name))
			return ibv_open_device(*list);
	return ctx;
}

struct ibv_context *device_open(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *ctx;

	if (!list) {
		say_error("libibverbs finds no devices: %s", strerror(errno));
		return NULL;
	}
	errno = ENODEV;
	ctx = open_one(list, name);
	if (!ctx)
		say_error("%s%s cannot be opened: %s; odpctl doctor says what is missing",
			  name ? "device " : "an RDMA device", name ? name : "", strerror(errno));
	ibv_free_device_list(list);
	return ctx;
}
