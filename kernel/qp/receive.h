/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The entry of all packets that come from the network. */
#ifndef RODP_QP_RECEIVE_H
#define RODP_QP_RECEIVE_H

struct net;
struct rodp_segments;

/**
 * rodp_qp_receive() - packets from the network for the QPs that they name
 * @net: the network namespace
 * @segs: the packets, whose form was checked (net/rx.h); none is left
 *
 * They made their way together: those that follow one another to one lane are looked up once, by the first.
 *
 * Context: Softirq, under RCU.
 */
void rodp_qp_receive(struct net *net, struct rodp_segments *segs);

#endif
