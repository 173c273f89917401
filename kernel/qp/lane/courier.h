/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The local path: packets between two QPs of one network namespace, without
 * a network. The same packets, PSNs, checks and answers as on the wire, but a
 * message is one packet however long, and its payload is lent (loan.h).
 *
 * A lane that sends leaves its packets with the courier of its CPU; they are
 * delivered after the lane was let go, by whoever let it go, one after the
 * other: so nobody holds the lanes of two QPs, and two QPs that answer each
 * other do not recurse.
 */
#ifndef RODP_QP_COURIER_H
#define RODP_QP_COURIER_H

#include "qp/lane/types.h"

/*
 * Send a packet to the peer of qp, on whichever path; a lane of qp is held (BH disabled).
 * Consumes skb. Errors as rodp_packet_send().
 */
int rodp_qp_send(struct rodp_qp *qp, struct sk_buff *skb);

/* Leave a packet for the QP dqpn with this CPU's courier. As above. */
void rodp_courier_take(struct rodp_qp *qp, u32 dqpn, struct sk_buff *skb);

/* Whether there is a local path for QPs connected, and datagrams sent, from now on. */
bool rodp_courier_is_on(void);

/* Deliver what this CPU's courier has, unless that is going on already. BH disabled, no lane held. */
void rodp_courier_run(void);

/*
 * Whether qp's peer, as its address and number say, is a QP of this host that may be
 * reached so. Process context.
 */
bool rodp_courier_reaches(struct rodp_qp *qp, u32 dest_qpn, const struct rdma_ah_attr *ah);

void rodp_courier_module_init(void);
void rodp_courier_module_exit(void);

#endif
