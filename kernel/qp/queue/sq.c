// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The send queue: work requests from ring to completion, see sq.h. */
#include <linux/math64.h>

#include "qp/lane/loan.h"
#include "qp/lane/tell.h"
#include "qp/queue/sq.h"
#include "qp/queue/unreliable.h"

/* Longest message: 2^22 packets at the smallest MTU, half of the PSN window. */
#define SQ_MAX_MESSAGE (1u << 30)

/* What a work request asks for: its message on the wire, and its completion. */
static const struct {
	bool valid;
	u8 message;
	u8 wc_opcode;
	bool is_local; /* no message */
	bool is_kernels; /* not for processes */
} sq_opcodes[] = {
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

static void swqe_copy_bind(struct rodp_bind *bind, const struct rodp_send_wqe *src)
{
	bind->addr = READ_ONCE(src->bind.addr);
	bind->length = READ_ONCE(src->bind.length);
	bind->mr_lkey = READ_ONCE(src->bind.mr_lkey);
	bind->mw_rkey = READ_ONCE(src->bind.mw_rkey);
	bind->new_rkey = READ_ONCE(src->bind.new_rkey);
	bind->access = READ_ONCE(src->bind.access);
}

static void swqe_copy_operands(struct rodp_swqe *wqe, const struct rodp_send_wqe *src)
{
	if (wqe->message == RODP_MSG_CMP_SWAP || wqe->message == RODP_MSG_FETCH_ADD) {
		wqe->remote_addr = READ_ONCE(src->atomic.remote_addr);
		wqe->compare_add = READ_ONCE(src->atomic.compare_add);
		wqe->swap = READ_ONCE(src->atomic.swap);
		wqe->rkey = READ_ONCE(src->atomic.rkey);
	} else if (wqe->opcode == IB_WR_BIND_MW || wqe->opcode == IB_WR_REG_MR) {
		swqe_copy_bind(&wqe->bind, src);
	} else if (wqe->message == RODP_MSG_FLUSH) {
		wqe->remote_addr = READ_ONCE(src->flush.remote_addr);
		wqe->rkey = READ_ONCE(src->flush.rkey);
		wqe->flush = (READ_ONCE(src->flush.type) & RODP_FETH_PLT_MASK) |
			     (READ_ONCE(src->flush.level) & RODP_FETH_SEL_MASK)
				     << RODP_FETH_SEL_SHIFT;
	} else {
		wqe->remote_addr = READ_ONCE(src->rdma.remote_addr);
		wqe->rkey = READ_ONCE(src->rdma.rkey);
	}
	wqe->imm_data = READ_ONCE(src->imm_data);
	wqe->srqn = READ_ONCE(src->remote_srqn);
}

static enum ib_wc_status swqe_copy_inline(const struct rodp_sq *sq, struct rodp_swqe *wqe,
					  const struct rodp_send_wqe *src)
{
	wqe->length = READ_ONCE(src->inline_len);
	if (wqe->length > sq->max_inline ||
	    (rodp_swqe_is_rd_atomic(wqe) && wqe->message != RODP_MSG_ATOMIC_WRITE))
		return IB_WC_LOC_QP_OP_ERR;
	memcpy(wqe->data, src->sge, wqe->length);
	return IB_WC_SUCCESS;
}

static enum ib_wc_status swqe_copy_sges(const struct rodp_sq *sq, struct rodp_swqe *wqe,
					const struct rodp_send_wqe *src)
{
	u64 length = 0;
	u8 i;

	if (wqe->num_sge > sq->max_sge)
		return IB_WC_LOC_QP_OP_ERR;
	memcpy(wqe->sge, src->sge, wqe->num_sge * sizeof(wqe->sge[0]));
	for (i = 0; i < wqe->num_sge; i++)
		length += wqe->sge[i].length;
	if (length > SQ_MAX_MESSAGE)
		return IB_WC_LOC_LEN_ERR;
	wqe->length = length;
	return IB_WC_SUCCESS;
}

/* A FLUSH has no data: its length is that of the range. */
static enum ib_wc_status swqe_copy_flush(struct rodp_swqe *wqe, const struct rodp_send_wqe *src)
{
	wqe->length = READ_ONCE(src->flush.length);
	return wqe->num_sge || wqe->is_inline ? IB_WC_LOC_QP_OP_ERR : IB_WC_SUCCESS;
}

/* Copy once, check the copy (trap T24: the poster may rewrite the slot meanwhile). */
static enum ib_wc_status swqe_copy(const struct rodp_sq *sq, struct rodp_swqe *wqe,
				   const struct rodp_send_wqe *src, bool user)
{
	wqe->wr_id = READ_ONCE(src->wr_id);
	wqe->opcode = READ_ONCE(src->opcode);
	wqe->flags = READ_ONCE(src->flags);
	wqe->num_sge = READ_ONCE(src->num_sge);
	wqe->message = 0;
	wqe->length = 0;
	wqe->is_local = false;
	wqe->executed = false;
	wqe->is_inline = wqe->flags & RODP_WQE_INLINE;
	if (wqe->opcode >= ARRAY_SIZE(sq_opcodes) || !sq_opcodes[wqe->opcode].valid ||
	    (user && sq_opcodes[wqe->opcode].is_kernels))
		return IB_WC_LOC_QP_OP_ERR;
	wqe->message = sq_opcodes[wqe->opcode].message;
	wqe->is_local = sq_opcodes[wqe->opcode].is_local;
	swqe_copy_operands(wqe, src);
	if (wqe->is_local)
		return wqe->num_sge || wqe->is_inline ? IB_WC_LOC_QP_OP_ERR : IB_WC_SUCCESS;
	if (wqe->message == RODP_MSG_FLUSH)
		return swqe_copy_flush(wqe, src);
	return wqe->is_inline ? swqe_copy_inline(sq, wqe, src) : swqe_copy_sges(sq, wqe, src);
}

/*
 * Whether the keys of the scatter/gather list grant the access. An answer needs a place
 * before it is asked for, and a message that the peer fetches is checked before the
 * peer hears of it: so a bad key fails the work request here (IBTA vol. 1, 10.7.3.2).
 */
static enum ib_wc_status swqe_check_keys(struct rodp_qp *qp, const struct rodp_swqe *wqe,
					 u32 access)
{
	struct rodp_mr *mr;
	u8 i;

	for (i = 0; i < wqe->num_sge; i++) {
		if (!wqe->sge[i].length)
			continue;
		mr = rodp_mr_get(qp->dev, qp->ib.pd, wqe->sge[i].lkey, access, wqe->sge[i].addr,
				 wqe->sge[i].length);
		if (!mr)
			return IB_WC_LOC_PROT_ERR;
		rodp_mr_put(mr);
	}
	return IB_WC_SUCCESS;
}

static enum ib_wc_status swqe_check_rd_atomic(struct rodp_qp *qp, const struct rodp_swqe *wqe)
{
	if (!qp->max_rd_atomic)
		return IB_WC_LOC_QP_OP_ERR;
	if (wqe->message == RODP_MSG_FLUSH)
		return IB_WC_SUCCESS;
	if (wqe->message != RODP_MSG_READ && wqe->length != sizeof(u64))
		return IB_WC_LOC_LEN_ERR;
	if (wqe->message == RODP_MSG_ATOMIC_WRITE) /* its source is read when it is sent */
		return IB_WC_SUCCESS;
	return swqe_check_keys(qp, wqe, IB_ACCESS_LOCAL_WRITE);
}

/* A bad request takes a PSN like a good one; it is never sent. */
static void swqe_number(struct rodp_qp *qp, struct rodp_swqe *wqe)
{
	bool one = wqe->status || (rodp_swqe_is_rd_atomic(wqe) && wqe->message != RODP_MSG_READ);

	if (!wqe->status && wqe->is_local)
		wqe->packets = 0;
	else
		wqe->packets = one || qp->local ? 1 : max(1u, DIV_ROUND_UP(wqe->length, qp->mtu));
	wqe->first_psn = qp->sq.psn;
	qp->sq.psn = rodp_psn_add(qp->sq.psn, wqe->packets);
}

/* Requests in the ring that were not taken yet; a nonsensical counter reads as none. */
static u32 sq_posted(const struct rodp_sq *sq)
{
	u32 posted = rodp_ring_prod(&sq->ring) - sq->head;

	return posted <= sq->ring.entries ? posted : 0;
}

/*
 * Whether there is one to take. If not, the poster is asked to ring; but while
 * packets are on their way without a wire (net/flow.h), their acknowledgement is
 * only softirqs away and brings us here in good time.
 */
static bool sq_has_posted(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	bool soon = qp->flow.per_cpu && rodp_sq_in_flight(sq);

	if (!sq_posted(sq) && !soon) {
		rodp_ring_want_kick(&sq->ring, true);
		if (!sq_posted(sq))
			return false;
	}
	rodp_ring_want_kick(&sq->ring, false);
	return sq_posted(sq);
}

struct rodp_swqe *rodp_sq_fetch(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	struct rodp_swqe *wqe;

	if (sq->head - sq->tail >= sq->ring.entries || !sq_has_posted(qp))
		return NULL;
	wqe = rodp_sq_wqe(sq, sq->head);
	wqe->status = swqe_copy(sq, wqe, rodp_ring_slot(&sq->ring, sq->head), qp->user);
	if (!wqe->status && !rodp_qp_is_reliable(qp))
		wqe->status = rodp_unreliable_check(qp, wqe, rodp_ring_slot(&sq->ring, sq->head));
	else if (!wqe->status && rodp_swqe_is_rd_atomic(wqe))
		wqe->status = swqe_check_rd_atomic(qp, wqe);
	else if (!wqe->status && qp->local && !wqe->is_inline)
		wqe->status = swqe_check_keys(qp, wqe, 0);
	swqe_number(qp, wqe);
	sq->head++;
	return wqe;
}

/* A local peer may be copying to or from the WQE: then wait for the end of its piece. */
static void sq_step_tail(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (qp->local)
		spin_lock(&qp->loan->lock);
	sq->tail++;
	if (qp->local)
		spin_unlock(&qp->loan->lock);
	rodp_ring_publish_cons(&sq->ring, sq->tail);
}

/* Complete the oldest WQE. The slot is free before the completion says so. */
static void sq_complete(struct rodp_qp *qp, enum ib_wc_status status)
{
	struct rodp_sq *sq = &qp->sq;
	struct rodp_swqe *wqe = rodp_sq_wqe(sq, sq->tail);
	struct rodp_cqe cqe = {
		.wr_id = wqe->wr_id,
		.status = status,
		.qp_num = qp->ib.qp_num,
	};

	if (wqe->opcode < ARRAY_SIZE(sq_opcodes))
		cqe.opcode = sq_opcodes[wqe->opcode].wc_opcode;
	if (rodp_swqe_is_rd_atomic(wqe))
		cqe.byte_len = wqe->length;
	sq_step_tail(qp);
	if (status || sq->signal_all || (wqe->flags & RODP_WQE_SIGNALED))
		rodp_qp_complete(qp, &sq->lane, &cqe, false);
}

void rodp_sq_retire(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	/* One that was rewound and not sent again is not counted. */
	if (rodp_swqe_is_rd_atomic(rodp_sq_wqe(sq, sq->tail)) && (s32)(sq->cur - sq->tail) > 0)
		sq->rd_atomic--;
	sq_complete(qp, IB_WC_SUCCESS);
	rodp_sq_retire_executed(qp);
}

void rodp_sq_retire_executed(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	while (sq->tail != sq->head && rodp_sq_wqe(sq, sq->tail)->executed)
		sq_complete(qp, IB_WC_SUCCESS);
}

void rodp_sq_fail(struct rodp_qp *qp, enum ib_wc_status status)
{
	struct rodp_sq *sq = &qp->sq;

	if (sq->tail != sq->head)
		sq_complete(qp, status);
	/* Without a connection only the send queue stops, until it is told to go on (10.3.1). */
	if (rodp_qp_is_reliable(qp))
		rodp_qp_fail(qp, &sq->lane, 0);
	else
		cmpxchg(&qp->state, IB_QPS_RTS, IB_QPS_SQE);
}

static void sq_drop_hand(struct rodp_sq *sq)
{
	kfree_skb(sq->hand);
	sq->hand = NULL;
	sq->hand_done = 0;
	sq->lane.stalled = false;
}

/*
 * Take the next work request out of the ring to complete it, not to execute it: what it asks for is
 * not looked at, since the QP may lack what that needs (one that was never connected has no path MTU).
 */
static bool sq_take_to_flush(struct rodp_sq *sq)
{
	const struct rodp_send_wqe *slot = rodp_ring_slot(&sq->ring, sq->head);
	struct rodp_swqe *wqe = rodp_sq_wqe(sq, sq->head);

	if (!sq_posted(sq))
		return false;
	*wqe = (struct rodp_swqe){
		.wr_id = READ_ONCE(slot->wr_id),
		.opcode = READ_ONCE(slot->opcode),
		.status = IB_WC_WR_FLUSH_ERR,
	};
	sq->head++;
	return true;
}

/* Nothing is on its way any more, and nothing will be sent. */
static void sq_land(struct rodp_sq *sq)
{
	rodp_park_cancel(&sq->tx_park);
	rodp_park_cancel(&sq->rx_park);
	sq_drop_hand(sq);
	sq->rnr_wait = false;
	sq->rd_atomic = 0;
	sq->una = sq->psn;
	sq->sent = sq->psn;
}

bool rodp_sq_flush(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	int budget = RODP_FLUSH_BATCH;

	sq_land(sq);
	if (!sq->ring.hdr)
		return true;
	rodp_ring_want_kick(&sq->ring, true); /* what is posted from now on is flushed as well */
	while (budget-- && (sq->tail != sq->head || sq_take_to_flush(sq)))
		sq_complete(qp, IB_WC_WR_FLUSH_ERR);
	sq->cur = sq->head;
	sq->cur_packet = 0;
	return sq->tail == sq->head && !sq_posted(sq);
}

void rodp_sq_rewind(struct rodp_qp *qp, u32 psn)
{
	struct rodp_sq *sq = &qp->sq;
	u32 n;

	sq->rd_atomic = 0;
	for (n = sq->tail; n != sq->head; n++) {
		struct rodp_swqe *wqe = rodp_sq_wqe(sq, n);

		if (wqe->is_local && !wqe->executed) {
			sq->cur_packet = 0;
			break;
		}
		if (rodp_psn_cmp(psn, rodp_swqe_last_psn(wqe)) <= 0) {
			sq->cur_packet = rodp_psn_distance(wqe->first_psn, psn);
			break;
		}
		sq->rd_atomic += rodp_swqe_is_rd_atomic(wqe);
	}
	sq->cur = n;
	if (n == sq->head)
		sq->cur_packet = 0;
	rodp_park_cancel(&sq->tx_park);
}

void rodp_sq_catch_up(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;
	const struct rodp_swqe *wqe;
	u32 acked;

	if ((s32)(sq->tail - sq->cur) > 0) {
		sq->cur = sq->tail;
		sq->cur_packet = 0;
	}
	if (sq->cur != sq->tail || sq->cur == sq->head)
		return;
	wqe = rodp_sq_wqe(sq, sq->cur);
	acked = rodp_psn_cmp(sq->una, wqe->first_psn) > 0
			? rodp_psn_distance(wqe->first_psn, sq->una)
			: 0;
	sq->cur_packet = max(sq->cur_packet, acked);
}

void rodp_sq_retry(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	if (!sq->retries) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_RETRY_EXCEEDED);
		rodp_sq_fail(qp, IB_WC_RETRY_EXC_ERR);
		return;
	}
	sq->retries--;
	sq->resync = true;
	sq->deadline = ktime_get_ns() + qp->timeout;
	rodp_sq_rewind(qp, sq->una);
}

void rodp_sq_progress(struct rodp_qp *qp, u32 psn)
{
	struct rodp_sq *sq = &qp->sq;

	sq->una = psn;
	sq->retries = qp->retry_cnt;
	sq->rnr_retries = qp->rnr_retry;
	sq->resync = false;
	sq->rnr_wait = false; /* what it was for is done */
	sq->deadline = ktime_get_ns() + qp->timeout;
}

void rodp_sq_reset(struct rodp_qp *qp)
{
	struct rodp_sq *sq = &qp->sq;

	sq_drop_hand(sq);
	rodp_lane_reset(&sq->lane);
	rodp_loan_recall(qp->loan);
	sq->head = sq->cur = sq->tail = 0;
	sq->cur_packet = 0;
	sq->rd_atomic = 0;
	sq->unrequested = 0;
	sq->resync = false;
	sq->rnr_wait = false;
	sq->timer_fired = false;
	sq->drained_told = false;
	if (!sq->ring.hdr)
		return;
	sq->ring.hdr->prod = 0;
	sq->ring.hdr->cons = 0;
	rodp_ring_want_kick(&sq->ring, true);
}
