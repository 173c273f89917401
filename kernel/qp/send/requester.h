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
	bool first;
	bool last;
};

/* struct rodp_send_ops of the connected transports. */
void rodp_requester_run(struct rodp_sender *tx);
bool rodp_requester_asks(const struct rodp_sender *tx, bool last);
enum ib_wc_status rodp_requester_check(struct rodp_sender *tx, struct rodp_swqe *wqe,
				       const struct rodp_send_wqe *slot);
void rodp_requester_sent(struct rodp_sender *tx, bool last);

/* The same of UC, where a request is complete once it is on its way. */
void rodp_requester_run_unacked(struct rodp_sender *tx);
bool rodp_requester_asks_nothing(const struct rodp_sender *tx, bool last);
enum ib_wc_status rodp_requester_check_unacked(struct rodp_sender *tx, struct rodp_swqe *wqe,
					       const struct rodp_send_wqe *slot);
void rodp_requester_sent_unacked(struct rodp_sender *tx, bool last);

/*
 * Whether the keys of the scatter/gather list grant `access` in the QP's PD. An answer needs a place
 * before it is asked for, and a message that the peer fetches is checked before the
 * peer hears of it: so a bad key fails the work request here (IBTA vol. 1, 10.7.3.2).
 */
enum ib_wc_status rodp_requester_check_keys(const struct rodp_end *end, const struct rodp_swqe *wqe,
					    u32 access);

/* Put the payload of a packet into it. 0, or as rodp_xfer_sgl(). */
int rodp_requester_fill(struct rodp_sender *tx, struct sk_buff *skb, const struct rodp_part *part);

#endif
