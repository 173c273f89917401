/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * READ requests, new ones and repeated ones. Receive lane held. How a READ is answered is its path's affair.
 */
#ifndef RODP_QP_READ_H
#define RODP_QP_READ_H

#include "qp/recv/request.h"

/* What a READ request asks for. */
struct rodp_read {
	u64 va;
	u32 length; /* bytes */
	u32 rkey;
	u32 packets; /* PSNs of the answer */
	struct rodp_grant grant; /* of its memory, unless length is 0 */
};

/* A new one, or one that was kept. */
enum rodp_verdict rodp_read_execute(struct rodp_request *req);

/**
 * rodp_read_step_on() - a READ is executed, or its answer is about to be sent: it will not be
 *	executed as new again
 * @rx: the receiver, whose lane is held
 * @read: the READ, which is remembered
 *
 * Context: Process or softirq.
 */
void rodp_read_step_on(struct rodp_receiver *rx, const struct rodp_read *read);

/* Whether a repeated READ asks for the rest of the one remembered, and nothing else (9.7.5.1.2). */
bool rodp_read_is_rest(const struct rodp_end *end, struct sk_buff *skb,
		       const struct rodp_rd_atomic *res);

/**
 * rodp_read_reply() - begin to send the answer to a READ
 * @rx: the receiver, whose lane is held
 * @skb: the request; its answer's packets are from its own PSN on
 *
 * Context: Process or softirq. rodp_reply_run() goes on.
 */
void rodp_read_reply(struct rodp_receiver *rx, struct sk_buff *skb);

#endif
