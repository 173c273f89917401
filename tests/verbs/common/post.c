// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Posting, through either interface. */
#include "vt.h"

static int post_list_api(struct vt_end *end, const struct vt_op *op, unsigned int flags)
{
	struct ibv_sge sge[VT_MAX_SGE];
	struct ibv_send_wr *bad_wr;
	struct ibv_send_wr wr = {
		.wr_id = op->wr_id,
		.sg_list = sge,
		.num_sge = op->num_sge,
		.opcode = op->opcode,
		.send_flags = flags,
		.imm_data = htobe32(op->imm),
	};

	memcpy(sge, op->sge, sizeof(sge));
	if (end->qp->qp_type == IBV_QPT_XRC_SEND)
		wr.qp_type.xrc.remote_srqn = op->srqn;
	if (op->opcode == IBV_WR_ATOMIC_CMP_AND_SWP || op->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		wr.wr.atomic.remote_addr = op->remote_addr;
		wr.wr.atomic.rkey = op->rkey;
		wr.wr.atomic.compare_add = op->compare_add;
		wr.wr.atomic.swap = op->swap;
	} else if (end->qp->qp_type == IBV_QPT_UD) {
		wr.wr.ud.ah = op->to.ah;
		wr.wr.ud.remote_qpn = op->to.qpn;
		wr.wr.ud.remote_qkey = op->to.qkey;
	} else if (op->opcode == IBV_WR_BIND_MW) {
		wr.bind_mw.mw = op->mw;
		wr.bind_mw.rkey = op->rkey;
		wr.bind_mw.bind_info = op->bind;
	} else {
		wr.wr.rdma.remote_addr = op->remote_addr;
		wr.wr.rdma.rkey = op->rkey;
	}
	if (op->opcode == IBV_WR_SEND_WITH_INV || op->opcode == IBV_WR_LOCAL_INV)
		wr.invalidate_rkey = op->invalidate;
	return ibv_post_send(end->qp, &wr, &bad_wr);
}

static void build_wr(struct ibv_qp_ex *qpx, const struct vt_op *op)
{
	switch (op->opcode) {
	case IBV_WR_SEND:
		ibv_wr_send(qpx);
		break;
	case IBV_WR_SEND_WITH_IMM:
		ibv_wr_send_imm(qpx, htobe32(op->imm));
		break;
	case IBV_WR_RDMA_WRITE:
		ibv_wr_rdma_write(qpx, op->rkey, op->remote_addr);
		break;
	case IBV_WR_RDMA_WRITE_WITH_IMM:
		ibv_wr_rdma_write_imm(qpx, op->rkey, op->remote_addr, htobe32(op->imm));
		break;
	case IBV_WR_RDMA_READ:
		ibv_wr_rdma_read(qpx, op->rkey, op->remote_addr);
		break;
	case IBV_WR_ATOMIC_CMP_AND_SWP:
		ibv_wr_atomic_cmp_swp(qpx, op->rkey, op->remote_addr, op->compare_add, op->swap);
		break;
	case IBV_WR_ATOMIC_FETCH_AND_ADD:
		ibv_wr_atomic_fetch_add(qpx, op->rkey, op->remote_addr, op->compare_add);
		break;
	case IBV_WR_SEND_WITH_INV:
		ibv_wr_send_inv(qpx, op->invalidate);
		break;
	case IBV_WR_LOCAL_INV:
		ibv_wr_local_inv(qpx, op->invalidate);
		break;
	case IBV_WR_BIND_MW:
		ibv_wr_bind_mw(qpx, op->mw, op->rkey, &op->bind);
		break;
	default:
		vt_fail("no ibv_wr_* call for opcode %d", op->opcode);
	}
}

static void set_data(struct ibv_qp_ex *qpx, const struct vt_op *op)
{
	struct ibv_data_buf bufs[VT_MAX_SGE];
	int i;

	for (i = 0; i < op->num_sge; i++) {
		bufs[i].addr = (void *)(uintptr_t)op->sge[i].addr;
		bufs[i].length = op->sge[i].length;
	}

	if ((op->flags & IBV_SEND_INLINE) && op->num_sge == 1)
		ibv_wr_set_inline_data(qpx, bufs[0].addr, bufs[0].length);
	else if (op->flags & IBV_SEND_INLINE)
		ibv_wr_set_inline_data_list(qpx, op->num_sge, bufs);
	else if (op->num_sge == 1)
		ibv_wr_set_sge(qpx, op->sge[0].lkey, op->sge[0].addr, op->sge[0].length);
	else
		ibv_wr_set_sge_list(qpx, op->num_sge, op->sge);
}

static int post_wr_api(struct vt_end *end, const struct vt_op *op, unsigned int flags)
{
	ibv_wr_start(end->qpx);
	end->qpx->wr_id = op->wr_id;
	/* The builders say what is inline; only librxe wants to hear it here too. */
	end->qpx->wr_flags = vt_is_rxe(end->dev) ? flags : flags & ~IBV_SEND_INLINE;
	build_wr(end->qpx, op);
	if (end->qp->qp_type == IBV_QPT_UD)
		ibv_wr_set_ud_addr(end->qpx, op->to.ah, op->to.qpn, op->to.qkey);
	if (end->qp->qp_type == IBV_QPT_XRC_SEND)
		ibv_wr_set_xrc_srqn(end->qpx, op->srqn);
	if (op->opcode != IBV_WR_LOCAL_INV && op->opcode != IBV_WR_BIND_MW)
		set_data(end->qpx, op);
	return ibv_wr_complete(end->qpx);
}

int vt_try_post(struct vt_end *end, const struct vt_op *op)
{
	unsigned int flags = op->flags | (op->quiet ? 0 : IBV_SEND_SIGNALED);

	return end->qpx ? post_wr_api(end, op, flags) : post_list_api(end, op, flags);
}

void vt_post(struct vt_end *end, const struct vt_op *op)
{
	int err;

	err = vt_try_post(end, op);
	if (err)
		vt_fail("posting opcode %d: %s", op->opcode, strerror(err));
}

void vt_recv(struct vt_end *end, uint64_t wr_id, struct ibv_sge *sge, int num_sge)
{
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = sge, .num_sge = num_sge };
	struct ibv_recv_wr *bad_wr;
	int err;

	err = ibv_post_recv(end->qp, &wr, &bad_wr);
	if (err)
		vt_fail("posting a receive: %s", strerror(err));
}

void vt_rdma(struct vt_conn *conn, enum ibv_wr_opcode opcode, const struct vt_buf *local,
	     size_t local_offset, const struct vt_buf *remote, size_t remote_offset, uint32_t len)
{
	static uint64_t wr_id = 0x5eed0000;
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = ++wr_id,
		.sge = { vt_sge(local, local_offset, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(remote, remote_offset),
		.rkey = remote->mr->rkey,
	};

	vt_post(&conn->a, &op);
	vt_expect_ok(&conn->a, op.wr_id,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}
