// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Loans, see loan.h. */
#include <linux/minmax.h>
#include <linux/slab.h>

#include "net/packet.h"
#include "qp/path/loan.h"

/*
 * Bytes moved before the lane lets others in, and under one hold of the loan's lock:
 * the first is what one run of the wire path moves at the largest MTU.
 */
#define LOAN_BATCH (256u << 10)
#define LOAN_PIECE (64u << 10)

static void loan_put(struct rodp_loan *loan)
{
	if (refcount_dec_and_test(&loan->ref))
		kfree(loan);
}

static void loan_give_back(struct sk_buff *skb)
{
	loan_put(container_of(rodp_packet(skb)->lent.lender, struct rodp_loan, lender));
}

void rodp_loan_lend(struct rodp_loan *loan, u32 n, struct sk_buff *skb)
{
	struct rodp_lent *lent = &rodp_packet(skb)->lent;

	lockdep_assert_held(&loan->tx->sq.lane.lock);
	refcount_inc(&loan->ref);
	lent->lender = &loan->lender;
	lent->epoch = loan->epoch;
	lent->wqe = n;
	skb->destructor = loan_give_back;
}

void rodp_loan_step(struct rodp_loan *loan)
{
	lockdep_assert_held(&loan->tx->sq.lane.lock);
	spin_lock(&loan->lock);
	loan->tx->sq.at.tail++;
	spin_unlock(&loan->lock);
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
	loan->tx = NULL;
	spin_unlock_bh(&loan->lock);
	loan_put(loan);
}

/* The work request if it is neither complete nor another one by now. */
static const struct rodp_swqe *loan_wqe(const struct rodp_loan *loan, const struct rodp_lent *lent)
{
	const struct rodp_sq *sq;

	lockdep_assert_held(&loan->lock);
	if (!loan->tx || loan->epoch != lent->epoch)
		return NULL;
	sq = &loan->tx->sq;
	return lent->wqe - sq->at.tail < sq->ring.entries ? rodp_sq_wqe(sq, lent->wqe) : NULL;
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

/* One piece of a transfer: in the borrower's region, and in one entry of the lender's list. */
struct loan_piece {
	struct rodp_mr *mr;
	u64 iova;
	struct rodp_mr *lent_mr;
	u64 lent_addr;
	u32 bytes;
	u32 lent_left; /* bytes of the entry from lent_addr on */
};

/* Find the lender's side of the piece. The MR is referenced. 0, or -EREMOTEIO. */
static int loan_piece_lend(const struct rodp_end *lender, const struct rodp_swqe *wqe,
			   const struct rodp_xfer *xfer, struct loan_piece *piece)
{
	u32 skip = xfer->lent_offset + xfer->done;
	const struct rodp_sge *sge = loan_sge(wqe, &skip);

	if (!sge)
		return -EREMOTEIO;
	piece->lent_addr = sge->addr + skip;
	piece->lent_left = sge->length - skip;
	piece->bytes = min(piece->bytes, piece->lent_left);
	piece->lent_mr = rodp_mr_get(lender->dev, lender->ib.pd, sge->lkey,
				     xfer->write ? 0 : IB_ACCESS_LOCAL_WRITE, piece->lent_addr,
				     piece->bytes);
	return piece->lent_mr ? 0 : -EREMOTEIO;
}

static struct rodp_copied loan_piece_copy(const struct loan_piece *piece, bool write)
{
	if (write)
		return rodp_mr_copy(piece->mr, piece->iova, piece->lent_mr, piece->lent_addr,
				    piece->bytes);
	return rodp_mr_copy(piece->lent_mr, piece->lent_addr, piece->mr, piece->iova, piece->bytes);
}

/*
 * A copy stopped after `done` bytes of the piece: wait for the memory that was absent. Both sides may
 * be one region: which side missed, the region does not tell.
 */
static int loan_piece_miss(const struct loan_piece *piece, struct rodp_park *park, u32 done,
			   bool lent_missed, const struct rodp_xfer *xfer)
{
	struct rodp_mr *mr = lent_missed ? piece->lent_mr : piece->mr;
	u64 iova = (lent_missed ? piece->lent_addr : piece->iova) + done;
	u64 left = xfer->extent > xfer->done ? xfer->extent - xfer->done : piece->bytes - done;
	int err;

	if (lent_missed)
		left = min_t(u64, left, piece->lent_left - done);
	err = rodp_park_miss(park, mr, iova, rodp_mr_clip(mr, iova, left),
			     lent_missed != xfer->write);
	return err == -EFAULT && lent_missed ? -EREMOTEIO : err;
}

static int loan_xfer_piece(const struct rodp_end *lender, const struct rodp_swqe *wqe,
			   struct rodp_park *park, struct loan_piece *piece, struct rodp_xfer *xfer)
{
	int err = loan_piece_lend(lender, wqe, xfer, piece);
	struct rodp_copied copied;

	if (err)
		return err;
	copied = loan_piece_copy(piece, xfer->write);
	xfer->done += copied.done;
	if (unlikely(copied.damaged))
		err = xfer->write ? -EREMOTEIO : -EIO;
	else if (unlikely(copied.done < piece->bytes))
		err = loan_piece_miss(piece, park, copied.done, copied.src_missed == xfer->write,
				      xfer);
	rodp_mr_put(piece->lent_mr);
	return err;
}

static int loan_xfer_inline(const struct rodp_swqe *wqe, struct rodp_park *park,
			    const struct loan_piece *piece, struct rodp_xfer *xfer)
{
	size_t done = rodp_mr_write(piece->mr, piece->iova,
				    wqe->data + xfer->lent_offset + xfer->done, piece->bytes);

	xfer->done += done;
	if (done == piece->bytes)
		return 0;
	return rodp_park_miss(park, piece->mr, piece->iova + done, piece->bytes - done, true);
}

/* struct rodp_lender.xfer: a bounded number of bytes. The responder's lane is held. */
static int loan_xfer(const struct rodp_lender *lender, struct rodp_park *park, struct rodp_mr *mr,
		     u64 iova, struct rodp_xfer *xfer)
{
	struct rodp_loan *loan = container_of(lender, struct rodp_loan, lender);
	u32 begin = xfer->done, until = min(xfer->bytes, begin + LOAN_BATCH);
	const struct rodp_swqe *wqe;
	int err = 0;

	lockdep_assert_held(&park->lane->lock);
	while (!err && xfer->done < until) {
		struct loan_piece piece = {
			.mr = mr,
			.iova = iova + xfer->done,
			.bytes = min(until - xfer->done, LOAN_PIECE),
		};

		spin_lock(&loan->lock);
		wqe = loan_wqe(loan, xfer->lent);
		if (!wqe)
			err = -ESTALE;
		else if (wqe->is_inline)
			err = loan_xfer_inline(wqe, park, &piece, xfer);
		else
			err = loan_xfer_piece(loan->tx->sq.end, wqe, park, &piece, xfer);
		spin_unlock(&loan->lock);
	}
	park->lane->moved += xfer->done - begin;
	if (err)
		return err;
	return xfer->done < xfer->bytes ? -EINPROGRESS : 0;
}

struct rodp_loan *rodp_loan_create(struct rodp_sender *tx)
{
	struct rodp_loan *loan = kzalloc(sizeof(*loan), GFP_KERNEL_ACCOUNT);

	if (!loan)
		return NULL;
	loan->lender.xfer = loan_xfer;
	spin_lock_init(&loan->lock);
	refcount_set(&loan->ref, 1);
	loan->tx = tx;
	return loan;
}
