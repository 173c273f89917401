/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * READ requests, new ones and repeated ones. Receive lane held.
 */
#ifndef RODP_QP_READ_H
#define RODP_QP_READ_H

#include "qp/recv/request.h"

/* A new one, or one that was kept: put the data where the requester wants it, or start the answer. */
enum rodp_verdict rodp_read_execute(struct rodp_qp *qp, struct sk_buff *skb);

/* Whether a repeated READ asks for the rest of the one remembered, and nothing else (9.7.5.1.2). */
bool rodp_read_is_rest(struct rodp_qp *qp, struct sk_buff *skb, const struct rodp_rd_atomic *res);

/* Start the answer to a repeated READ, which is the rest of one remembered. */
void rodp_read_again(struct rodp_qp *qp, struct sk_buff *skb);

#endif
