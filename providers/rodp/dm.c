// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Device memory: pages of the kernel's, mapped here, so that copying to and from it is
 * a memcpy().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "rodp.h"

struct rodp_dm {
	struct verbs_dm vdm;
	uint64_t length; /* bytes, as asked for */
	uint8_t *map;
	uint64_t map_length;
};

static struct rodp_dm *to_rodp_dm(struct ibv_dm *dm)
{
	return container_of(dm, struct rodp_dm, vdm.dm);
}

/* In words of 4 bytes, as hardware has it: programs are to find that out here. */
static bool covers(const struct rodp_dm *dm, uint64_t offset, size_t length)
{
	return !((offset | length) % 4) && offset <= dm->length && length <= dm->length - offset;
}

static int copy_to(struct ibv_dm *ibdm, uint64_t offset, const void *from, size_t length)
{
	struct rodp_dm *dm = to_rodp_dm(ibdm);

	if (!covers(dm, offset, length))
		return EFAULT;
	memcpy(dm->map + offset, from, length);
	return 0;
}

static int copy_from(void *to, struct ibv_dm *ibdm, uint64_t offset, size_t length)
{
	struct rodp_dm *dm = to_rodp_dm(ibdm);

	if (!covers(dm, offset, length))
		return EFAULT;
	memcpy(to, dm->map + offset, length);
	return 0;
}

/* The kernel's part. libibverbs' own command has no way to hear what the driver answers. */
static int alloc_in_kernel(struct ibv_context *context, const struct ibv_alloc_dm_attr *attr,
			   uint32_t *handle, struct rodp_alloc_dm_resp *resp)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[4];
	} call = {
		.hdr = {
			.length = sizeof(call),
			.object_id = UVERBS_OBJECT_DM,
			.method_id = UVERBS_METHOD_DM_ALLOC,
			.num_attrs = 4,
			.driver_id = RODP_DRIVER_ID,
		},
		.attr = {
			{ .attr_id = UVERBS_ATTR_ALLOC_DM_HANDLE },
			{ .attr_id = UVERBS_ATTR_ALLOC_DM_LENGTH,
			  .len = sizeof(uint64_t),
			  .data = attr->length },
			{ .attr_id = UVERBS_ATTR_ALLOC_DM_ALIGNMENT,
			  .len = sizeof(uint32_t),
			  .data = attr->log_align_req },
			{ .attr_id = RODP_ATTR_ALLOC_DM_RESP,
			  .len = sizeof(*resp),
			  .data = (uintptr_t)resp },
		},
	};
	int i;

	for (i = 0; i < 4; i++)
		call.attr[i].flags = UVERBS_ATTR_F_MANDATORY;
	if (ioctl(context->cmd_fd, RDMA_VERBS_IOCTL, &call))
		return errno;
	*handle = call.attr[0].data;
	return 0;
}

/* Device memory of `length` bytes that the kernel knows by handle, mapped here. 0 or an errno. */
static int map(struct rodp_dm *dm, struct ibv_context *context, uint32_t handle, uint64_t length,
	       const struct rodp_alloc_dm_resp *resp)
{
	dm->vdm.handle = handle;
	dm->vdm.dm = (struct ibv_dm){
		.context = context,
		.memcpy_to_dm = copy_to,
		.memcpy_from_dm = copy_from,
		.handle = handle,
	};
	dm->length = length;
	dm->map_length = resp->length;
	dm->map = mmap(NULL, resp->length, PROT_READ | PROT_WRITE, MAP_SHARED, context->cmd_fd,
		       resp->offset);
	return dm->map == MAP_FAILED ? errno : 0;
}

static int create(struct rodp_dm *dm, struct ibv_context *context,
		  const struct ibv_alloc_dm_attr *attr)
{
	struct rodp_alloc_dm_resp resp = {};
	uint32_t handle = 0; /* gcc does not know that errno is never 0 after a failure */
	int err;

	if (attr->comp_mask)
		return EINVAL;
	err = alloc_in_kernel(context, attr, &handle, &resp);
	if (err)
		return err;
	err = map(dm, context, handle, attr->length, &resp);
	if (err)
		ibv_cmd_free_dm(&dm->vdm);
	return err;
}

/* Returns NULL with errno set. */
struct ibv_dm *rodp_alloc_dm(struct ibv_context *context, struct ibv_alloc_dm_attr *attr)
{
	struct rodp_dm *dm = calloc(1, sizeof(*dm));
	int err;

	if (!dm)
		return NULL;
	err = create(dm, context, attr);
	if (!err)
		return &dm->vdm.dm;
	free(dm);
	errno = err;
	return NULL;
}

/* Of another process that has the same file. Returns NULL with errno set. */
struct ibv_dm *rodp_import_dm(struct ibv_context *context, uint32_t handle)
{
	struct rodp_import_dm_resp resp = {};
	struct rodp_dm *dm;
	int err;

	dm = calloc(1, sizeof(*dm));
	if (!dm)
		return NULL;
	err = rodp_find_dm(context, handle, &resp);
	if (!err)
		err = map(dm, context, handle, resp.bytes, &resp.map);
	if (!err)
		return &dm->vdm.dm;
	free(dm);
	errno = err;
	return NULL;
}

/* Only what is here: the memory is its owner's. */
void rodp_unimport_dm(struct ibv_dm *ibdm)
{
	struct rodp_dm *dm = to_rodp_dm(ibdm);

	munmap(dm->map, dm->map_length);
	free(dm);
}

/* Returns a file descriptor, or -1 with errno set. */
int rodp_dm_export_dmabuf_fd(struct ibv_dm *ibdm)
{
	uint32_t fd;
	int err;

	err = rodp_export_dm(ibdm->context, to_rodp_dm(ibdm)->vdm.handle, &fd);
	if (!err)
		return fd;
	errno = err;
	return -1;
}

int rodp_free_dm(struct ibv_dm *ibdm)
{
	struct rodp_dm *dm = to_rodp_dm(ibdm);
	int err;

	err = ibv_cmd_free_dm(&dm->vdm);
	if (err)
		return err;
	munmap(dm->map, dm->map_length);
	free(dm);
	return 0;
}

/* Returns NULL with errno set. */
struct ibv_mr *rodp_reg_dm_mr(struct ibv_pd *pd, struct ibv_dm *dm, uint64_t offset, size_t length,
			      unsigned int access)
{
	struct verbs_mr *vmr;
	int err;

	vmr = calloc(1, sizeof(*vmr));
	if (!vmr)
		return NULL;
	err = ibv_cmd_reg_dm_mr(pd, &to_rodp_dm(dm)->vdm, offset, length, access, vmr, NULL);
	if (err) {
		free(vmr);
		errno = err;
		return NULL;
	}
	return &vmr->ibv_mr;
}
