/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The completer: takes the peer's answers. Send lane held. */
#ifndef RODP_QP_COMPLETER_H
#define RODP_QP_COMPLETER_H

struct rodp_qp;
struct sk_buff;

/* Take an answer: consumes it, or keeps it in hand when its memory is not present. */
void rodp_completer_packet(struct rodp_qp *qp, struct sk_buff *skb);

/* Go on with the one in hand. */
void rodp_completer_resume(struct rodp_qp *qp);

#endif
