/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The responder: executes the peer's requests in order. */
#ifndef RODP_QP_RESPONDER_H
#define RODP_QP_RESPONDER_H

#include "qp/recv/request.h"

/*
 * Requests that are acknowledged; the same where each packet names its SRQ; those that are not acknowledged (UC); and a
 * QP that takes none.
 */
extern const struct rodp_lane_ops rodp_responder_lane_ops;
extern const struct rodp_lane_ops rodp_responder_shared_lane_ops;
extern const struct rodp_lane_ops rodp_responder_unacked_lane_ops;
extern const struct rodp_lane_ops rodp_responder_absent_lane_ops;

/* struct rodp_receive_ops.execute: with the QP's own receives, or with the SRQ that the packet names. */
enum rodp_verdict rodp_responder_execute(struct rodp_request *req);
enum rodp_verdict rodp_responder_execute_shared(struct rodp_request *req);

/**
 * rodp_responder_take() - execute a request packet, or go on with it
 * @rx: the receiver, whose lane is held
 * @skb: the packet, whose turn it is; is consumed, or kept in hand
 *
 * Context: BH disabled.
 */
void rodp_responder_take(struct rodp_receiver *rx, struct sk_buff *skb);

#endif
