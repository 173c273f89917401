// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Two ends of any transport, see ends.h. */
#include <fcntl.h>

#include "ends.h"
#include "vt.h"

#define WRS 64

/* What ibv_modify_qp() wants to be told, besides the state, on the way to INIT, RTR and RTS. */
struct steps {
	int init, rtr, rts;
};

#define PORT	(IBV_QP_PKEY_INDEX | IBV_QP_PORT)
#define PATH	(IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN)
#define ANSWERS (IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER)
#define ASKS	(IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC)

static struct steps steps_of(enum ibv_qp_type type)
{
	switch (type) {
	case IBV_QPT_RC:
		return (struct steps){ PORT | IBV_QP_ACCESS_FLAGS, PATH | ANSWERS,
				       IBV_QP_SQ_PSN | ASKS };
	case IBV_QPT_UC:
		return (struct steps){ PORT | IBV_QP_ACCESS_FLAGS, PATH, IBV_QP_SQ_PSN };
	case IBV_QPT_UD:
		return (struct steps){ PORT | IBV_QP_QKEY, 0, IBV_QP_SQ_PSN };
	case IBV_QPT_XRC_SEND:
		return (struct steps){ PORT | IBV_QP_ACCESS_FLAGS, PATH, IBV_QP_SQ_PSN | ASKS };
	default: /* IBV_QPT_XRC_RECV */
		return (struct steps){ PORT | IBV_QP_ACCESS_FLAGS, PATH | ANSWERS,
				       IBV_QP_SQ_PSN | IBV_QP_TIMEOUT };
	}
}

const char *vt_transport_name(enum vt_transport transport)
{
	static const char *const names[] = { "RC", "UC", "UD", "XRC" };

	return names[transport];
}

static void make_cq(struct vt_end *end)
{
	end->cq = ibv_create_cq(end->dev->ctx, 4 * WRS, NULL, NULL, 0);
	if (!end->cq)
		vt_fail("creating a CQ on %s: %m", end->dev->name);
}

static void make_srq(struct vt_ends *ends)
{
	struct ibv_xrcd_init_attr domain = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};
	struct ibv_srq_init_attr_ex init = {
		.attr = { .max_wr = WRS, .max_sge = 1 },
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_XRCD,
		.srq_type = IBV_SRQT_XRC,
		.pd = ends->b.dev->pd,
		.cq = ends->b.cq,
	};

	ends->xrcd = ibv_open_xrcd(ends->b.dev->ctx, &domain);
	if (!ends->xrcd)
		vt_fail("opening an XRC domain on %s: %m", ends->b.dev->name);
	init.xrcd = ends->xrcd;
	ends->srq = ibv_create_srq_ex(ends->b.dev->ctx, &init);
	if (!ends->srq)
		vt_fail("creating an XRC SRQ on %s: %m", ends->b.dev->name);
	vt_check(!ibv_get_srq_num(ends->srq, &ends->srqn));
}

static enum ibv_qp_type type_of(enum vt_transport transport, bool of_b)
{
	static const enum ibv_qp_type types[] = { IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD,
						  IBV_QPT_XRC_SEND };

	return transport == VT_XRC && of_b ? IBV_QPT_XRC_RECV : types[transport];
}

static void make_qp(struct vt_ends *ends, struct vt_end *end)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = end->cq,
		.recv_cq = end->cq,
		.cap = { WRS, WRS, 4, 4, 64 },
		.qp_type = type_of(ends->transport, end == &ends->b),
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = end->dev->pd,
	};

	if (init.qp_type == IBV_QPT_XRC_RECV)
		init = (struct ibv_qp_init_attr_ex){ .qp_type = IBV_QPT_XRC_RECV,
						     .comp_mask = IBV_QP_INIT_ATTR_XRCD,
						     .xrcd = ends->xrcd };
	if (init.qp_type == IBV_QPT_XRC_SEND) {
		init.recv_cq = NULL;
		init.cap.max_recv_wr = init.cap.max_recv_sge = 0;
	}
	end->qp = ibv_create_qp_ex(end->dev->ctx, &init);
	if (!end->qp)
		vt_fail("creating a QP of type %d on %s: %m", init.qp_type, end->dev->name);
}

void vt_ends_open(struct vt_ends *ends, enum vt_transport transport, struct vt_device *a,
		  struct vt_device *b, unsigned int mtu)
{
	*ends = (struct vt_ends){
		.transport = transport,
		.mtu = mtu ? mtu : vt_mtu_bytes(b->port.active_mtu),
		.a = { .dev = a, .max_inline = 64, .max_sge = 4 },
		.b = { .dev = b, .max_inline = 64, .max_sge = 4 },
	};
	make_cq(&ends->a);
	make_cq(&ends->b);
	if (transport == VT_XRC)
		make_srq(ends);
	make_qp(ends, &ends->a);
	make_qp(ends, &ends->b);
	if (transport == VT_UD)
		ends->to = (struct vt_to){ vt_ah(&ends->a, &b->gid, a->gid_index),
					   ends->b.qp->qp_num, VT_QKEY };
}

