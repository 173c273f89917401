/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The completer: takes the peer's answers. Send lane held. */
#ifndef RODP_QP_COMPLETER_H
#define RODP_QP_COMPLETER_H

#include "qp/send/sender.h"

/* struct rodp_lane_ops: take an answer; kept in hand when its memory is not present. */
void rodp_completer_packet(struct rodp_lane *lane, struct sk_buff *skb);

/* Go on with the one in hand. */
void rodp_completer_resume(struct rodp_sender *tx);

#endif
