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

/**
 * rodp_mr_create_dmabuf() - register a dma-buf
 * @dev: the device.
 * @pd: its PD.
 * @fd: the dma-buf's file descriptor in the current process.
 * @offset: of the first byte in the dma-buf.
 * @length: bytes.
 * @iova: of the first byte, as peers know it.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, sleeps.
 * Return: the MR, or ERR_PTR: -EBADF, -EINVAL (no dma-buf, too short, a range that wraps around),
 * -EACCES (it was not opened to be written, and @access writes), -EOPNOTSUPP (the CPU cannot reach
 * the memory), -ENOMEM, -EBUSY (no key is free), an error of the exporter.
 */
struct rodp_mr *rodp_mr_create_dmabuf(struct rodp_dev *dev, struct ib_pd *pd, int fd, u64 offset,
				      u64 length, u64 iova, u32 access);

#endif
