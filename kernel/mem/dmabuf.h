/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * dma-bufs: memory that another driver exports as a file, and that an MR may be over.
 *
 * The device copies with the CPU, so it asks the exporter for what CPUs get: a mapping of the
 * whole buffer in the kernel (vmap), under which the exporter does not move it. So there is
 * no attachment, no DMA address and no move notification. An exporter that has no such mapping,
 * or one of I/O memory only, is refused.
 */
#ifndef RODP_MEM_DMABUF_H
#define RODP_MEM_DMABUF_H

#include "mem/mr.h"

/*
 * An MR over [offset, offset + length) of the dma-buf of current's file fd, known to peers as
 * [iova, iova + length). Process context, sleeps. ERR_PTR: -EBADF, -EINVAL (no dma-buf, too short,
 * bounds that wrap around), -EOPNOTSUPP (the CPU cannot reach it), -ENOMEM, -EBUSY (no key is
 * free), the exporter's.
 */
struct rodp_mr *rodp_mr_create_dmabuf(struct rodp_dev *dev, struct ib_pd *pd, int fd, u64 offset,
				      u64 length, u64 iova, u32 access);

#endif
