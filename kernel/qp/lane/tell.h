/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What a QP tells its user: completions, events, failure. */
#ifndef RODP_QP_TELL_H
#define RODP_QP_TELL_H

#include "qp/lane/types.h"

/*
 * What both lanes do once they are let go: deliver what they sent without a network, and
 * tell what they collected (enum rodp_tell). BH disabled, no lane held.
 */
void rodp_qp_after(struct rodp_qp *qp, u32 tell);

/*
 * The QP failed: no packet is taken or sent any more, both lanes will flush.
 * A lane is held; `tell` says which asynchronous event goes with it (0: none, the
 * completion says it).
 */
void rodp_qp_fail(struct rodp_qp *qp, struct rodp_lane *held, u32 tell);

/* Add a completion to the QP's send or receive CQ; the lane held collects the event. */
void rodp_qp_complete(struct rodp_qp *qp, struct rodp_lane *held, struct rodp_cqe *cqe,
		      bool solicited);

#endif
