// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ibv_post_send: lists of struct ibv_send_wr, and the table of what may be
 * posted on which QP.
 */
#include "send.h"

enum {
	OPS_UD = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM,
	OPS_UC = OPS_UD | IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM,
	OPS_RC = OPS_UC | IBV_QP_EX_WITH_RDMA_READ,
	OPS_ATOMIC = IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD,
	OPS_INVALIDATE = IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_SEND_WITH_INV,
#if RODP_HAVE_ATOMIC_WRITE
	OPS_INLINE = OPS_UC | IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_ATOMIC_WRITE,
#else
	OPS_INLINE = OPS_UC | IBV_QP_EX_WITH_SEND_WITH_INV,
#endif

	SEND_FLAGS = IBV_SEND_FENCE | IBV_SEND_SIGNALED | IBV_SEND_SOLICITED | IBV_SEND_INLINE,
};

static uint64_t memory_window_ops(const struct rodp_context *context)
{
	unsigned int caps = context->device_cap_flags;
	uint64_t ops = 0;

	if (caps & IBV_DEVICE_MEM_WINDOW)
		ops |= IBV_QP_EX_WITH_BIND_MW;
	if (caps & (IBV_DEVICE_MEM_WINDOW_TYPE_2A | IBV_DEVICE_MEM_WINDOW_TYPE_2B))
		ops |= IBV_QP_EX_WITH_BIND_MW | OPS_INVALIDATE;
	return ops;
}

/* Bits of device_cap_flags_ex as the kernel has them; not every libibverbs has names for them. */
#define CAP_FLUSH	 (3ull << 38)
#define CAP_ATOMIC_WRITE (1ull << 40)

static uint64_t memory_placement_ops(const struct rodp_context *context)
{
	uint64_t ops = 0;

	(void)context;
#if RODP_HAVE_ATOMIC_WRITE
	if (context->device_cap_flags_ex & CAP_ATOMIC_WRITE)
		ops |= IBV_QP_EX_WITH_ATOMIC_WRITE;
#endif
#if RODP_HAVE_FLUSH
	if (context->device_cap_flags_ex & CAP_FLUSH)
		ops |= IBV_QP_EX_WITH_FLUSH;
#endif
	return ops;
}

/* What the device lets a QP of this type post: enum ibv_qp_create_send_ops_flags. */
uint64_t rodp_send_ops(const struct rodp_context *context, enum ibv_qp_type type)
{
	uint64_t ops;

	switch (type) {
	case IBV_QPT_RC:
	case IBV_QPT_XRC_SEND:
		ops = OPS_RC | memory_window_ops(context) | memory_placement_ops(context);
		if (context->atomic_cap != IBV_ATOMIC_NONE)
			ops |= OPS_ATOMIC;
		return ops;
	case IBV_QPT_UC:
		return OPS_UC;
	case IBV_QPT_UD:
		return OPS_UD;
	default:
		return 0;
	}
}

static uint64_t op_of(enum ibv_wr_opcode opcode)
{
	static const uint64_t ops[] = {
		[IBV_WR_RDMA_WRITE] = IBV_QP_EX_WITH_RDMA_WRITE,
		[IBV_WR_RDMA_WRITE_WITH_IMM] = IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM,
		[IBV_WR_SEND] = IBV_QP_EX_WITH_SEND,
		[IBV_WR_SEND_WITH_IMM] = IBV_QP_EX_WITH_SEND_WITH_IMM,
		[IBV_WR_RDMA_READ] = IBV_QP_EX_WITH_RDMA_READ,
		[IBV_WR_ATOMIC_CMP_AND_SWP] = IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP,
		[IBV_WR_ATOMIC_FETCH_AND_ADD] = IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD,
		[IBV_WR_LOCAL_INV] = IBV_QP_EX_WITH_LOCAL_INV,
		[IBV_WR_BIND_MW] = IBV_QP_EX_WITH_BIND_MW,
		[IBV_WR_SEND_WITH_INV] = IBV_QP_EX_WITH_SEND_WITH_INV,
#if RODP_HAVE_ATOMIC_WRITE
		[IBV_WR_ATOMIC_WRITE] = IBV_QP_EX_WITH_ATOMIC_WRITE,
#endif
	};

	return (size_t)opcode < sizeof(ops) / sizeof(ops[0]) ? ops[opcode] : 0;
}

static int check_send(const struct rodp_qp *qp, const struct ibv_send_wr *wr)
{
	uint64_t op = op_of(wr->opcode);

	if (!(op & qp->send_ops))
		return EINVAL;
	if (wr->send_flags & ~SEND_FLAGS)
		return EINVAL;
	if ((wr->send_flags & IBV_SEND_INLINE) && !(op & OPS_INLINE))
		return EINVAL;
	if ((uint32_t)wr->num_sge > qp->sq.max_sge) /* a negative one as well */
		return EINVAL;
	return 0;
}

