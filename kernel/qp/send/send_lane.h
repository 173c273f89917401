/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The send lane: it runs the requester, the completer and the timer of a sender. */
#ifndef RODP_QP_SEND_LANE_H
#define RODP_QP_SEND_LANE_H

#include "qp/send/sender.h"

/**
 * rodp_send_lane_init() - make a sender that is stopped
 * @tx: zeroed but for its end, and its lane's `qpn` and home
 *
 * Context: Process.
 */
void rodp_send_lane_init(struct rodp_sender *tx);

/**
 * rodp_send_lane_quiesce() - one step of stopping: nothing of the sender is under way any more
 * @tx: its lane was stopped, and a grace period has passed since
 *
 * Context: Process, sleeps.
 */
void rodp_send_lane_quiesce(struct rodp_sender *tx);

/**
 * rodp_send_lane_reset() - back to how it was created
 * @tx: stopped and quiesced, its lane held
 *
 * Context: Process.
 */
void rodp_send_lane_reset(struct rodp_sender *tx);

extern const struct rodp_lane_ops rodp_send_lane_ops;

#endif
