// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

_Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct ibv_context *open_device(void)
{
	const char *name = getenv("RDMA_DEV");
	struct ibv_device **list = ibv_get_device_list(NULL), **device;
	struct ibv_context *ctx = NULL;

	for (device = list; device && *device && !ctx; device++)
		if (!name || !strcmp(name, ibv_get_device_name(*device)))
			ctx = ibv_open_device(*device);
	if (!ctx)
		die("no RDMA device (odpctl doctor says why)");
	ibv_free_device_list(list);
	return ctx;
}

static struct ibv_qp *make_qp(struct loop *loop)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = loop->cq,
		.recv_cq = loop->cq,
		.cap = { .max_send_wr = 16,
			 .max_recv_wr = 1,
			 .max_send_sge = 1,
			 .max_recv_sge = 1 },
		.qp_type = IBV_QPT_RC,
	};
	struct ibv_qp *qp = ibv_create_qp(loop->pd, &attr);

	if (!qp)
		die("ibv_create_qp");
	return qp;
}

static void to_init(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
	};

	if (ibv_modify_qp(qp, &attr,
			  IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS))
		die("a queue pair to INIT");
}

static void to_rtr(struct ibv_qp *qp, uint32_t peer, int gid_index, const union ibv_gid *gid)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = peer,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {
			.is_global = 1,
			.port_num = 1,
			.grh = { .dgid = *gid, .sgid_index = gid_index, .hop_limit = 1 },
		},
	};

	if (ibv_modify_qp(qp, &attr,
			  IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				  IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER))
		die("a queue pair to RTR");
}

static void to_rts(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.timeout = 17,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 1,
	};

	if (ibv_modify_qp(qp, &attr,
			  IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				  IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC))
		die("a queue pair to RTS");
}

static void connect_qps(struct loop *loop)
{
	const char *index = getenv("RDMA_GID_INDEX");
	const int gid_index = index ? atoi(index) : 1;
	union ibv_gid gid;

	if (ibv_query_gid(loop->ctx, 1, gid_index, &gid))
		die("the device's GID");
	to_init(loop->near);
	to_init(loop->far);
	to_rtr(loop->near, loop->far->qp_num, gid_index, &gid);
	to_rtr(loop->far, loop->near->qp_num, gid_index, &gid);
	to_rts(loop->near);
	to_rts(loop->far);
}

void loop_open(struct loop *loop)
{
	loop->ctx = open_device();
	loop->pd = ibv_alloc_pd(loop->ctx);
	if (!loop->pd)
		die("ibv_alloc_pd");
	loop->cq = ibv_create_cq(loop->ctx, 16, NULL, NULL, 0);
	if (!loop->cq)
		die("ibv_create_cq");
	loop->near = make_qp(loop);
	loop->far = make_qp(loop);
	connect_qps(loop);
}

void loop_close(struct loop *loop)
{
	if (ibv_destroy_qp(loop->near) || ibv_destroy_qp(loop->far) || ibv_destroy_cq(loop->cq) ||
	    ibv_dealloc_pd(loop->pd) || ibv_close_device(loop->ctx))
		die("closing");
}

void loop_move(struct loop *loop, enum ibv_wr_opcode opcode, void *local, uint32_t lkey,
	       void *remote, uint32_t rkey, uint32_t len)
{
	struct ibv_sge sge = { .addr = (uintptr_t)local, .length = len, .lkey = lkey };
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = opcode,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { .remote_addr = (uintptr_t)remote, .rkey = rkey },
	};
	struct ibv_send_wr *bad;
	struct ibv_wc wc;
	int n;

	if (ibv_post_send(loop->near, &wr, &bad))
		die("ibv_post_send");
	do {
		n = ibv_poll_cq(loop->cq, 1, &wc);
	} while (!n);
	if (n == 1 && wc.status == IBV_WC_SUCCESS)
		return;
	fprintf(stderr, "the message failed: %s\n",
		n < 0 ? "no completion" : ibv_wc_status_str(wc.status));
	exit(1);
}
