/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* MRs over all that a kernel consumer may name. */
#ifndef RODP_MEM_DMA_H
#define RODP_MEM_DMA_H

#include "mem/mr.h"

/**
 * rodp_mr_create_dma() - register all of the kernel's memory
 * @dev: the device.
 * @pd: its PD, of a kernel consumer: nothing checks what it names.
 * @access: IB_ACCESS_*.
 *
 * The device has no DMA of its own, so an iova is what ib_dma_map_*() returns for it: a kernel
 * address.
 *
 * Context: Process, may sleep.
 * Return: the MR, or ERR_PTR: -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_mr *rodp_mr_create_dma(struct rodp_dev *dev, struct ib_pd *pd, u32 access);

/* Its rodp_mr_ops.run, which mem/access.c calls directly: a call through a pointer costs more. */
void *rodp_dma_run(const struct rodp_mr *mr, u64 iova, size_t max, bool write, size_t *bytes);

#endif
