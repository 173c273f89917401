/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* MRs without memory: reads find zeros, what is written vanishes. */
#ifndef RODP_MEM_NULL_H
#define RODP_MEM_NULL_H

#include "mem/mr.h"

/**
 * rodp_mr_create_null() - make an MR without memory, for all iovas
 * @dev: the device.
 * @pd: its PD.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, may sleep.
 * Return: the MR, or ERR_PTR: -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_mr *rodp_mr_create_null(struct rodp_dev *dev, struct ib_pd *pd, u32 access);

#endif
