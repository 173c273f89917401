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

#include <linux/types.h>

struct rodp_dmabuf;

/*
 * The dma-buf of current's file fd, mapped, if [offset, offset + length) lies within it. Process
 * context, sleeps. ERR_PTR: -EBADF, -EINVAL (no dma-buf, too short), -EOPNOTSUPP (the CPU
 * cannot reach it), -ENOMEM, the exporter's.
 */
struct rodp_dmabuf *rodp_dmabuf_get(int fd, u64 offset, u64 length);
/* The mapping is gone afterwards. Process context, sleeps. */
void rodp_dmabuf_put(struct rodp_dmabuf *buf);

/* The kernel address of its first byte, page aligned. */
void *rodp_dmabuf_addr(const struct rodp_dmabuf *buf);

#endif