static void fill_arguments(const struct rodp_qp *qp, struct rodp_send_wqe *wqe,
			   const struct ibv_send_wr *wr)
{
	switch (wr->opcode) {
	case IBV_WR_RDMA_WRITE:
	case IBV_WR_RDMA_WRITE_WITH_IMM:
	case IBV_WR_RDMA_READ:
#if RODP_HAVE_ATOMIC_WRITE
	case IBV_WR_ATOMIC_WRITE:
#endif
		wqe->rdma.remote_addr = wr->wr.rdma.remote_addr;
		wqe->rdma.rkey = wr->wr.rdma.rkey;
		break;
	case IBV_WR_ATOMIC_CMP_AND_SWP:
	case IBV_WR_ATOMIC_FETCH_AND_ADD:
		wqe->atomic.remote_addr = wr->wr.atomic.remote_addr;
		wqe->atomic.compare_add = wr->wr.atomic.compare_add;
		wqe->atomic.swap = wr->wr.atomic.swap;
		wqe->atomic.rkey = wr->wr.atomic.rkey;
		break;
	case IBV_WR_BIND_MW:
		rodp_wqe_set_bind(wqe, wr->bind_mw.mw, wr->bind_mw.rkey, &wr->bind_mw.bind_info);
		break;
	default:
		if (qp->vqp.qp.qp_type == IBV_QPT_UD) {
			wqe->ud.remote_qpn = wr->wr.ud.remote_qpn;
			wqe->ud.remote_qkey = wr->wr.ud.remote_qkey;
			wqe->ud.ah_num = to_rodp_ah(wr->wr.ud.ah)->ah_num;
		}
		break;
	}
}

static int fill_data(const struct rodp_qp *qp, struct rodp_send_wqe *wqe,
		     const struct ibv_send_wr *wr)
{
	const struct ibv_sge *sge = wr->sg_list;
	int i, err;

	if (!(wr->send_flags & IBV_SEND_INLINE)) {
		for (i = 0; i < wr->num_sge; i++)
			wqe->sge[i] = rodp_sge_from_ibv(&sge[i]);
		wqe->num_sge = wr->num_sge;
		return 0;
	}

	for (i = 0; i < wr->num_sge; i++) {
		err = rodp_wqe_add_inline(qp, wqe, (void *)(uintptr_t)sge[i].addr, sge[i].length);
		if (err)
			return err;
	}
	return 0;
}

static int fill_send(struct rodp_qp *qp, const struct ibv_send_wr *wr)
{
	struct rodp_send_wqe *wqe;
	int err;

	err = check_send(qp, wr);
	if (err)
		return err;

	wqe = rodp_wq_slot(&qp->sq, qp->sq.prod);
	if (!wqe)
		return ENOMEM;

	*wqe = (struct rodp_send_wqe){
		.wr_id = wr->wr_id,
		.opcode = wr->opcode,
		.flags = wr->send_flags,
		.imm_data = wr->imm_data,
		.remote_srqn = qp->vqp.qp.qp_type == IBV_QPT_XRC_SEND ? wr->qp_type.xrc.remote_srqn
								      : 0,
	};
	fill_arguments(qp, wqe, wr);
	return fill_data(qp, wqe, wr);
}

/* Returns 0 or, with *bad_wr set, why the rest of the list was not posted. */
static int fill_list(struct rodp_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr,
		     bool *kick)
{
	uint32_t first;
	int err = 0;

	pthread_spin_lock(&qp->sq.lock);
	first = qp->sq.prod;
	for (; wr; wr = wr->next) {
		err = fill_send(qp, wr);
		if (err) {
			*bad_wr = wr;
			break;
		}
		qp->sq.prod++;
	}
	*kick = qp->sq.prod != first && rodp_wq_publish(&qp->sq);
	pthread_spin_unlock(&qp->sq.lock);

	return err;
}

/*
 * Post a list of sends and ring the doorbell at most once. Returns 0 or, with
 * *bad_wr the first request that was not posted, EINVAL (a request or a QP state
 * that cannot be), ENOMEM (the queue is full) or the doorbell's error.
 */
int rodp_post_send(struct ibv_qp *ibqp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	struct rodp_qp *qp = to_rodp_qp(ibqp);
	struct ibv_send_wr *first = wr;
	int err, kick_err;
	bool kick;

	if (!qp->sq.ring.hdr || !rodp_qp_can_send(qp)) {
		*bad_wr = wr;
		return EINVAL;
	}

	err = fill_list(qp, wr, bad_wr, &kick);
	if (!kick)
		return err;

	kick_err = rodp_doorbell(ibqp->context, IB_USER_VERBS_CMD_POST_SEND, ibqp->handle);
	if (kick_err) {
		*bad_wr = first;
		return kick_err;
	}
	return err;
}
