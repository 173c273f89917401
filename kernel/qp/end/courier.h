/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The courier: packets from one QP of this host to another without a network.
 *
 * A lane that sends leaves its packets with the courier of its CPU; they are
 * delivered after the lane was released, by whoever released it, one after the
 * other: so nobody holds the lanes of two QPs, and two QPs that answer each
 * other do not recurse.
 *
 * The queue of a courier is bounded, in packets and in bytes. Whoever has requests or datagrams to
 * send looks whether there is room, and rests until there is some. Answers are always taken: each
 * is for a packet that left a queue.
 */
#ifndef RODP_QP_COURIER_H
#define RODP_QP_COURIER_H

#include "qp/end/end.h"

/**
 * rodp_courier_take() - leave a packet for another QP of this host
 * @end: the sender; a lane of it is held
 * @dqpn: whom it is for
 * @skb: is consumed
 *
 * Context: BH disabled.
 */
void rodp_courier_take(struct rodp_end *end, u32 dqpn, struct sk_buff *skb);

/**
 * rodp_courier_has_room() - whether the courier of this CPU takes more requests or datagrams
 *
 * There is room for one more then, and for the copies of it that a multicast group needs.
 *
 * Context: BH disabled.
 */
bool rodp_courier_has_room(void);

/**
 * rodp_courier_is_on() - whether there is a local path for QPs connected, and datagrams sent, from
 *	now on (the module parameter local_path)
 *
 * Context: Any.
 */
bool rodp_courier_is_on(void);

/**
 * rodp_courier_run() - deliver what this CPU's courier has, unless that is going on already
 *
 * Context: BH disabled, no lane held.
 */
void rodp_courier_run(void);

/**
 * rodp_courier_module_init() - make a courier for each CPU
 *
 * Context: Process, before the first QP.
 */
void rodp_courier_module_init(void);

/**
 * rodp_courier_module_exit() - free what was not delivered
 *
 * Context: Process, after the last QP and the work queue of the lanes.
 */
void rodp_courier_module_exit(void);

#endif
