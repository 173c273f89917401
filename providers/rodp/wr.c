// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The ibv_wr_* way of posting. ibv_wr_start takes sq.lock, every builder fills
 * one slot of the ring in place, ibv_wr_complete shows the kernel all of them and
 * rings the doorbell at most once. An error anywhere loses the whole list.
 */
#include "send.h"

static void fail(struct rodp_qp *qp, int err)
{
	if (!qp->wr.err)
		qp->wr.err = err;
	qp->wr.wqe = NULL;
}

static void start(struct ibv_qp_ex *ibqp)
{
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);

	pthread_spin_lock(&qp->sq.lock);
	qp->wr.wqe = NULL;
	qp->wr.prod = qp->sq.prod;
	qp->wr.err = rodp_qp_can_send(qp) ? 0 : EINVAL;
}

static int complete(struct ibv_qp_ex *ibqp)
{
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);
	int err = qp->wr.err;
	bool kick = false;

	if (!err && qp->wr.prod != qp->sq.prod) {
		qp->sq.prod = qp->wr.prod;
		kick = rodp_wq_publish(&qp->sq);
	}
	pthread_spin_unlock(&qp->sq.lock);

	if (kick)
		err = rodp_doorbell(qp->vqp.qp.context, IB_USER_VERBS_CMD_POST_SEND,
				    qp->vqp.qp.handle);
	return err;
}

static void abort_list(struct ibv_qp_ex *ibqp)
{
	pthread_spin_unlock(&to_rodp_qp_ex(ibqp)->sq.lock);
}

/* The next slot, its common part filled; NULL once the list has failed. */
static struct rodp_send_wqe *next_wqe(struct ibv_qp_ex *ibqp, enum ibv_wr_opcode opcode)
{
	const unsigned int flags = IBV_SEND_FENCE | IBV_SEND_SIGNALED | IBV_SEND_SOLICITED;
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);
	struct rodp_send_wqe *wqe;

	if (qp->wr.err)
		return NULL;

	wqe = rodp_wq_slot(&qp->sq, qp->wr.prod);
	if (!wqe) {
		fail(qp, ENOMEM);
		return NULL;
	}

	*wqe = (struct rodp_send_wqe){
		.wr_id = ibqp->wr_id,
		.opcode = opcode,
		.flags = ibqp->wr_flags & flags,
	};
	qp->wr.wqe = wqe;
	qp->wr.prod++;
	return wqe;
}

static void wr_send(struct ibv_qp_ex *ibqp)
{
	next_wqe(ibqp, IBV_WR_SEND);
}

static void wr_send_imm(struct ibv_qp_ex *ibqp, __be32 imm_data)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, IBV_WR_SEND_WITH_IMM);

	if (wqe)
		wqe->imm_data = imm_data;
}

static void wr_send_inv(struct ibv_qp_ex *ibqp, uint32_t rkey)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, IBV_WR_SEND_WITH_INV);

	if (wqe)
		wqe->invalidate_rkey = rkey;
}

static void wr_local_inv(struct ibv_qp_ex *ibqp, uint32_t rkey)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, IBV_WR_LOCAL_INV);

	if (wqe)
		wqe->invalidate_rkey = rkey;
}

static struct rodp_send_wqe *next_rdma(struct ibv_qp_ex *ibqp, enum ibv_wr_opcode opcode,
				       uint32_t rkey, uint64_t remote_addr)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, opcode);

	if (wqe) {
		wqe->rdma.remote_addr = remote_addr;
		wqe->rdma.rkey = rkey;
	}
	return wqe;
}

static void wr_rdma_read(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr)
{
	next_rdma(ibqp, IBV_WR_RDMA_READ, rkey, remote_addr);
}

static void wr_rdma_write(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr)
{
	next_rdma(ibqp, IBV_WR_RDMA_WRITE, rkey, remote_addr);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			      __be32 imm_data)
{
	struct rodp_send_wqe *wqe;

	wqe = next_rdma(ibqp, IBV_WR_RDMA_WRITE_WITH_IMM, rkey, remote_addr);
	if (wqe)
		wqe->imm_data = imm_data;
}

static void next_atomic(struct ibv_qp_ex *ibqp, enum ibv_wr_opcode opcode, uint32_t rkey,
			uint64_t remote_addr, uint64_t compare_add, uint64_t swap)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, opcode);

	if (!wqe)
		return;
	wqe->atomic.remote_addr = remote_addr;
	wqe->atomic.compare_add = compare_add;
	wqe->atomic.swap = swap;
	wqe->atomic.rkey = rkey;
}

static void wr_atomic_cmp_swp(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			      uint64_t compare, uint64_t swap)
{
	next_atomic(ibqp, IBV_WR_ATOMIC_CMP_AND_SWP, rkey, remote_addr, compare, swap);
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
				uint64_t add)
{
	next_atomic(ibqp, IBV_WR_ATOMIC_FETCH_AND_ADD, rkey, remote_addr, add, 0);
}

#if RODP_HAVE_ATOMIC_WRITE
/* The word is taken now: it travels as inline data. */
static void wr_atomic_write(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr,
			    const void *word)
{
	struct rodp_send_wqe *wqe = next_rdma(ibqp, IBV_WR_ATOMIC_WRITE, rkey, remote_addr);
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);

	if (!wqe)
		return;
	wqe->flags |= RODP_WQE_INLINE;
	if (rodp_wqe_add_inline(qp, wqe, word, sizeof(uint64_t)))
		fail(qp, EINVAL);
}
#endif

