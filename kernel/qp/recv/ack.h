/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Packets without payload that the responder sends. Receive lane held. */
#ifndef RODP_QP_ACK_H
#define RODP_QP_ACK_H

#include "qp/recv/receiver.h"

/**
 * rodp_send_ack() - acknowledge everything before the PSN that is expected
 * @rx: the receiver, whose lane is held
 *
 * Context: BH disabled. A lost one is asked for again.
 */
void rodp_send_ack(struct rodp_receiver *rx);

/**
 * rodp_ack_owe() - something was executed whose sender asks for an acknowledgement: struct
 *	rodp_receive_ops.ack of transports that acknowledge
 * @rx: the receiver, whose lane is held
 *
 * It is sent before anything else is, and before the lane is released: one for all packets that were executed
 * under one hold of the lane (9.7.5.1.2: an acknowledgement is for all before it).
 */
void rodp_ack_owe(struct rodp_receiver *rx);

/* The same of transports that do not acknowledge: nothing. */
void rodp_ack_owe_none(struct rodp_receiver *rx);

/**
 * rodp_ack_pay() - send the acknowledgement that is owed, if any
 * @rx: the receiver, whose lane is held
 *
 * Context: as rodp_send_ack().
 */
void rodp_ack_pay(struct rodp_receiver *rx);

void rodp_send_nak(struct rodp_receiver *rx, u32 psn, enum rodp_nak code);
void rodp_send_rnr_nak(struct rodp_receiver *rx, u32 psn);
/* An RNR NAK for a request that is being worked on, long after its sender expected an answer. */
void rodp_send_wait(struct rodp_receiver *rx, u32 psn);
/* Local path: the requester's own memory or key failed; it is to complete with status. */
void rodp_send_local_error(struct rodp_receiver *rx, u32 psn, enum ib_wc_status status);
/**
 * rodp_send_read_placed() - send an empty READ response: what was asked for is done, or (local
 *	path) in the requester's memory
 * @rx: the receiver, whose lane is held
 * @psn: of the request
 *
 * Context: BH disabled.
 */
void rodp_send_read_placed(struct rodp_receiver *rx, u32 psn);
void rodp_send_atomic_ack(struct rodp_receiver *rx, u32 psn, u64 original);

#endif
