/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Loans: how a responder reaches the memory of a requester on the same host.
 *
 * On the local path (courier.h) a request carries no payload: it names the
 * requester's WQE, and the responder copies between that WQE's memory and its
 * own, one copy a byte. The WQE is the requester's, who may complete, flush or
 * destroy it at any time; so the responder touches it under the loan's lock only,
 * in pieces, and looks each time whether it is still there. A loan outlives its
 * QP. Lock order: a lane's lock, the loan's, a leaf's.
 */
#ifndef RODP_QP_LOAN_H
#define RODP_QP_LOAN_H

#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "net/packet.h"
#include "qp/lane/types.h"

struct rodp_loan {
	spinlock_t lock; /* BH disabled: qp, epoch, and the requester's sq.tail */
	refcount_t ref;
	struct rodp_qp *qp; /* NULL: revoked for good */
	u32 epoch; /* changes when the send queue starts anew */
};

/* Sleeps. NULL: no memory. */
struct rodp_loan *rodp_loan_create(struct rodp_qp *qp);
void rodp_loan_put(struct rodp_loan *loan);

/* Lend WQE n of the loan's QP to the bearer of skb, which gives it back when it is freed. */
void rodp_loan_lend(struct rodp_loan *loan, u32 n, struct sk_buff *skb);

/* What was lent is void: the send queue starts anew, or (for good) the QP goes. */
void rodp_loan_recall(struct rodp_loan *loan);
void rodp_loan_revoke(struct rodp_loan *loan);

/*
 * Move xfer->bytes between mr at iova and the lent WQE from byte xfer->lent_offset of its
 * message, a bounded number of them. The responder's lane is held.
 * Returns 0, -EAGAIN (parked), -EINPROGRESS (more to do: rest and call again),
 * -EFAULT (mr's memory), -EREMOTEIO (the requester's memory or key), -ESTALE
 * (the WQE is no more).
 */
int rodp_loan_xfer(struct rodp_park *park, struct rodp_mr *mr, u64 iova, struct rodp_xfer *xfer);

#endif