static struct ibv_qp_attr attr_of(const struct vt_ends *ends, const struct vt_end *end,
				  enum ibv_qp_state state)
{
	const struct vt_end *peer = end == &ends->a ? &ends->b : &ends->a;

	return (struct ibv_qp_attr){
		.qp_state = state,
		.port_num = 1,
		.qkey = VT_QKEY,
		.qp_access_flags = end->qp->qp_type == IBV_QPT_XRC_SEND ? 0 : VT_ACCESS_ALL,
		.path_mtu = vt_mtu_enum(ends->mtu),
		.dest_qp_num = peer->qp->qp_num,
		.rq_psn = peer->psn,
		.sq_psn = end->psn,
		.max_rd_atomic = 16,
		.max_dest_rd_atomic = 16,
		.min_rnr_timer = 12,
		.timeout = vt_options.timeout,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.ah_attr = vt_ah_attr(&peer->dev->gid, end->dev->gid_index, NULL),
	};
}

static void step(struct vt_ends *ends, struct vt_end *end, enum ibv_qp_state state, int mask)
{
	struct ibv_qp_attr attr = attr_of(ends, end, state);
	int err = ibv_modify_qp(end->qp, &attr, IBV_QP_STATE | mask);

	/* It may fail at this very moment; from where it is then, this is legal too. */
	if (err && (state == IBV_QPS_RESET || state == IBV_QPS_ERR))
		err = ibv_modify_qp(end->qp, &attr, IBV_QP_STATE | mask);
	if (err)
		vt_fail("%s, end %c to state %d: %s", vt_transport_name(ends->transport),
			end == &ends->a ? 'a' : 'b', state, strerror(err));
}

/* From RESET on. */
static void bring_up(struct vt_ends *ends, struct vt_end *end, enum ibv_qp_state state)
{
	struct steps steps = steps_of(end->qp->qp_type);

	if (state == IBV_QPS_RESET)
		return;
	step(ends, end, IBV_QPS_INIT, steps.init);
	if (state >= IBV_QPS_RTR && state != IBV_QPS_ERR)
		step(ends, end, IBV_QPS_RTR, steps.rtr);
	if (state == IBV_QPS_RTS || state == IBV_QPS_SQD)
		step(ends, end, IBV_QPS_RTS, steps.rts);
	if (state == IBV_QPS_SQD || state == IBV_QPS_ERR)
		step(ends, end, state, 0);
}

/* Late packets of an old life are not for the new one. */
static uint32_t new_psn(void)
{
	static uint32_t psn = 0xfffff0; /* 24 bits: the first ones wrap soon */

	psn = (psn * 5 + 0x10b) & 0xffffff;
	return psn;
}

void vt_ends_set(struct vt_ends *ends, enum ibv_qp_state state_a, enum ibv_qp_state state_b)
{
	step(ends, &ends->a, IBV_QPS_RESET, 0);
	step(ends, &ends->b, IBV_QPS_RESET, 0);
	ends->a.psn = new_psn();
	ends->b.psn = new_psn();
	bring_up(ends, &ends->b, state_b);
	bring_up(ends, &ends->a, state_a);
}

int vt_ends_post(struct vt_ends *ends, struct vt_op *op)
{
	op->srqn = ends->srqn;
	op->to = ends->to;
	return vt_try_post(&ends->a, op);
}

int vt_ends_recv(struct vt_ends *ends, uint64_t wr_id, struct ibv_sge *sge)
{
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = sge, .num_sge = 1 }, *bad;

	return ends->srq ? ibv_post_srq_recv(ends->srq, &wr, &bad)
			 : ibv_post_recv(ends->b.qp, &wr, &bad);
}

bool vt_transport_can(enum vt_transport transport, enum ibv_wr_opcode opcode)
{
	if (opcode == IBV_WR_SEND || opcode == IBV_WR_SEND_WITH_IMM)
		return true;
	if (opcode == IBV_WR_RDMA_WRITE || opcode == IBV_WR_RDMA_WRITE_WITH_IMM)
		return transport != VT_UD;
	return transport == VT_RC || transport == VT_XRC;
}

void vt_ends_close(struct vt_ends *ends)
{
	vt_check(!ibv_destroy_qp(ends->a.qp));
	vt_check(!ibv_destroy_qp(ends->b.qp));
	if (ends->srq)
		vt_check(!ibv_destroy_srq(ends->srq));
	if (ends->xrcd)
		vt_check(!ibv_close_xrcd(ends->xrcd));
	if (ends->to.ah)
		vt_check(!ibv_destroy_ah(ends->to.ah));
	vt_check(!ibv_destroy_cq(ends->a.cq));
	vt_check(!ibv_destroy_cq(ends->b.cq));
}
