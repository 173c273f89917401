// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <stddef.h>
#include <string.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>

#include "request.h"

/* Of kernels that are newer than the headers of some rdma-core. */
#define METHOD_REG_MR 5
#define REG_MR_HANDLE 0
#define REG_MR_ADDR   4
#define REG_MR_LENGTH 5
#define REG_MR_ACCESS 6
#define REG_MR_FD     7
#define MAX_INLINE    8 /* bytes of an attribute that are in it, not behind an address */

static struct ib_uverbs_attr *attr_of(struct ib_uverbs_ioctl_hdr *message, uint16_t id)
{
	uint16_t i;

	for (i = 0; i < message->num_attrs; i++)
		if (message->attrs[i].attr_id == id)
			return &message->attrs[i];
	return NULL;
}

/* What it brings, if that is at least so many bytes. */
static void *attr_data(struct ib_uverbs_attr *attr, size_t least)
{
	if (!attr || attr->len < least)
		return NULL;
	return attr->len <= MAX_INLINE ? (void *)&attr->data : (void *)(uintptr_t)attr->data;
}

static uint64_t attr_number(const struct ib_uverbs_attr *attr)
{
	return attr ? attr->data : 0;
}

/* Commands older than ioctls, in their old form. */
static void read_reg_mr(struct request *request, struct ib_uverbs_attr *in,
			struct ib_uverbs_attr *out)
{
	struct ib_uverbs_reg_mr *cmd = attr_data(in, sizeof(*cmd));

	if (!cmd || !out || out->len < sizeof(struct ib_uverbs_reg_mr_resp))
		return;
	request->kind = REQUEST_REGISTER;
	request->addr = cmd->start;
	request->length = cmd->length;
	request->access = cmd->access_flags;
	request->rights = &cmd->access_flags;
	/* An answer is longer than what fits into an attribute. */
	request->made = &((const struct ib_uverbs_reg_mr_resp *)(uintptr_t)out->data)->mr_handle;
}

static void read_rereg_mr(struct request *request, struct ib_uverbs_attr *in)
{
	struct ib_uverbs_rereg_mr *cmd = attr_data(in, sizeof(*cmd));

	if (!cmd)
		return;
	request->kind = REQUEST_CHANGE;
	request->handle = cmd->mr_handle;
	request->flags = cmd->flags;
	request->addr = cmd->start;
	request->length = cmd->length;
	request->access = cmd->access_flags;
	request->rights = &cmd->access_flags;
}

static void read_dereg_mr(struct request *request, struct ib_uverbs_attr *in)
{
	const struct ib_uverbs_dereg_mr *cmd = attr_data(in, sizeof(*cmd));

	if (!cmd)
		return;
	request->kind = REQUEST_DEREGISTER;
	request->handle = cmd->mr_handle;
}

static void read_command(struct request *request, struct ib_uverbs_ioctl_hdr *message)
{
	struct ib_uverbs_attr *in = attr_of(message, UVERBS_ATTR_CORE_IN);

	switch (attr_number(attr_of(message, UVERBS_ATTR_WRITE_CMD))) {
	case IB_USER_VERBS_CMD_REG_MR:
		read_reg_mr(request, in, attr_of(message, UVERBS_ATTR_CORE_OUT));
		break;
	case IB_USER_VERBS_CMD_REREG_MR:
		read_rereg_mr(request, in);
		break;
	case IB_USER_VERBS_CMD_DEREG_MR:
		read_dereg_mr(request, in);
		break;
	}
}

/* The low half of a number; the rights of today need no more. */
static uint32_t *low_half(struct ib_uverbs_attr *attr)
{
	return (uint32_t *)&attr->data + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static void read_new_reg_mr(struct request *request, struct ib_uverbs_ioctl_hdr *message)
{
	struct ib_uverbs_attr *access = attr_of(message, REG_MR_ACCESS);
	struct ib_uverbs_attr *handle = attr_of(message, REG_MR_HANDLE);

	request->length = attr_number(attr_of(message, REG_MR_LENGTH));
	if (!handle)
		return;
	request->made = (const uint32_t *)&handle->data;
	if (attr_of(message, REG_MR_FD)) {
		request->kind = REQUEST_DMABUF;
		return;
	}
	request->kind = REQUEST_REGISTER;
	request->addr = attr_number(attr_of(message, REG_MR_ADDR));
	if (access) {
		request->rights = low_half(access);
		request->access = *request->rights;
	}
}

static void read_dmabuf(struct request *request, struct ib_uverbs_ioctl_hdr *message)
{
	struct ib_uverbs_attr *handle = attr_of(message, UVERBS_ATTR_REG_DMABUF_MR_HANDLE);

	if (!handle)
		return;
	request->kind = REQUEST_DMABUF;
	request->length = attr_number(attr_of(message, UVERBS_ATTR_REG_DMABUF_MR_LENGTH));
	request->made = (const uint32_t *)&handle->data;
}

static void read_region(struct request *request, struct ib_uverbs_ioctl_hdr *message)
{
	switch (message->method_id) {
	case METHOD_REG_MR:
		read_new_reg_mr(request, message);
		break;
	case UVERBS_METHOD_REG_DMABUF_MR:
		read_dmabuf(request, message);
		break;
	case UVERBS_METHOD_MR_DESTROY:
		request->kind = REQUEST_DEREGISTER;
		request->handle = attr_number(attr_of(message, UVERBS_ATTR_DESTROY_MR_HANDLE));
		break;
	}
}

struct request request_read(struct ib_uverbs_ioctl_hdr *message)
{
	struct request request = { .kind = REQUEST_OTHER, .driver = message->driver_id };
	const size_t attrs = message->num_attrs * sizeof(message->attrs[0]);

	/* The kernel refuses such a one. */
	if (message->length != sizeof(*message) + attrs)
		return request;
	if (message->object_id == UVERBS_OBJECT_DEVICE &&
	    message->method_id == UVERBS_METHOD_INVOKE_WRITE)
		read_command(&request, message);
	else if (message->object_id == UVERBS_OBJECT_MR)
		read_region(&request, message);
	return request;
}
