// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Regions over dma-bufs, ib_umem_dmabuf_get() and .reg_user_mr_dmabuf (usually since Linux 5.12). */
#include <rdma/ib_umem.h>
#include <rdma/ib_verbs.h>

void probe(struct ib_device_ops *ops, struct ib_umem_dmabuf *umem);
void probe(struct ib_device_ops *ops, struct ib_umem_dmabuf *umem)
{
	ops->reg_user_mr_dmabuf = NULL;
	ib_umem_dmabuf_release(umem);
}
