// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The provider's entry: how libibverbs recognises a rodp device, what a device
 * context holds, and the table of verbs. Everything that depends on the device's
 * abilities follows what the kernel reports.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rodp.h"

static int query_device_ex(struct ibv_context *context,
			   const struct ibv_query_device_ex_input *input,
			   struct ibv_device_attr_ex *attr, size_t attr_size)
{
	struct ib_uverbs_ex_query_device_resp resp = {};
	size_t resp_size = sizeof(resp);
	uint64_t version;
	int err;

	err = ibv_cmd_query_device_any(context, input, attr, attr_size, &resp, &resp_size);
	if (err)
		return err;

	version = resp.base.fw_ver;
	snprintf(attr->orig_attr.fw_ver, sizeof(attr->orig_attr.fw_ver), "%u.%u.%u",
		 (unsigned int)(version >> 32), (unsigned int)(version >> 16) & 0xffff,
		 (unsigned int)version & 0xffff);
	return 0;
}

static int query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr)
{
	struct ibv_query_port cmd = {};

	return ibv_cmd_query_port(context, port_num, attr, &cmd, sizeof(cmd));
}

/* The clock that completions are stamped with counts ns of CLOCK_REALTIME. */
static int query_rt_values(struct ibv_context *context, struct ibv_values_ex *values)
{
	uint32_t wanted = values->comp_mask;
	struct timespec now;

	values->comp_mask = 0;
	if (!(wanted & IBV_VALUES_MASK_RAW_CLOCK))
		return 0;
	if (!to_rodp_context(context)->timestamp_mask)
		return EOPNOTSUPP;

	clock_gettime(CLOCK_REALTIME, &now);
	values->raw_clock.tv_sec = 0;
	values->raw_clock.tv_nsec = now.tv_sec * 1000000000ll + now.tv_nsec;
	values->comp_mask = IBV_VALUES_MASK_RAW_CLOCK;
	return 0;
}

static void free_context(struct ibv_context *ibctx)
{
	struct rodp_context *context = to_rodp_context(ibctx);

	verbs_uninit_context(&context->vctx);
	free(context);
}

static const struct verbs_context_ops context_ops = {
	.advise_mr = ibv_cmd_advise_mr,
	.alloc_dm = rodp_alloc_dm,
	.alloc_mw = rodp_alloc_mw,
	.alloc_null_mr = rodp_alloc_null_mr,
	.alloc_parent_domain = rodp_alloc_parent_domain,
	.alloc_pd = rodp_alloc_pd,
	.alloc_td = rodp_alloc_td,
	.attach_mcast = ibv_cmd_attach_mcast,
	.bind_mw = rodp_bind_mw,
	.close_xrcd = rodp_close_xrcd,
	.create_ah = rodp_create_ah,
	.create_cq = rodp_create_cq,
	.create_cq_ex = rodp_create_cq_ex,
	.create_qp = rodp_create_qp,
	.create_qp_ex = rodp_create_qp_ex,
	.create_srq = rodp_create_srq,
	.create_srq_ex = rodp_create_srq_ex,
	.dealloc_mw = rodp_dealloc_mw,
	.dealloc_pd = rodp_dealloc_pd,
	.dealloc_td = rodp_dealloc_td,
	.dereg_mr = rodp_dereg_mr,
	.destroy_ah = rodp_destroy_ah,
	.destroy_cq = rodp_destroy_cq,
	.destroy_qp = rodp_destroy_qp,
	.destroy_srq = rodp_destroy_srq,
	.detach_mcast = ibv_cmd_detach_mcast,
	.free_context = free_context,
	.free_dm = rodp_free_dm,
	.get_srq_num = rodp_get_srq_num,
	.import_dm = rodp_import_dm,
	.import_mr = rodp_import_mr,
	.import_pd = rodp_import_pd,
	.modify_qp = rodp_modify_qp,
	.modify_srq = rodp_modify_srq,
	.open_qp = rodp_open_qp,
	.open_xrcd = rodp_open_xrcd,
	.poll_cq = rodp_poll_cq,
	.post_recv = rodp_post_recv,
	.post_send = rodp_post_send,
	.post_srq_recv = rodp_post_srq_recv,
	.query_device_ex = query_device_ex,
	.query_port = query_port,
	.query_qp = rodp_query_qp,
	.query_rt_values = query_rt_values,
	.query_srq = rodp_query_srq,
	.reg_dm_mr = rodp_reg_dm_mr,
	.reg_dmabuf_mr = rodp_reg_dmabuf_mr,
	.reg_mr = rodp_reg_mr,
	.req_notify_cq = rodp_req_notify_cq,
	.rereg_mr = rodp_rereg_mr,
	.resize_cq = rodp_resize_cq,
	.unimport_dm = rodp_unimport_dm,
	.unimport_mr = rodp_unimport_mr,
	.unimport_pd = rodp_unimport_pd,
#if RODP_RDMA_CORE >= 59
	.alloc_dmah = rodp_alloc_dmah,
	.dealloc_dmah = rodp_dealloc_dmah,
	.reg_mr_ex = rodp_reg_mr_ex,
#endif
#if RODP_RDMA_CORE >= 62
	.dm_export_dmabuf_fd = rodp_dm_export_dmabuf_fd,
	.query_port_speed = ibv_cmd_query_port_speed,
#endif
};

