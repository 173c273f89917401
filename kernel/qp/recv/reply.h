/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Answers to READs and ATOMICs: sending them, and remembering them. Receive lane held. */
#ifndef RODP_QP_REPLY_H
#define RODP_QP_REPLY_H

#include "qp/recv/receiver.h"

/* Remember a request of this kind (RODP_OPF_*), in case the answer is lost. The history has a size. */
struct rodp_rd_atomic *rodp_history_add(struct rodp_receiver *rx, u32 kind, u32 psn, u32 packets);
/* The one whose PSNs hold psn, or NULL. */
struct rodp_rd_atomic *rodp_history_find(struct rodp_receiver *rx, u32 psn);

/**
 * rodp_reply_run() - send as much of a READ's answer as may go now
 * @rx: the receiver, whose lane is held; until the answer's end it takes no other packet
 *
 * Context: BH disabled.
 */
void rodp_reply_run(struct rodp_receiver *rx);

/**
 * rodp_reply_grant() - struct rodp_receive_ops.grant with a key of the QP's PD
 * @rx: the receiver, whose lane is held
 * @grant: is filled in
 * @va: of the first byte, as the peer named it
 * @bytes: how many
 *
 * Context: BH disabled.
 * Return: whether the peer may read it; then the caller owes rodp_grant_put().
 */
bool rodp_reply_grant(struct rodp_receiver *rx, struct rodp_grant *grant, u64 va, u32 bytes);

/**
 * rodp_reply_grant_shared() - the same with a key of the PD of the SRQ that was named
 * @rx: as above
 * @grant: as above
 * @va: as above
 * @bytes: as above
 *
 * Context: As above.
 * Return: as above.
 */
bool rodp_reply_grant_shared(struct rodp_receiver *rx, struct rodp_grant *grant, u64 va, u32 bytes);

#endif
