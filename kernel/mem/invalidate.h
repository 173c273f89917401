/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Invalidation of keys by work requests: the QP's own (LOCAL_INV), or its peer's (SEND with invalidate). */
#ifndef RODP_MEM_INVALIDATE_H
#define RODP_MEM_INVALIDATE_H

#include "mem/mr.h"

/**
 * rodp_key_invalidate() - take a key away: of a type 2 memory window, or an MR for fast
 *	registration
 * @dev: the device.
 * @pd: the PD of the QP that asks, or whose peer asks.
 * @qp: the serial number of that QP.
 * @key: the key.
 *
 * Context: BH disabled; a lane may be held.
 * Return: 0; -EAGAIN: the key opens nothing any more, but accesses by it are under way: ask again; or
 * -EINVAL: the key is not in force, or not the QP's to invalidate.
 */
int rodp_key_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key);

#endif
