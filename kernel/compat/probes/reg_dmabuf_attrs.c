// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does reg_user_mr_dmabuf take the attribute bundle, and no DMA handle? */
#include <rdma/ib_verbs.h>

static struct ib_mr *reg(struct ib_pd *pd, u64 offset, u64 length, u64 virt_addr, int fd,
			 int access, struct uverbs_attr_bundle *attrs)
{
	return NULL;
}

const struct ib_device_ops probe = { .reg_user_mr_dmabuf = reg };