#if RODP_HAVE_FLUSH
static void wr_flush(struct ibv_qp_ex *ibqp, uint32_t rkey, uint64_t remote_addr, size_t length,
		     uint8_t type, uint8_t level)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, IBV_WR_FLUSH);

	if (!wqe)
		return;
	if (length > UINT32_MAX) {
		fail(to_rodp_qp_ex(ibqp), EINVAL);
		return;
	}
	wqe->flush.remote_addr = remote_addr;
	wqe->flush.length = length;
	wqe->flush.rkey = rkey;
	wqe->flush.type = type;
	wqe->flush.level = level;
}
#endif

static void wr_bind_mw(struct ibv_qp_ex *ibqp, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *bind_info)
{
	struct rodp_send_wqe *wqe = next_wqe(ibqp, IBV_WR_BIND_MW);

	if (wqe)
		rodp_wqe_set_bind(wqe, mw, rkey, bind_info);
}

static void wr_set_ud_addr(struct ibv_qp_ex *ibqp, struct ibv_ah *ah, uint32_t remote_qpn,
			   uint32_t remote_qkey)
{
	struct rodp_send_wqe *wqe = to_rodp_qp_ex(ibqp)->wr.wqe;

	if (!wqe)
		return;
	wqe->ud.remote_qpn = remote_qpn;
	wqe->ud.remote_qkey = remote_qkey;
	wqe->ud.ah_num = to_rodp_ah(ah)->ah_num;
}

static void wr_set_xrc_srqn(struct ibv_qp_ex *ibqp, uint32_t remote_srqn)
{
	struct rodp_send_wqe *wqe = to_rodp_qp_ex(ibqp)->wr.wqe;

	if (wqe)
		wqe->remote_srqn = remote_srqn;
}

static void wr_set_sge_list(struct ibv_qp_ex *ibqp, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);
	size_t i;

	if (!qp->wr.wqe)
		return;
	if (num_sge > qp->sq.max_sge) {
		fail(qp, EINVAL);
		return;
	}
	for (i = 0; i < num_sge; i++)
		qp->wr.wqe->sge[i] = rodp_sge_from_ibv(&sg_list[i]);
	qp->wr.wqe->num_sge = num_sge;
}

static void wr_set_sge(struct ibv_qp_ex *ibqp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	struct ibv_sge sge = { .addr = addr, .length = length, .lkey = lkey };

	wr_set_sge_list(ibqp, 1, &sge);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *ibqp, size_t num_buf,
				    const struct ibv_data_buf *buf_list)
{
	struct rodp_qp *qp = to_rodp_qp_ex(ibqp);
	size_t i;

	if (!qp->wr.wqe)
		return;
	qp->wr.wqe->flags |= RODP_WQE_INLINE;
	for (i = 0; i < num_buf; i++) {
		if (rodp_wqe_add_inline(qp, qp->wr.wqe, buf_list[i].addr, buf_list[i].length)) {
			fail(qp, EINVAL);
			return;
		}
	}
}

static void wr_set_inline_data(struct ibv_qp_ex *ibqp, void *addr, size_t length)
{
	struct ibv_data_buf buf = { .addr = addr, .length = length };

	wr_set_inline_data_list(ibqp, 1, &buf);
}

static void set_one_sided_ops(struct ibv_qp_ex *ex, uint64_t send_ops)
{
	if (send_ops & IBV_QP_EX_WITH_RDMA_WRITE)
		ex->wr_rdma_write = wr_rdma_write;
	if (send_ops & IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM)
		ex->wr_rdma_write_imm = wr_rdma_write_imm;
	if (send_ops & IBV_QP_EX_WITH_RDMA_READ)
		ex->wr_rdma_read = wr_rdma_read;
	if (send_ops & IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP)
		ex->wr_atomic_cmp_swp = wr_atomic_cmp_swp;
	if (send_ops & IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)
		ex->wr_atomic_fetch_add = wr_atomic_fetch_add;
#if RODP_HAVE_ATOMIC_WRITE
	if (send_ops & IBV_QP_EX_WITH_ATOMIC_WRITE)
		ex->wr_atomic_write = wr_atomic_write;
#endif
#if RODP_HAVE_FLUSH
	if (send_ops & IBV_QP_EX_WITH_FLUSH)
		ex->wr_flush = wr_flush;
#endif
}

static void set_other_ops(struct ibv_qp_ex *ex, uint64_t send_ops)
{
	if (send_ops & IBV_QP_EX_WITH_SEND)
		ex->wr_send = wr_send;
	if (send_ops & IBV_QP_EX_WITH_SEND_WITH_IMM)
		ex->wr_send_imm = wr_send_imm;
	if (send_ops & IBV_QP_EX_WITH_SEND_WITH_INV)
		ex->wr_send_inv = wr_send_inv;
	if (send_ops & IBV_QP_EX_WITH_LOCAL_INV)
		ex->wr_local_inv = wr_local_inv;
	if (send_ops & IBV_QP_EX_WITH_BIND_MW)
		ex->wr_bind_mw = wr_bind_mw;
}

/* send_ops: the operations that the application asked for, already checked. */
void rodp_qp_set_wr_ops(struct rodp_qp *qp, uint64_t send_ops)
{
	struct ibv_qp_ex *ex = &qp->vqp.qp_ex;

	ex->wr_start = start;
	ex->wr_complete = complete;
	ex->wr_abort = abort_list;

	set_one_sided_ops(ex, send_ops);
	set_other_ops(ex, send_ops);

	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
	if (qp->vqp.qp.qp_type == IBV_QPT_UD)
		ex->wr_set_ud_addr = wr_set_ud_addr;
	if (qp->vqp.qp.qp_type == IBV_QPT_XRC_SEND)
		ex->wr_set_xrc_srqn = wr_set_xrc_srqn;
	qp->vqp.comp_mask |= VERBS_QP_EX;
}
