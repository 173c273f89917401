/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* MRs without memory: reads find zeros, what is written vanishes. */
#ifndef RODP_MEM_NULL_H
#define RODP_MEM_NULL_H

#include "mem/mr.h"

/* Its bounds are all iovas. Process context, sleeps. ERR_PTR: -ENOMEM, -EBUSY (no key is free). */
struct rodp_mr *rodp_mr_create_null(struct rodp_dev *dev, struct ib_pd *pd, u32 access);

#endif
