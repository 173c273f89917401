/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What an end tells its user: completions, events, failure. */
#ifndef RODP_QP_TELL_H
#define RODP_QP_TELL_H

#include "qp/end/end.h"

/* What to tell once a lane is free: bits of rodp_lane.tell. */
enum rodp_tell {
	RODP_TELL_SEND_CQ = 1 << 0,
	RODP_TELL_RECV_CQ = 1 << 1,
	RODP_TELL_SEND_CQ_ERR = 1 << 2,
	RODP_TELL_RECV_CQ_ERR = 1 << 3,
	RODP_TELL_QP_FATAL = 1 << 4,
	RODP_TELL_QP_REQ_ERR = 1 << 5,
	RODP_TELL_QP_ACCESS_ERR = 1 << 6,
	RODP_TELL_COMM_EST = 1 << 7,
	RODP_TELL_SQ_DRAINED = 1 << 8,
	RODP_TELL_LAST_WQE = 1 << 9,
	RODP_TELL_FLUSH = 1 << 10, /* the QP failed: let both lanes flush */
};

/**
 * rodp_end_after() - what both lanes do once they are released: deliver what they sent without a
 *	network, and tell what they collected
 * @end: whose lane it was
 * @tell: RODP_TELL_*
 *
 * Context: BH disabled, no lane held.
 */
void rodp_end_after(struct rodp_end *end, u32 tell);

/**
 * rodp_end_fail() - to ERR: no packet is taken or sent any more, both lanes will flush
 * @end: in any state; where nothing can fail (RESET, INIT, ERR) nothing happens
 * @held: the lane that is held
 * @tell: which asynchronous event goes with it (0: none, the completion says it)
 *
 * Context: Process or softirq; @held is held.
 */
void rodp_end_fail(struct rodp_end *end, struct rodp_lane *held, u32 tell);

/**
 * rodp_end_fail_sending() - a send request failed: to ERR, or of a transport without
 *	acknowledgements to SQE
 * @end: the end
 *
 * Context: Process or softirq; the send lane is held.
 */
void rodp_end_fail_sending(struct rodp_end *end);

/**
 * rodp_end_complete_send() - add a completion to the send CQ; the lane collects the event
 * @end: the end, which fails if the CQ is full
 * @cqe: the completion
 *
 * Context: Process or softirq; the send lane is held.
 */
void rodp_end_complete_send(struct rodp_end *end, struct rodp_cqe *cqe);

/**
 * rodp_end_complete_receive() - the same of the receive CQ
 * @end: as above
 * @cqe: as above
 * @solicited: whether the sender asked for an event
 *
 * Context: Process or softirq; the receive lane is held.
 */
void rodp_end_complete_receive(struct rodp_end *end, struct rodp_cqe *cqe, bool solicited);

#endif
