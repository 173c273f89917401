/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The receive queue: work requests from ring to completion. Every function wants the
 * receive lane held.
 */
#ifndef RODP_QP_RQ_H
#define RODP_QP_RQ_H

#include "qp/lane/types.h"

/*
 * Take a receive work request for the message that begins.
 * Returns 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_rq_take(struct rodp_qp *qp);

/* The PD that the keys in receive work requests belong to: an SRQ's own, or the QP's. */
struct ib_pd *rodp_rq_pd(const struct rodp_qp *qp);

/* Complete the receive work request that was taken; cqe holds what the message told. */
void rodp_rq_complete(struct rodp_qp *qp, struct rodp_cqe *cqe, bool solicited);

/* As rodp_sq_flush(). */
bool rodp_rq_flush(struct rodp_qp *qp);

/* One step of it; the lane's work item goes on with the rest. */
void rodp_rq_run_flush(struct rodp_qp *qp);

/* Back to how it was created: counters, ring. */
void rodp_rq_reset(struct rodp_qp *qp);

#endif
