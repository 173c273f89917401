// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "kernel.h"

struct kernel kernel;

static struct ib_uverbs_attr *find(struct ib_uverbs_ioctl_hdr *message, uint16_t id)
{
	for (uint16_t i = 0; i < message->num_attrs; i++)
		if (message->attrs[i].attr_id == id)
			return &message->attrs[i];
	return NULL;
}

static void *data(struct ib_uverbs_attr *attr)
{
	return attr->len <= 8 ? (void *)&attr->data : (void *)(uintptr_t)attr->data;
}

static int refuse(int err)
{
	errno = err;
	return -1;
}

static int make(uint32_t access, uint32_t *handle)
{
	kernel.registrations++;
	kernel.access = access;
	if (kernel.refuse_all)
		return refuse(kernel.refuse_all);
	if ((access & IBV_ACCESS_ON_DEMAND) && kernel.refuse)
		return refuse(kernel.refuse);
	*handle = ++kernel.handle;
	return 0;
}

static int answer_device(struct ib_uverbs_attr *out)
{
	struct ib_uverbs_ex_query_device_resp *is = data(out);

	kernel.questions++;
	if (out->len < sizeof(*is))
		return refuse(ENOSPC);
	memset(is, 0, sizeof(*is));
	is->odp_caps.general_caps = kernel.on_demand ? IBV_ODP_SUPPORT : 0;
	is->odp_caps.per_transport_caps.rc_odp_caps = kernel.rc_ops;
	is->odp_caps.per_transport_caps.ud_odp_caps = kernel.ud_ops;
	return 0;
}

static int do_command(struct ib_uverbs_ioctl_hdr *message)
{
	struct ib_uverbs_attr *in = find(message, UVERBS_ATTR_CORE_IN);
	struct ib_uverbs_attr *out = find(message, UVERBS_ATTR_CORE_OUT);
	uint32_t same;

	switch (find(message, UVERBS_ATTR_WRITE_CMD)->data) {
	case IB_USER_VERBS_CMD_FLAG_EXTENDED | IB_USER_VERBS_EX_CMD_QUERY_DEVICE:
		return answer_device(out);
	case IB_USER_VERBS_CMD_REG_MR:
		return make(((struct ib_uverbs_reg_mr *)data(in))->access_flags,
			    &((struct ib_uverbs_reg_mr_resp *)data(out))->mr_handle);
	case IB_USER_VERBS_CMD_REREG_MR:
		return make(((struct ib_uverbs_rereg_mr *)data(in))->access_flags, &same);
	case IB_USER_VERBS_CMD_DEREG_MR:
		kernel.gone = ((struct ib_uverbs_dereg_mr *)data(in))->mr_handle;
		return 0;
	}
	return refuse(EOPNOTSUPP);
}

/* The attributes of registration by ioctl are numbered from 0: handle, PD, DMA handle, IOVA, address, length, access. */
static int do_region(struct ib_uverbs_ioctl_hdr *message)
{
	uint32_t *handle = (uint32_t *)&message->attrs[0].data;

	switch (message->method_id) {
	case 5: /* UVERBS_METHOD_REG_MR */
		return make(find(message, 6)->data, handle);
	case UVERBS_METHOD_REG_DMABUF_MR:
		return make(0, handle);
	case UVERBS_METHOD_MR_DESTROY:
		kernel.gone = message->attrs[0].data;
		return 0;
	}
	return refuse(EOPNOTSUPP);
}

int ioctl(int fd, unsigned long request, ...)
{
	struct ib_uverbs_ioctl_hdr *message;
	va_list args;

	(void)fd;
	va_start(args, request);
	message = va_arg(args, struct ib_uverbs_ioctl_hdr *);
	va_end(args);
	if (request != RDMA_VERBS_IOCTL)
		return refuse(ENOTTY);
	return message->object_id == UVERBS_OBJECT_DEVICE ? do_command(message)
							  : do_region(message);
}
