// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Importing: what the kernel knows of an object that another process made through the same
 * file (RODP_OBJECT_IMPORT in rodp_abi.h); and exporting device memory (RODP_OBJECT_EXPORT).
 */
#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "rodp.h"

#define MAX_ATTRS 2

static int ask(struct ibv_context *context, uint16_t object, uint16_t method,
	       const struct ib_uverbs_attr *attr, uint16_t count)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[MAX_ATTRS];
	} call = {
		.hdr = {
			.length = sizeof(call.hdr) + count * sizeof(*attr),
			.object_id = object,
			.method_id = method,
			.num_attrs = count,
			.driver_id = RODP_DRIVER_ID,
		},
	};
	int i;

	for (i = 0; i < count; i++) {
		call.attr[i] = attr[i];
		call.attr[i].flags = UVERBS_ATTR_F_MANDATORY;
	}
	return ioctl(context->cmd_fd, RDMA_VERBS_IOCTL, &call) ? errno : 0;
}

int rodp_find_pd(struct ibv_context *context, uint32_t handle)
{
	const struct ib_uverbs_attr attr = { .attr_id = RODP_ATTR_IMPORT_PD_HANDLE,
					     .data = handle };

	return ask(context, RODP_OBJECT_IMPORT, RODP_METHOD_IMPORT_PD, &attr, 1);
}

int rodp_find_dm(struct ibv_context *context, uint32_t handle, struct rodp_import_dm_resp *resp)
{
	const struct ib_uverbs_attr attr[] = {
		{ .attr_id = RODP_ATTR_IMPORT_DM_HANDLE, .data = handle },
		{ .attr_id = RODP_ATTR_IMPORT_DM_RESP,
		  .len = sizeof(*resp),
		  .data = (uintptr_t)resp },
	};

	return ask(context, RODP_OBJECT_IMPORT, RODP_METHOD_IMPORT_DM, attr, 2);
}

int rodp_export_dm(struct ibv_context *context, uint32_t handle, uint32_t *fd)
{
	const struct ib_uverbs_attr attr[] = {
		{ .attr_id = RODP_ATTR_EXPORT_DM_HANDLE, .data = handle },
		{ .attr_id = RODP_ATTR_EXPORT_DM_FD, .len = sizeof(*fd), .data = (uintptr_t)fd },
	};

	return ask(context, RODP_OBJECT_EXPORT, RODP_METHOD_EXPORT_DM, attr, 2);
}
