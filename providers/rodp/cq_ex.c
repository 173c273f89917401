// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Extended completion queues: fields are read from the ring in place, one
 * completion at a time. start_poll takes the lock and end_poll gives it back;
 * the ring's slots are returned to the kernel by end_poll.
 */
#include <errno.h>

#include "cq.h"
#include "rodp.h"

static bool load_cqe(struct rodp_cq *cq)
{
	cq->cqe = NULL;
	if (!rodp_cq_available(cq))
		return false;

	cq->cqe = rodp_ring_slot(&cq->ring, cq->cons);
	cq->vcq.cq_ex.wr_id = cq->cqe->wr_id;
	cq->vcq.cq_ex.status = cq->cqe->status;
	return true;
}

static int start_poll(struct ibv_cq_ex *ibcq, struct ibv_poll_cq_attr *attr)
{
	struct rodp_cq *cq = to_rodp_cq_ex(ibcq);

	if (attr->comp_mask)
		return EINVAL;

	rodp_cq_lock(cq);
	if (load_cqe(cq))
		return 0;
	rodp_cq_unlock(cq);
	return ENOENT;
}

static int next_poll(struct ibv_cq_ex *ibcq)
{
	struct rodp_cq *cq = to_rodp_cq_ex(ibcq);

	if (!cq->cqe)
		return ENOENT;
	cq->cons++;
	return load_cqe(cq) ? 0 : ENOENT;
}

static void end_poll(struct ibv_cq_ex *ibcq)
{
	struct rodp_cq *cq = to_rodp_cq_ex(ibcq);

	if (cq->cqe)
		cq->cons++;
	cq->cqe = NULL;
	rodp_ring_release(&cq->ring.hdr->cons, cq->cons);
	rodp_cq_unlock(cq);
}

static const struct rodp_cqe *current_cqe(struct ibv_cq_ex *ibcq)
{
	return to_rodp_cq_ex(ibcq)->cqe;
}

static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->opcode;
}

static uint32_t read_vendor_err(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->vendor_err;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->wc_flags;
}

static uint32_t read_byte_len(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->byte_len;
}

static __be32 read_imm_data(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->imm_data;
}

static uint32_t read_qp_num(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->qp_num;
}

static uint32_t read_src_qp(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->src_qp;
}

static uint32_t read_slid(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->slid;
}

static uint8_t read_sl(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->sl;
}

static uint8_t read_dlid_path_bits(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->dlid_path_bits;
}

/* The VLAN of a datagram; 0: none. */
static uint16_t read_cvlan(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->vlan_id;
}

/* The device's clock is the wall clock, in ns. */
static uint64_t read_timestamp(struct ibv_cq_ex *ibcq)
{
	return current_cqe(ibcq)->timestamp;
}

/* wc_flags: the fields that the application asked for, already checked. */
void rodp_cq_set_ex_ops(struct rodp_cq *cq, uint64_t wc_flags)
{
	struct ibv_cq_ex *ex = &cq->vcq.cq_ex;

	ex->start_poll = start_poll;
	ex->next_poll = next_poll;
	ex->end_poll = end_poll;
	ex->read_opcode = read_opcode;
	ex->read_vendor_err = read_vendor_err;
	ex->read_wc_flags = read_wc_flags;

	if (wc_flags & IBV_WC_EX_WITH_BYTE_LEN)
		ex->read_byte_len = read_byte_len;
	if (wc_flags & IBV_WC_EX_WITH_IMM)
		ex->read_imm_data = read_imm_data;
	if (wc_flags & IBV_WC_EX_WITH_QP_NUM)
		ex->read_qp_num = read_qp_num;
	if (wc_flags & IBV_WC_EX_WITH_SRC_QP)
		ex->read_src_qp = read_src_qp;
	if (wc_flags & IBV_WC_EX_WITH_SLID)
		ex->read_slid = read_slid;
	if (wc_flags & IBV_WC_EX_WITH_SL)
		ex->read_sl = read_sl;
	if (wc_flags & IBV_WC_EX_WITH_DLID_PATH_BITS)
		ex->read_dlid_path_bits = read_dlid_path_bits;
	if (wc_flags & IBV_WC_EX_WITH_CVLAN)
		ex->read_cvlan = read_cvlan;
	if (wc_flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP)
		ex->read_completion_ts = read_timestamp;
	if (wc_flags & IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK)
		ex->read_completion_wallclock_ns = read_timestamp;
}
