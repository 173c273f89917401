// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Must not compile: the wrong type for an operation that never changed. */
#include <rdma/ib_verbs.h>

static void *query_port(struct ib_device *dev)
{
	return dev;
}

const struct ib_device_ops probe = { .query_port = query_port };
