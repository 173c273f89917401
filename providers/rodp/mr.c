// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory regions. The kernel does everything: on-demand, implicit
 * (ibv_reg_mr(pd, NULL, SIZE_MAX, ...)) and pinned registrations are one command.
 */
#include <errno.h>
#include <stdlib.h>

#include "on_demand.h"
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

static struct ibv_mr *reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t hca_va,
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

/*
 * libibverbs kept memory out of children (ibv_fork_init()) by the rights that the program asked
 * for, and lets it go by those that the region has here.
 */
static struct ibv_mr *asked_for(struct ibv_mr *mr, int access)
{
	if (mr)
		container_of(mr, struct verbs_mr, ibv_mr)->access = access;
	return mr;
}

/*
 * length is in bytes, hca_va the address that work requests and peers will use
 * for addr. Returns NULL with errno set.
 */
struct ibv_mr *rodp_reg_mr(struct ibv_pd *pd, void *addr, size_t length, uint64_t hca_va,
			   int access)
{
	const int given = rodp_on_demand_access(pd->context, addr, length, access);
	struct ibv_mr *mr = reg_mr(pd, addr, length, hca_va, given);

	if (rodp_on_demand_again(length, access, given, mr ? 0 : errno))
		mr = reg_mr(pd, addr, length, hca_va, access);
	return asked_for(mr, access);
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
static struct ibv_mr *reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;

	err = ibv_cmd_reg_mr_ex(pd, vmr, attr);
	return made(vmr, err);
}

/* The program's own memory, of which nothing is said that on-demand memory cannot be. */
static bool is_plain(const struct ibv_mr_init_attr *attr)
{
	return (attr->comp_mask & IBV_REG_MR_MASK_ADDR) &&
	       !(attr->comp_mask & ~(uint64_t)(IBV_REG_MR_MASK_ADDR | IBV_REG_MR_MASK_IOVA));
}

/* Memory that is_plain(). The library looks at nothing else then, so a longer structure of its is no matter. */
static struct ibv_mr *reg_plain(struct ibv_pd *pd, const struct ibv_mr_init_attr *attr, int access)
{
	struct ibv_mr_init_attr plain = {
		.length = attr->length,
		.access = access,
		.comp_mask = attr->comp_mask,
		.iova = attr->iova,
		.addr = attr->addr,
	};

	return reg_mr_ex(pd, &plain);
}

struct ibv_mr *rodp_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	const int access = attr->access;
	struct ibv_mr *mr;
	int given;

	if (!is_plain(attr))
		return reg_mr_ex(pd, attr);
	given = rodp_on_demand_access(pd->context, attr->addr, attr->length, access);
	mr = reg_plain(pd, attr, given);
	if (rodp_on_demand_again(attr->length, access, given, mr ? 0 : errno))
		mr = reg_plain(pd, attr, access);
	return asked_for(mr, access);
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

static int rereg_mr(struct verbs_mr *vmr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		    int access)
{
	struct ib_uverbs_rereg_mr_resp resp = {};
	struct ibv_rereg_mr cmd = {};

	return ibv_cmd_rereg_mr(vmr, flags, addr, length, (uintptr_t)addr, access, pd, &cmd,
				sizeof(cmd), &resp, sizeof(resp));
}

/*
 * New memory is as in rodp_reg_mr(). If only the rights are new, the memory stays of its kind,
 * which the kernel knows: EOPNOTSUPP says that it is the other one.
 */
int rodp_rereg_mr(struct verbs_mr *vmr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		  int access)
{
	const int turned = access | IBV_ACCESS_ON_DEMAND;
	int given = access, err;

	if ((flags & IBV_REREG_MR_CHANGE_TRANSLATION) && (flags & IBV_REREG_MR_CHANGE_ACCESS))
		given = rodp_on_demand_access(vmr->ibv_mr.context, addr, length, access);
	err = rereg_mr(vmr, flags, pd, addr, length, given);
	if (rodp_on_demand_again(length, access, given, err))
		err = rereg_mr(vmr, flags, pd, addr, length, access);
	if (err == EOPNOTSUPP && (flags & IBV_REREG_MR_CHANGE_ACCESS) &&
	    !(flags & IBV_REREG_MR_CHANGE_TRANSLATION) && rodp_on_demand_is_on())
		err = rereg_mr(vmr, flags, pd, addr, length, turned);
	return err;
}

int rodp_dereg_mr(struct verbs_mr *vmr)
{
	int err;

	err = ibv_cmd_dereg_mr(vmr);
	if (!err)
		free(vmr);
	return err;
}
