/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The receive queue: what the parts of the responder share. Every function
 * wants the receive lane held.
 */
#ifndef RODP_QP_RQ_H
#define RODP_QP_RQ_H

#include "qp.h"

/*
 * Take a receive work request for the message that begins.
 * Returns 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_rq_take(struct rodp_qp *qp);

/* Complete the receive work request that was taken; cqe holds what the message told. */
void rodp_rq_complete(struct rodp_qp *qp, struct rodp_cqe *cqe, bool solicited);

/* Complete everything, posted later as well, with IB_WC_WR_FLUSH_ERR. */
void rodp_rq_flush(struct rodp_qp *qp);

/* Back to how it was created: counters, ring. */
void rodp_rq_reset(struct rodp_qp *qp);

/* reply.c: answers to READs */
/* Remember a READ or ATOMIC, in case the answer is lost. */
struct rodp_rd_atomic *rodp_rq_remember(struct rodp_qp *qp, u32 psn, u32 packets);
/* The one whose PSNs hold psn, or NULL. */
struct rodp_rd_atomic *rodp_rq_recall(struct rodp_qp *qp, u32 psn);
/* Begin to send a READ's answer, packets from PSN psn on. */
void rodp_reply_start(struct rodp_qp *qp, u32 psn, u64 va, u32 length, u32 rkey, bool duplicate);
/* Send as much as may go now; sets reply.active to false at the end. */
void rodp_reply_run(struct rodp_qp *qp);

/* ack.c: packets without payload that the responder sends */
void rodp_send_ack(struct rodp_qp *qp, u32 psn);
void rodp_send_nak(struct rodp_qp *qp, u32 psn, enum rodp_nak code);
void rodp_send_rnr_nak(struct rodp_qp *qp, u32 psn);
/* Local path: the requester's own memory or key failed; it is to complete with status. */
void rodp_send_local_error(struct rodp_qp *qp, u32 psn, enum ib_wc_status status);
/* Local path: the data of a READ is in the requester's memory already. */
void rodp_send_read_placed(struct rodp_qp *qp, u32 psn);
void rodp_send_atomic_ack(struct rodp_qp *qp, u32 psn, u64 original);

#endif
