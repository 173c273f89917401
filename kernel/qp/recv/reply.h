/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Answers to READs and ATOMICs: sending them, and remembering them. Receive lane held. */
#ifndef RODP_QP_REPLY_H
#define RODP_QP_REPLY_H

#include "qp/lane/types.h"

/* Remember a request of this kind (RODP_OPF_*), in case the answer is lost. */
struct rodp_rd_atomic *rodp_rq_remember(struct rodp_qp *qp, u32 kind, u32 psn, u32 packets);
/* The one whose PSNs hold psn, or NULL. */
struct rodp_rd_atomic *rodp_rq_recall(struct rodp_qp *qp, u32 psn);
/* Begin to send a READ's answer, packets from PSN psn on. */
void rodp_reply_start(struct rodp_qp *qp, u32 psn, u64 va, u32 length, u32 rkey, bool duplicate);
/* Send as much as may go now; sets reply.active to false at the end. */
void rodp_reply_run(struct rodp_qp *qp);

#endif
