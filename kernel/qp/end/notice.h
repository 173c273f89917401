/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Congestion notices (annex A17.9): whoever gets packets that a router or a queueing discipline marked tells
 * the QP that sent them, which slows down (qp/lane/pacer.h). No QP is told more often than the
 * parameter cnp_us says.
 */
#ifndef RODP_QP_NOTICE_H
#define RODP_QP_NOTICE_H

#include "qp/end/end.h"

/**
 * rodp_notice_owe() - packets with the mark came
 * @end: which they are for
 * @lane: of @end, which takes them and will be run
 *
 * Context: softirq, under RCU.
 */
void rodp_notice_owe(struct rodp_end *end, struct rodp_lane *lane);

/* For rodp_notice_pay(). */
void rodp_notice_send(struct rodp_end *end, struct rodp_lane *lane);

/**
 * rodp_notice_pay() - tell the peer, if that is owed
 * @end: an end with a peer
 * @lane: of @end, held
 *
 * Context: BH disabled. A notice that is lost, or for which there is no memory, is followed by others.
 */
static inline void rodp_notice_pay(struct rodp_end *end, struct rodp_lane *lane)
{
	if (unlikely(READ_ONCE(lane->notice_owed)))
		rodp_notice_send(end, lane);
}

/**
 * rodp_notice_take() - a congestion notification packet came
 * @end: whose packets met congestion
 * @skb: the packet; is consumed
 *
 * Context: softirq, under RCU.
 */
void rodp_notice_take(struct rodp_end *end, struct sk_buff *skb);

#endif
