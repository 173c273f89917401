// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The send queue: work requests from ring to completion, see sq.h. */
#include <linux/mm.h>

#include "base/share.h"
#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/queue/sq.h"

/* The copies of what is posted: of the kernel's memory, and its user's account. */
static int sq_make_copies(struct rodp_sq *sq)
{
	int err = rodp_ring_try_charge(&sq->ring, (u64)sq->ring.entries * sq->wqe_stride);

	if (err)
		return err;
	sq->wqe = kvcalloc(sq->ring.entries, sq->wqe_stride, RODP_GFP_SIZED);
	return sq->wqe ? 0 : -ENOMEM;
}

int rodp_sq_create(struct rodp_sq *sq, struct ib_qp_cap *cap, struct ib_ucontext *uctx,
		   struct rodp_ring_resp *resp)
{
	u32 room = max_t(u32, cap->max_send_sge * sizeof(struct rodp_sge), cap->max_inline_data);
	int err;

	room = ALIGN(room, sizeof(struct rodp_sge));
	err = rodp_ring_create(&sq->ring, uctx, max(cap->max_send_wr, 1u),
			       ALIGN(RODP_SEND_WQE_HDR + room, RODP_SEND_WQE_HDR), resp);
	if (err)
		return err;
	sq->wqe_stride = ALIGN(sizeof(struct rodp_swqe) + room, sizeof(u64));
	err = sq_make_copies(sq);
	if (err) {
		rodp_ring_destroy(&sq->ring);
		return err;
	}
	sq->limits = (struct rodp_swqe_limits){
		.max_sge = cap->max_send_sge,
		.max_inline = room,
		.user = sq->end->user,
	};
	cap->max_inline_data = room;
	cap->max_send_wr = sq->ring.entries;
	rodp_ring_want_kick(&sq->ring, true);
	return 0;
}

void rodp_sq_destroy(struct rodp_sq *sq)
{
	kvfree(sq->wqe);
	rodp_ring_destroy(&sq->ring);
}

u32 rodp_sq_posted(const struct rodp_sq *sq)
{
	u32 posted = rodp_ring_prod(&sq->ring) - sq->at.head;

	return posted <= sq->ring.entries ? posted : 0;
}

/* Whether there is one to take. If not, the poster is asked to ring, unless we come back anyway. */
static bool sq_has_posted(struct rodp_sq *sq, bool soon)
{
	lockdep_assert_held(&sq->lane.lock);
	if (!rodp_sq_posted(sq) && !soon) {
		rodp_ring_want_kick(&sq->ring, true);
		if (!rodp_sq_posted(sq))
			return false;
	}
	rodp_ring_want_kick(&sq->ring, false);
	return rodp_sq_posted(sq);
}

struct rodp_swqe *rodp_sq_take(struct rodp_sq *sq, bool soon)
{
	struct rodp_swqe *wqe;

	rodp_end_assert_sending(sq->end);
	if (sq->at.head - sq->at.tail >= sq->ring.entries || !sq_has_posted(sq, soon))
		return NULL;
	wqe = rodp_sq_wqe(sq, sq->at.head);
	wqe->status = rodp_swqe_copy(wqe, rodp_ring_slot(&sq->ring, sq->at.head), &sq->limits);
	sq->at.head++;
	return wqe;
}

/* The slot is free before the completion says so. */
void rodp_sq_complete(struct rodp_sq *sq, enum ib_wc_status status)
{
	struct rodp_swqe *wqe = rodp_sq_oldest(sq);
	struct rodp_cqe cqe = {
		.wr_id = wqe->wr_id,
		.status = status,
		.opcode = rodp_swqe_wc_opcode(wqe),
		.qp_num = sq->end->ib.qp_num,
	};

	rodp_end_assert_sending(sq->end);
	if (rodp_swqe_is_rd_atomic(wqe))
		cqe.byte_len = wqe->length;
	sq->end->path->retire(sq);
	rodp_ring_publish_cons(&sq->ring, sq->at.tail);
	if (status || sq->signal_all || (wqe->flags & RODP_WQE_SIGNALED))
		rodp_end_complete_send(sq->end, &cqe);
}

/*
 * Take the next work request out of the ring to complete it, not to execute it: what it asks for is
 * not looked at, since the QP may lack what that needs (one that was never connected has no path MTU).
 */
static bool sq_take_to_flush(struct rodp_sq *sq)
{
	lockdep_assert_held(&sq->lane.lock);
	if (!rodp_sq_posted(sq))
		return false;
	rodp_swqe_copy_flushed(rodp_sq_wqe(sq, sq->at.head),
			       rodp_ring_slot(&sq->ring, sq->at.head));
	sq->at.head++;
	return true;
}

bool rodp_sq_flush(struct rodp_sq *sq)
{
	int budget = RODP_FLUSH_BATCH;

	rodp_end_assert_sending(sq->end);
	if (!sq->ring.hdr)
		return true;
	rodp_ring_want_kick(&sq->ring, true); /* what is posted from now on is flushed as well */
	while (budget-- && (!rodp_sq_is_empty(sq) || sq_take_to_flush(sq)))
		rodp_sq_complete(sq, IB_WC_WR_FLUSH_ERR);
	sq->at.cur = sq->at.head;
	return rodp_sq_is_empty(sq) && !rodp_sq_posted(sq);
}

void rodp_sq_reset(struct rodp_sq *sq)
{
	lockdep_assert_held(&sq->lane.lock);
	sq->at = (struct rodp_sq_at){};
	if (!sq->ring.hdr)
		return;
	sq->ring.hdr->prod = 0;
	sq->ring.hdr->cons = 0;
	rodp_ring_want_kick(&sq->ring, true);
}
