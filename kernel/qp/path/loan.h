/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Loans: how a responder reaches the memory of a requester on the same host.
 *
 * On the local path a request carries no payload: it names the
 * requester's work request, and the responder copies between that one's memory and its
 * own, one copy a byte. The work request is the requester's, who may complete, flush or
 * destroy it at any time; so the responder touches it under the loan's lock only,
 * in pieces, and looks each time whether it is still there. A loan outlives its
 * QP. Lock order: docs/architecture.md, "Lock order".
 */
#ifndef RODP_QP_LOAN_H
#define RODP_QP_LOAN_H

#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "qp/send/sender.h"
#include "qp/xfer/xfer.h"

struct rodp_loan {
	struct rodp_lender lender;
	spinlock_t lock; /* BH disabled: tx, epoch, and the lender's sq.at.tail */
	refcount_t ref;
	struct rodp_sender *tx; /* NULL: revoked for good */
	u32 epoch; /* changes when the send queue starts anew */
};

/**
 * rodp_loan_create() - make what a sender's work requests are lent by
 * @tx: the sender
 *
 * Context: Process, sleeps.
 * Return: the loan, for rodp_loan_revoke(), or NULL: no memory.
 */
struct rodp_loan *rodp_loan_create(struct rodp_sender *tx);

/* Lend work request n to the bearer of skb, which gives it back when it is freed. Send lane held. */
void rodp_loan_lend(struct rodp_loan *loan, u32 n, struct sk_buff *skb);

/* The oldest work request is lent no longer; waits for the end of a piece that is copied. Send lane held. */
void rodp_loan_step(struct rodp_loan *loan);

/**
 * rodp_loan_recall() - what was lent is void: the send queue starts anew
 * @loan: of a sender whose lane is stopped
 *
 * Waits for the end of a piece that is being copied.
 *
 * Context: Process or softirq.
 */
void rodp_loan_recall(struct rodp_loan *loan);

/**
 * rodp_loan_revoke() - the same for good: the sender goes
 * @loan: is freed when the last packet that bears something of it is
 *
 * Context: As above.
 */
void rodp_loan_revoke(struct rodp_loan *loan);

#endif
