/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device memory (ibv_alloc_dm): pages of the kernel's that a process maps to copy to and from, and
 * registers to give them to the device. Charged to the process's memory cgroup; of one device no
 * more than RODP_MAX_DM together, and of one user of all devices no more than his account has
 * (base/account.h). It counts until nobody has any of its pages, mapped or as a dma-buf.
 */
#ifndef RODP_MEM_DM_H
#define RODP_MEM_DM_H

#include "base/mapping.h"
#include "uapi/rodp_abi.h"
#include "mem/mr.h"

struct rodp_dm {
	struct ib_dm ib;
	struct rodp_dm_mem *mem; /* which mappings may outlive it */
};

static inline struct rodp_dm *to_rodp_dm(struct ib_dm *ib)
{
	return container_of(ib, struct rodp_dm, ib);
}

/**
 * rodp_dm_create() - allocate device memory
 * @dev: the device.
 * @uctx: whose process can map it.
 * @length: bytes, rounded up to whole pages; they are zero.
 * @resp: becomes where it can be mapped.
 *
 * Context: Process, may sleep.
 * Return: the memory, or ERR_PTR: -EINVAL (@length is 0), -ENOMEM (also when the device has no
 * more, RODP_MAX_DM, or the user may have no more), -EINTR (the process is being killed).
 */
struct rodp_dm *rodp_dm_create(struct rodp_dev *dev, struct ib_ucontext *uctx, u64 length,
			       struct rodp_alloc_dm_resp *resp);
/**
 * rodp_dm_destroy() - free device memory
 * @dm: the memory, which no MR is over any more. Pages that are mapped stay until they are
 *	unmapped, exported ones until the dma-buf goes.
 *
 * Context: Process, may sleep.
 */
void rodp_dm_destroy(struct rodp_dm *dm);

/**
 * rodp_dm_mapping() - where whoever has the file of its ucontext can map it
 * @dm: the memory.
 * @resp: is filled in; length in bytes.
 *
 * Context: Any.
 */
void rodp_dm_mapping(const struct rodp_dm *dm, struct rodp_alloc_dm_resp *resp);

/**
 * rodp_dm_export() - make a dma-buf of device memory, which keeps its pages
 * @dm: the memory.
 *
 * Context: Process, may sleep.
 * Return: the dma-buf, or ERR_PTR: those of rodp_export_pages().
 */
struct dma_buf *rodp_dm_export(const struct rodp_dm *dm);

/**
 * rodp_mr_create_dm() - register device memory
 * @dev: the device.
 * @pd: its PD.
 * @dm: the memory, which outlives the MR.
 * @offset: of the first byte in @dm; its iova is 0.
 * @length: bytes. The caller has checked that they lie within @dm.
 * @access: IB_ACCESS_*.
 *
 * Context: Process, may sleep.
 * Return: the MR, or ERR_PTR: -ENOMEM, -EBUSY (no key is free).
 */
struct rodp_mr *rodp_mr_create_dm(struct rodp_dev *dev, struct ib_pd *pd, const struct rodp_dm *dm,
				  u64 offset, u64 length, u32 access);

#endif
