// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is the operation that resizes a CQ called resize_user_cq, and its size unsigned? */
#include <rdma/ib_verbs.h>

static int resize(struct ib_cq *cq, unsigned int cqe, struct ib_udata *udata)
{
	return 0;
}

const struct ib_device_ops probe = { .resize_user_cq = resize };