static int get_context(struct rodp_context *context)
{
	struct {
		struct ib_uverbs_get_context_resp ibv_resp;
		struct rodp_alloc_ucontext_resp drv;
	} resp = {};

#if RODP_RDMA_CORE >= 57
	return ibv_cmd_get_context(&context->vctx, NULL, 0, NULL, &resp.ibv_resp, sizeof(resp));
#else
	return ibv_cmd_get_context(&context->vctx, NULL, 0, &resp.ibv_resp, sizeof(resp));
#endif
}

/* Every operation that plain memory can be used for. */
static bool has_on_demand(const struct ibv_odp_caps *caps)
{
	const uint32_t message = IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_RECV;
	const uint32_t one_sided = IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ |
				   IBV_ODP_SUPPORT_ATOMIC | IBV_ODP_SUPPORT_SRQ_RECV;
	const uint32_t rc = caps->per_transport_caps.rc_odp_caps;
	const uint32_t ud = caps->per_transport_caps.ud_odp_caps;

	return (caps->general_caps & IBV_ODP_SUPPORT) &&
	       (rc & (message | one_sided)) == (message | one_sided) && (ud & message) == message;
}

static int remember_caps(struct rodp_context *context)
{
	struct ibv_device_attr_ex attr;
	int err;

	err = query_device_ex(&context->vctx.context, NULL, &attr, sizeof(attr));
	if (err)
		return err;

	context->timestamp_mask = attr.completion_timestamp_mask;
	context->device_cap_flags = attr.orig_attr.device_cap_flags;
	context->device_cap_flags_ex = attr.device_cap_flags_ex;
	context->atomic_cap = attr.orig_attr.atomic_cap;
	context->on_demand = has_on_demand(&attr.odp_caps);
	return 0;
}

/* The file is one that another process opened the device with. */
static int query_context(struct rodp_context *context)
{
	return ibv_cmd_query_context(&context->vctx.context, NULL);
}

/*
 * Takes cmd_fd over; greet() makes it known to the kernel or the kernel's part known here. Returns
 * NULL with errno set.
 */
static struct verbs_context *make_context(struct ibv_device *device, int cmd_fd,
					  int (*greet)(struct rodp_context *context))
{
	struct rodp_context *context;
	int err;

	context = verbs_init_and_alloc_context(device, cmd_fd, context, vctx, RODP_DRIVER_ID);
	if (!context)
		return NULL;

	err = greet(context);
	if (!err)
		err = remember_caps(context);
	if (err) {
		verbs_uninit_context(&context->vctx);
		free(context);
		errno = err;
		return NULL;
	}

	verbs_set_ops(&context->vctx, &context_ops);
	return &context->vctx;
}

static struct verbs_context *alloc_context(struct ibv_device *device, int cmd_fd,
					   void *private_data __attribute__((unused)))
{
	return make_context(device, cmd_fd, get_context);
}

static struct verbs_context *import_context(struct ibv_device *device, int cmd_fd)
{
	return make_context(device, cmd_fd, query_context);
}

static struct verbs_device *alloc_device(struct verbs_sysfs_dev *sysfs_dev __attribute__((unused)))
{
	return calloc(1, sizeof(struct verbs_device));
}

static void uninit_device(struct verbs_device *device)
{
	free(device);
}

static const struct verbs_match_ent match_table[] = {
	VERBS_DRIVER_ID(RODP_DRIVER_ID),
	{},
};

static const struct verbs_device_ops device_ops = {
	.name = "rodp",
	.match_min_abi_version = RODP_ABI_VERSION,
	.match_max_abi_version = RODP_ABI_VERSION,
	.match_table = match_table,
	.alloc_device = alloc_device,
	.uninit_device = uninit_device,
	.alloc_context = alloc_context,
	.import_context = import_context,
};
PROVIDER_DRIVER(rodp, device_ops);
