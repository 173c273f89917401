/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The requester: cuts work requests into packets. Send lane held. */
#ifndef RODP_QP_REQUESTER_H
#define RODP_QP_REQUESTER_H

#include "qp/send/sender.h"

/* A packet of a request that is to be made: what struct rodp_path_ops.cut() tells. */
struct rodp_part {
	struct rodp_swqe *wqe;
	u32 psn;
	u32 offset; /* in the message, bytes */
	u32 payload; /* bytes */
	u32 extent; /* that a RETH announces: bytes from `offset` on */
	bool first;
	bool last;
	bool asks; /* for an acknowledgement */
	struct rodp_hold *hold; /* see struct rodp_xfer */
};

/* struct rodp_send_ops of the connected transports. All: sender's lane held, BH disabled. */

/**
 * rodp_requester_run() - send what may be sent
 * @tx: the sender
 */
void rodp_requester_run(struct rodp_sender *tx);

/**
 * rodp_requester_check() - check a work request as far as transport and path ask
 * @tx: the sender
 * @wqe: the copy
 * @slot: its slot in the ring
 *
 * Return: IB_WC_SUCCESS, or what it fails with.
 */
enum ib_wc_status rodp_requester_check(struct rodp_sender *tx, struct rodp_swqe *wqe,
				       const struct rodp_send_wqe *slot);

/**
 * rodp_requester_run_unacked() - the same of UC, where a request is complete once it is on its way
 * @tx: the sender
 */
void rodp_requester_run_unacked(struct rodp_sender *tx);

/**
 * rodp_requester_check_unacked() - the same; the transport may lack the message
 * @tx: the sender
 * @wqe: the copy
 * @slot: its slot in the ring
 *
 * Return: IB_WC_SUCCESS, or what it fails with.
 */
enum ib_wc_status rodp_requester_check_unacked(struct rodp_sender *tx, struct rodp_swqe *wqe,
					       const struct rodp_send_wqe *slot);

/**
 * rodp_requester_sent_unacked() - a packet is on its way: nobody will say that it arrived
 * @tx: the sender
 * @last: whether it ends its message, which is complete then
 */
void rodp_requester_sent_unacked(struct rodp_sender *tx, bool last);

/**
 * rodp_requester_check_keys() - check the keys of a work request's scatter/gather list
 * @end: whose PD they must belong to
 * @wqe: the work request
 * @access: what they must grant, IB_ACCESS_*
 *
 * An answer needs a place before it is asked for, and a message that the peer fetches is checked
 * before the peer hears of it: so a bad key fails the work request here (IBTA vol. 1, 10.7.3.2).
 *
 * Context: Process or softirq; the send lane is held.
 * Return: IB_WC_SUCCESS, or what the work request fails with.
 */
enum ib_wc_status rodp_requester_check_keys(const struct rodp_end *end, const struct rodp_swqe *wqe,
					    u32 access);

/**
 * rodp_requester_fill() - put the payload of a packet into it
 * @tx: the sender, whose lane is held
 * @skb: the packet
 * @part: what of the message it is
 *
 * Context: BH disabled.
 * Return: 0, or as rodp_xfer_sgl().
 */
int rodp_requester_fill(struct rodp_sender *tx, struct sk_buff *skb, const struct rodp_part *part);

#endif
