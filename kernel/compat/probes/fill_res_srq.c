// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does a device tell of its SRQs? */
#include <rdma/ib_verbs.h>

static int fill(struct sk_buff *msg, struct ib_srq *srq)
{
	return 0;
}

const struct ib_device_ops probe = { .fill_res_srq_entry = fill };
