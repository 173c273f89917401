/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The sender's timer: retransmission, and the wait after an RNR NAK. Send lane held.
 *
 * The times that modify_qp and RNR NAKs name are minimums (IBTA vol. 1, 9.7.6.1.3, 9.7.5.2.8), and
 * those who name them may be the two ends of an attack on the CPU that they run on. So no time-out
 * is shorter than RODP_TIMEOUT_FLOOR, and who is told again and again that the peer is not ready
 * waits longer and longer.
 */
#ifndef RODP_QP_TIMER_H
#define RODP_QP_TIMER_H

#include "qp/send/sender.h"

/* ns: that of code 8. */
#define RODP_TIMEOUT_FLOOR (4096ull << 8)

/* The time-out of a code of modify_qp, ns: 4.096 us * 2^code; code 0 is none (IBTA vol. 1, 11.2.5.2). */
static inline u64 rodp_timeout_of_code(u8 code)
{
	return code ? max(4096ull << code, RODP_TIMEOUT_FLOOR) : 0;
}

/* Of a new sender, whose lane nobody has yet. */
void rodp_sender_timer_init(struct rodp_sender *tx);

/* Watch for the acknowledgement of what was just sent; was_idle: nothing was in flight before. */
void rodp_sender_timer_watch(struct rodp_sender *tx, bool was_idle);

/*
 * The peer went on: it is to fire in time for what is on its way now. Also if it does not run: what was
 * to be sent again when it fired may have waited for memory, and need not be sent any more.
 */
void rodp_sender_timer_hasten(struct rodp_sender *tx);

/* Send nothing for ns at least (RNR NAK). */
void rodp_sender_timer_rnr(struct rodp_sender *tx, u64 ns);

/* Deal with a timer that fired. */
void rodp_sender_timer_expired(struct rodp_sender *tx);

#endif
