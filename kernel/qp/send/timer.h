/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The sender's timer: retransmission, and the wait after an RNR NAK. Send lane held. */
#ifndef RODP_QP_TIMER_H
#define RODP_QP_TIMER_H

#include "qp/send/sender.h"

/* Of a new sender, whose lane nobody has yet. */
void rodp_sender_timer_init(struct rodp_sender *tx);

/* Watch for the acknowledgement of what was just sent; was_idle: nothing was in flight before. */
void rodp_sender_timer_watch(struct rodp_sender *tx, bool was_idle);

/* Send nothing for ns (RNR NAK). */
void rodp_sender_timer_rnr(struct rodp_sender *tx, u64 ns);

/* Deal with a timer that fired. */
void rodp_sender_timer_expired(struct rodp_sender *tx);

#endif
