/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device memory (ibv_alloc_dm): pages of the kernel's that a process maps to copy to and
 * from, and registers to give them to the device. Charged to the process's memory cgroup; of
 * one device no more than RODP_MAX_DM together.
 */
#ifndef RODP_MEM_DM_H
#define RODP_MEM_DM_H

#include "base/mapping.h"
#include "uapi/rodp_abi.h"
#include "mem/mr.h"

struct rodp_dm {
	struct ib_dm ib;
	struct rodp_dev *dev;
	struct rodp_dm_mem *mem; /* which mappings may outlive it */
};

static inline struct rodp_dm *to_rodp_dm(struct ib_dm *ib)
{
	return container_of(ib, struct rodp_dm, ib);
}

/*
 * length bytes, zeroed, that uctx can map at resp->offset. Process context, sleeps.
 * ERR_PTR: -EINVAL (none), -ENOMEM (also when the device has no more).
 */
struct rodp_dm *rodp_dm_create(struct rodp_dev *dev, struct ib_ucontext *uctx, u64 length,
			       struct rodp_alloc_dm_resp *resp);
/* No MR is over it. What is mapped stays until it is unmapped. */
void rodp_dm_destroy(struct rodp_dm *dm);

/* Where whoever has the file of its context can map it. */
void rodp_dm_mapping(const struct rodp_dm *dm, struct rodp_alloc_dm_resp *resp);

/* As a dma-buf, which keeps the pages. Process context, sleeps. ERR_PTR: see export.h. */
struct dma_buf *rodp_dm_export(const struct rodp_dm *dm);

/*
 * An MR over [offset, offset + length) of dm, which covers it and outlives the MR; iova 0. Process
 * context, sleeps. ERR_PTR: -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_mr *rodp_mr_create_dm(struct rodp_dev *dev, struct ib_pd *pd, const struct rodp_dm *dm,
				  u64 offset, u64 length, u32 access);

#endif
