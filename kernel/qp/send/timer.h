/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The send queue's timer: retransmission, and the wait after an RNR NAK. Send lane held. */
#ifndef RODP_QP_TIMER_H
#define RODP_QP_TIMER_H

#include "qp/lane/types.h"

void rodp_sq_timer_init(struct rodp_qp *qp);

/* Watch for the acknowledgement of what was just sent; was_idle: nothing was in flight before. */
void rodp_sq_timer_watch(struct rodp_qp *qp, bool was_idle);

/* Send nothing for ns (RNR NAK). */
void rodp_sq_timer_rnr(struct rodp_qp *qp, u64 ns);

/* Deal with a timer that fired. */
void rodp_sq_timer_expired(struct rodp_qp *qp);

#endif
