// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Loans, see loan.h. */
#include <linux/minmax.h>
#include <linux/slab.h>

#include "qp/lane/loan.h"

/*
 * Bytes moved before the lane lets others in, and under one hold of the loan's lock:
 * the first is what one run of the wire path moves at the largest MTU.
 */
#define LOAN_BATCH (256u << 10)
#define LOAN_PIECE (16u << 10)

struct rodp_loan *rodp_loan_create(struct rodp_qp *qp)
{
	struct rodp_loan *loan = kzalloc(sizeof(*loan), GFP_KERNEL_ACCOUNT);

	if (!loan)
		return NULL;
	spin_lock_init(&loan->lock);
	refcount_set(&loan->ref, 1);
	loan->qp = qp;
	return loan;
}

void rodp_loan_put(struct rodp_loan *loan)
{
	if (refcount_dec_and_test(&loan->ref))
		kfree(loan);
}

static void give_back(struct sk_buff *skb)
{
	rodp_loan_put(rodp_packet(skb)->lent.loan);
}

void rodp_loan_lend(struct rodp_loan *loan, u32 n, struct sk_buff *skb)
{
	struct rodp_lent *lent = &rodp_packet(skb)->lent;

	refcount_inc(&loan->ref);
	lent->loan = loan;
	lent->epoch = loan->epoch;
	lent->wqe = n;
	skb->destructor = give_back;
}

void rodp_loan_recall(struct rodp_loan *loan)
{
	spin_lock_bh(&loan->lock);
	loan->epoch++;
	spin_unlock_bh(&loan->lock);
}

void rodp_loan_revoke(struct rodp_loan *loan)
{
	spin_lock_bh(&loan->lock);
	loan->qp = NULL;
	spin_unlock_bh(&loan->lock);
	rodp_loan_put(loan);
}

/* Loan's lock held. The WQE if it is neither complete nor another one by now. */
static const struct rodp_swqe *loan_wqe(const struct rodp_lent *lent)
{
	const struct rodp_loan *loan = lent->loan;
	const struct rodp_sq *sq;

	if (!loan->qp || loan->epoch != lent->epoch)
		return NULL;
	sq = &loan->qp->sq;
	return lent->wqe - sq->tail < sq->ring.entries ? rodp_sq_wqe(sq, lent->wqe) : NULL;
}

/* The entry that holds byte *offset of the message, which becomes an offset in it. */
static const struct rodp_sge *loan_sge(const struct rodp_swqe *wqe, u32 *offset)
{
	u8 i;

	for (i = 0; i < wqe->num_sge; i++) {
		if (*offset < wqe->sge[i].length)
			return &wqe->sge[i];
		*offset -= wqe->sge[i].length;
	}
	return NULL;
}

/* Up to `bytes` between mr and one entry of the requester's list. */
static int xfer_piece(struct rodp_qp *owner, const struct rodp_swqe *wqe, struct rodp_park *park,
		      struct rodp_mr *mr, u64 iova, u32 bytes, struct rodp_xfer *xfer)
{
	u32 skip = xfer->lent_offset + xfer->done;
	const struct rodp_sge *sge = loan_sge(wqe, &skip);
	struct rodp_mr *theirs;
	struct rodp_copied copied;
	u64 addr, miss;
	int err = 0;

	if (!sge)
		return -EREMOTEIO;
	addr = sge->addr + skip;
	bytes = min(bytes, sge->length - skip);
	theirs = rodp_mr_get(owner->dev, owner->ib.pd, sge->lkey,
			     xfer->write ? 0 : IB_ACCESS_LOCAL_WRITE, addr, bytes);
	if (!theirs)
		return -EREMOTEIO;
	if (xfer->write)
		copied = rodp_mr_copy(mr, iova, theirs, addr, bytes);
	else
		copied = rodp_mr_copy(theirs, addr, mr, iova, bytes);
	xfer->done += copied.done;
	if (copied.done < bytes) {
		/* Both ends may be one region: which end missed, the region does not tell. */
		bool mine = copied.src_missed != xfer->write;
		struct rodp_mr *missed = mine ? mr : theirs;
		u64 left = xfer->extent > xfer->done ? xfer->extent - xfer->done
						     : bytes - copied.done;

		miss = (mine ? iova : addr) + copied.done;
		if (!mine)
			left = min_t(u64, left, sge->length - skip - copied.done);
		err = rodp_park_miss(park, missed, miss, rodp_mr_clip(missed, miss, left),
				     mine == xfer->write);
		if (err == -EFAULT && !mine)
			err = -EREMOTEIO;
	}
	rodp_mr_put(theirs);
	return err;
}

static int xfer_inline(const struct rodp_swqe *wqe, struct rodp_park *park, struct rodp_mr *mr,
		       u64 iova, u32 bytes, struct rodp_xfer *xfer)
{
	size_t done = rodp_mr_write(mr, iova, wqe->data + xfer->lent_offset + xfer->done, bytes);

	xfer->done += done;
	if (done == bytes)
		return 0;
	return rodp_park_miss(park, mr, iova + done, bytes - done, true);
}

int rodp_loan_xfer(struct rodp_park *park, struct rodp_mr *mr, u64 iova, struct rodp_xfer *xfer)
{
	struct rodp_loan *loan = xfer->lent->loan;
	u32 until = min(xfer->bytes, xfer->done + LOAN_BATCH), bytes;
	const struct rodp_swqe *wqe;
	int err = 0;

	while (!err && xfer->done < until) {
		bytes = min(until - xfer->done, LOAN_PIECE);
		spin_lock_bh(&loan->lock);
		wqe = loan_wqe(xfer->lent);
		if (!wqe)
			err = -ESTALE;
		else if (wqe->is_inline)
			err = xfer_inline(wqe, park, mr, iova + xfer->done, bytes, xfer);
		else
			err = xfer_piece(loan->qp, wqe, park, mr, iova + xfer->done, bytes, xfer);
		spin_unlock_bh(&loan->lock);
	}
	return err ?: xfer->done < xfer->bytes ? -EINPROGRESS : 0;
}
