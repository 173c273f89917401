// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory regions. The kernel does everything: on-demand, implicit
 * (ibv_reg_mr(pd, NULL, SIZE_MAX, ...)) and pinned registrations are one command.
 */
#include <errno.h>
#include <stdlib.h>

#include "rodp.h"

/* What a command made of vmr, or NULL with errno set and vmr gone. */
static struct ibv_mr *made(struct verbs_mr *vmr, int err)
{
	if (!err)
		return &vmr->ibv_mr;
	free(vmr);
	errno = err;
	return NULL;
}

/*
 * length is in bytes, hca_va the address that work requests and peers will use
 * for addr. Returns NULL with errno set.
 */
struct ibv_mr *rodp_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t hca_va,
			   int access)
{
	struct ib_uverbs_reg_mr_resp resp = {};
	struct ibv_reg_mr cmd = {};
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;

	err = ibv_cmd_reg_mr(pd, addr, length, hca_va, access, vmr, &cmd, sizeof(cmd), &resp,
			     sizeof(resp));
	return made(vmr, err);
}

/* Reads as zeros, and what is written vanishes; for work requests of one's own. */
struct ibv_mr *rodp_alloc_null_mr(struct ibv_pd *pd)
{
	struct ib_uverbs_reg_mr_resp resp = {};
	struct {
		struct ibv_reg_mr ibv;
		struct rodp_reg_mr drv;
	} cmd = { .drv = { .flags = RODP_REG_MR_NULL } };
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;

	err = ibv_cmd_reg_mr(pd, NULL, SIZE_MAX, 0, IBV_ACCESS_LOCAL_WRITE, vmr, &cmd.ibv,
			     sizeof(cmd), &resp, sizeof(resp));
	if (!err)
		vmr->mr_type = IBV_MR_TYPE_NULL_MR;
	return made(vmr, err);
}

/* Part of a dma-buf: length bytes from offset on, known as iova. Returns NULL with errno set. */
struct ibv_mr *rodp_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				  int fd, int access)
{
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;
#if RODP_RDMA_CORE >= 54
	err = ibv_cmd_reg_dmabuf_mr(pd, offset, length, iova, fd, access, vmr, NULL);
#else
	err = ibv_cmd_reg_dmabuf_mr(pd, offset, length, iova, fd, access, vmr);
#endif
	return made(vmr, err);
}

#if RODP_RDMA_CORE >= 59
/* Memory or part of a dma-buf, with or without a DMA handle. Returns NULL with errno set. */
struct ibv_mr *rodp_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;

	err = ibv_cmd_reg_mr_ex(pd, vmr, attr);
	return made(vmr, err);
}
#endif

/* Of another process that has the same file. Returns NULL with errno set. */
struct ibv_mr *rodp_import_mr(struct ibv_pd *pd, uint32_t handle)
{
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;
	err = ibv_cmd_query_mr(pd, vmr, handle);
	return made(vmr, err);
}

/* Only what is here: the region is its owner's. */
void rodp_unimport_mr(struct ibv_mr *mr)
{
	free(container_of(mr, struct verbs_mr, ibv_mr));
}

int rodp_rereg_mr(struct verbs_mr *vmr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		  int access)
{
	struct ib_uverbs_rereg_mr_resp resp = {};
	struct ibv_rereg_mr cmd = {};

	return ibv_cmd_rereg_mr(vmr, flags, addr, length, (uintptr_t)addr, access, pd, &cmd,
				sizeof(cmd), &resp, sizeof(resp));
}

int rodp_dereg_mr(struct verbs_mr *vmr)
{
	int err;

	err = ibv_cmd_dereg_mr(vmr);
	if (!err)
		free(vmr);
	return err;
}
