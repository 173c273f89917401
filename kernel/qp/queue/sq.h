/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The send queue: work requests from ring to completion. Every function wants the
 * send lane held.
 */
#ifndef RODP_QP_SQ_H
#define RODP_QP_SQ_H

#include "qp/lane/types.h"

/*
 * Take the next work request out of the ring, check it and give it PSNs.
 * Returns the WQE, or NULL when the ring is empty (then the poster was asked to
 * ring the doorbell). A bad request is taken too, with its status set.
 */
struct rodp_swqe *rodp_sq_fetch(struct rodp_qp *qp);

/* The oldest WQE is done: complete it with success and go on to the next. */
void rodp_sq_retire(struct rodp_qp *qp);

/* The oldest WQEs that are executed without a message (local.h) are done, as above. */
void rodp_sq_retire_executed(struct rodp_qp *qp);

/* The oldest WQE fails: complete it with status, and the QP fails. */
void rodp_sq_fail(struct rodp_qp *qp, enum ib_wc_status status);

/*
 * Complete what is under way and what is posted with IB_WC_WR_FLUSH_ERR, at most RODP_FLUSH_BATCH of
 * them: the process can post without end. Returns whether none is left; else call it again later.
 */
bool rodp_sq_flush(struct rodp_qp *qp);

/* Go back: send again from PSN psn on, which is not acknowledged. */
void rodp_sq_rewind(struct rodp_qp *qp, u32 psn);

/* After a rewind, answers to what was sent before may still come: skip what they acknowledge. */
void rodp_sq_catch_up(struct rodp_qp *qp);

/* Lost packets: rewind to the oldest PSN if retries are left, else fail. */
void rodp_sq_retry(struct rodp_qp *qp);

/* The peer made progress up to, not including, psn: the clock starts anew. */
void rodp_sq_progress(struct rodp_qp *qp, u32 psn);

/* Back to how it was created: counters, WQEs, ring. */
void rodp_sq_reset(struct rodp_qp *qp);

#endif
