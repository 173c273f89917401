// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Can a link type delete its devices itself? */
#include <rdma/ib_verbs.h>
#include <rdma/rdma_netlink.h>

static int dellink(struct ib_device *dev)
{
	return 0;
}

struct rdma_link_ops probe = { .dellink = dellink };
