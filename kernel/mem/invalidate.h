/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Invalidation of keys by work requests: the QP's own (LOCAL_INV), or its peer's (SEND with invalidate). */
#ifndef RODP_MEM_INVALIDATE_H
#define RODP_MEM_INVALIDATE_H

#include "mem/mr.h"

/*
 * Take the key away, as a QP of pd with serial number qp asks. When it returns, nobody
 * uses it any more. Of a type 2 memory window or an MR for fast registration.
 * BH disabled, a lane may be held. Returns 0 or -EINVAL.
 */
int rodp_key_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key);

#endif
