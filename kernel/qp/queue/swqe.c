// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Send work requests out of rings, see swqe.h. */
#include "qp/queue/swqe.h"
#include "wire/header.h"

/* Longest message: 2^22 packets at the smallest MTU, half of the PSN window. */
#define SWQE_MAX_MESSAGE (1u << 30)

/* What a work request asks for: its message on the wire, and its completion. */
static const struct {
	bool valid;
	u8 message;
	u8 wc_opcode;
	bool no_message; /* no message */
	bool is_kernels; /* not for processes */
} swqe_opcodes[] = {
	[IB_WR_RDMA_WRITE] = { true, RODP_MSG_WRITE, IB_WC_RDMA_WRITE },
	[IB_WR_RDMA_WRITE_WITH_IMM] = { true, RODP_MSG_WRITE_IMM, IB_WC_RDMA_WRITE },
	[IB_WR_SEND] = { true, RODP_MSG_SEND, IB_WC_SEND },
	[IB_WR_SEND_WITH_IMM] = { true, RODP_MSG_SEND_IMM, IB_WC_SEND },
	[IB_WR_RDMA_READ] = { true, RODP_MSG_READ, IB_WC_RDMA_READ },
	[IB_WR_ATOMIC_CMP_AND_SWP] = { true, RODP_MSG_CMP_SWAP, IB_WC_COMP_SWAP },
	[IB_WR_ATOMIC_FETCH_AND_ADD] = { true, RODP_MSG_FETCH_ADD, IB_WC_FETCH_ADD },
	[IB_WR_SEND_WITH_INV] = { true, RODP_MSG_SEND_INV, IB_WC_SEND },
	[IB_WR_LOCAL_INV] = { true, 0, IB_WC_LOCAL_INV, true },
	[IB_WR_BIND_MW] = { true, 0, IB_WC_BIND_MW, true },
	[IB_WR_REG_MR] = { true, 0, IB_WC_REG_MR, true, true },
	[IB_WR_FLUSH] = { true, RODP_MSG_FLUSH, IB_WC_FLUSH },
	[IB_WR_ATOMIC_WRITE] = { true, RODP_MSG_ATOMIC_WRITE, IB_WC_ATOMIC_WRITE },
};

static void swqe_copy_bind(struct rodp_bind *bind, const struct rodp_send_wqe *slot)
{
	bind->addr = READ_ONCE(slot->bind.addr);
	bind->length = READ_ONCE(slot->bind.length);
	bind->mr_lkey = READ_ONCE(slot->bind.mr_lkey);
	bind->mw_rkey = READ_ONCE(slot->bind.mw_rkey);
	bind->new_rkey = READ_ONCE(slot->bind.new_rkey);
	bind->access = READ_ONCE(slot->bind.access);
}

static void swqe_copy_operands(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot)
{
	if (wqe->message == RODP_MSG_CMP_SWAP || wqe->message == RODP_MSG_FETCH_ADD) {
		wqe->remote_addr = READ_ONCE(slot->atomic.remote_addr);
		wqe->compare_add = READ_ONCE(slot->atomic.compare_add);
		wqe->swap = READ_ONCE(slot->atomic.swap);
		wqe->rkey = READ_ONCE(slot->atomic.rkey);
	} else if (wqe->opcode == IB_WR_BIND_MW || wqe->opcode == IB_WR_REG_MR) {
		swqe_copy_bind(&wqe->bind, slot);
	} else if (wqe->message == RODP_MSG_FLUSH) {
		wqe->remote_addr = READ_ONCE(slot->flush.remote_addr);
		wqe->rkey = READ_ONCE(slot->flush.rkey);
		wqe->flush = (READ_ONCE(slot->flush.type) & RODP_FETH_PLT_MASK) |
			     (READ_ONCE(slot->flush.level) & RODP_FETH_SEL_MASK)
				     << RODP_FETH_SEL_SHIFT;
	} else {
		wqe->remote_addr = READ_ONCE(slot->rdma.remote_addr);
		wqe->rkey = READ_ONCE(slot->rdma.rkey);
	}
	wqe->imm_data = READ_ONCE(slot->imm_data);
	wqe->srqn = READ_ONCE(slot->remote_srqn);
}

static enum ib_wc_status swqe_copy_inline(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot,
					  u32 max_inline)
{
	wqe->length = READ_ONCE(slot->inline_len);
	if (wqe->length > max_inline ||
	    (rodp_swqe_is_rd_atomic(wqe) && wqe->message != RODP_MSG_ATOMIC_WRITE))
		return IB_WC_LOC_QP_OP_ERR;
	memcpy(wqe->data, slot->sge, wqe->length);
	return IB_WC_SUCCESS;
}

static enum ib_wc_status swqe_copy_sges(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot,
					u32 max_sge)
{
	u64 length = 0;
	u8 i;

	if (wqe->num_sge > max_sge)
		return IB_WC_LOC_QP_OP_ERR;
	memcpy(wqe->sge, slot->sge, wqe->num_sge * sizeof(wqe->sge[0]));
	for (i = 0; i < wqe->num_sge; i++)
		length += wqe->sge[i].length;
	if (length > SWQE_MAX_MESSAGE)
		return IB_WC_LOC_LEN_ERR;
	wqe->length = length;
	return IB_WC_SUCCESS;
}

/* A FLUSH has no data: its length is that of the range. */
static enum ib_wc_status swqe_copy_flush(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot)
{
	wqe->length = READ_ONCE(slot->flush.length);
	return wqe->num_sge || wqe->is_inline ? IB_WC_LOC_QP_OP_ERR : IB_WC_SUCCESS;
}

enum ib_wc_status rodp_swqe_copy(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot,
				 const struct rodp_swqe_limits *limits)
{
	wqe->wr_id = READ_ONCE(slot->wr_id);
	wqe->opcode = READ_ONCE(slot->opcode);
	wqe->flags = READ_ONCE(slot->flags);
	wqe->num_sge = READ_ONCE(slot->num_sge);
	wqe->message = 0;
	wqe->length = 0;
	wqe->no_message = false;
	wqe->executed = false;
	wqe->is_inline = wqe->flags & RODP_WQE_INLINE;
	if (wqe->opcode >= ARRAY_SIZE(swqe_opcodes) || !swqe_opcodes[wqe->opcode].valid ||
	    (limits->user && swqe_opcodes[wqe->opcode].is_kernels))
		return IB_WC_LOC_QP_OP_ERR;
	wqe->message = swqe_opcodes[wqe->opcode].message;
	wqe->no_message = swqe_opcodes[wqe->opcode].no_message;
	swqe_copy_operands(wqe, slot);
	if (wqe->no_message)
		return wqe->num_sge || wqe->is_inline ? IB_WC_LOC_QP_OP_ERR : IB_WC_SUCCESS;
	if (wqe->message == RODP_MSG_FLUSH)
		return swqe_copy_flush(wqe, slot);
	return wqe->is_inline ? swqe_copy_inline(wqe, slot, limits->max_inline)
			      : swqe_copy_sges(wqe, slot, limits->max_sge);
}

void rodp_swqe_copy_flushed(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot)
{
	*wqe = (struct rodp_swqe){
		.wr_id = READ_ONCE(slot->wr_id),
		.opcode = READ_ONCE(slot->opcode),
		.status = IB_WC_WR_FLUSH_ERR,
	};
}

u8 rodp_swqe_wc_opcode(const struct rodp_swqe *wqe)
{
	return wqe->opcode < ARRAY_SIZE(swqe_opcodes) ? swqe_opcodes[wqe->opcode].wc_opcode : 0;
}
