// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The doorbell of a QP or SRQ: a post command (IB_USER_VERBS_CMD_POST_*) that carries no work
 * request. The three commands have one layout.
 *
 * It is a write(2), which the kernel takes only from who has the credentials that the file was
 * opened with (EACCES). A process that got the file from another rings by ioctl(2) from then on.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "rodp.h"

static int kick_by_write(struct ibv_context *context, uint32_t command, struct ibv_post_send *cmd,
			 struct ib_uverbs_post_send_resp *resp)
{
	cmd->hdr.command = command;
	cmd->hdr.in_words = sizeof(*cmd) / 4;
	cmd->hdr.out_words = sizeof(*resp) / 4;
	cmd->core_payload.response = (uintptr_t)resp;
	return write(context->cmd_fd, cmd, sizeof(*cmd)) == sizeof(*cmd) ? 0 : errno;
}

static int kick_by_ioctl(struct ibv_context *context, uint32_t command, struct ibv_post_send *cmd,
			 struct ib_uverbs_post_send_resp *resp)
{
	struct {
		struct ib_uverbs_ioctl_hdr hdr;
		struct ib_uverbs_attr attr[3];
	} call = {
		.hdr = {
			.length = sizeof(call),
			.object_id = UVERBS_OBJECT_DEVICE,
			.method_id = UVERBS_METHOD_INVOKE_WRITE,
			.num_attrs = 3,
			.driver_id = RODP_DRIVER_ID,
		},
		.attr = {
			{ .attr_id = UVERBS_ATTR_WRITE_CMD,
			  .len = sizeof(uint64_t),
			  .data = command },
			{ .attr_id = UVERBS_ATTR_CORE_IN,
			  .len = sizeof(cmd->core_payload),
			  .data = (uintptr_t)&cmd->core_payload },
			{ .attr_id = UVERBS_ATTR_CORE_OUT,
			  .len = sizeof(*resp),
			  .data = (uintptr_t)resp },
		},
	};
	int i;

	for (i = 0; i < 3; i++)
		call.attr[i].flags = UVERBS_ATTR_F_MANDATORY;
	return ioctl(context->cmd_fd, RDMA_VERBS_IOCTL, &call) ? errno : 0;
}

static int kick(struct ibv_context *ibctx, uint32_t command, struct ibv_post_send *cmd)
{
	struct rodp_context *context = to_rodp_context(ibctx);
	struct ib_uverbs_post_send_resp resp;
	int err;

	if (!__atomic_load_n(&context->kick_by_ioctl, __ATOMIC_RELAXED)) {
		err = kick_by_write(ibctx, command, cmd, &resp);
		if (err != EACCES)
			return err;
		__atomic_store_n(&context->kick_by_ioctl, true, __ATOMIC_RELAXED);
	}
	return kick_by_ioctl(ibctx, command, cmd, &resp);
}

/* How often the kernel may lack the few bytes that a post command takes. */
#define TRIES 1000

/*
 * What was posted is in the ring and cannot be taken back, so who posted it must not hear that it was
 * not: where the kernel lacks memory for a moment, it is rung again. Returns 0 or an errno,
 * e.g. EIO once the device is gone.
 */
int rodp_doorbell(struct ibv_context *ibctx, uint32_t command, uint32_t handle)
{
	struct ibv_post_send cmd = {
		.core_payload = {
			.qp_handle = handle,
			.wqe_size = sizeof(struct ib_uverbs_send_wr),
		},
	};
	int err = ENOMEM, i;

	for (i = 0; i < TRIES && err == ENOMEM; i++)
		err = kick(ibctx, command, &cmd);
	return err;
}
