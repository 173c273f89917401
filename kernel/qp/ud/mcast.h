/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Multicast: which UD QPs are attached to which groups.
 *
 * A group is an IP group of the device's netdev, which is joined as long as a QP is attached:
 * so the network's routers and switches know (IGMP, MLD), and the netdev's filter lets it in.
 * A datagram to a group also reaches the QPs of the sending device that are attached,
 * its sender included, without a network.
 */
#ifndef RODP_QP_MCAST_H
#define RODP_QP_MCAST_H

#include "qp/end/end.h"
#include "qp/ud/address.h"

/**
 * rodp_mcast_attach() - attach a QP to a group, which the netdev joins
 * @end: the QP's end
 * @gid: of the group
 *
 * Context: Process, sleeps; takes members_lock and, inside it, the RTNL.
 * Return: 0, also when it is attached already; -ENOMEM (a limit, too), -ENODEV: the netdev does not
 * speak that IP version, or has left its network namespace.
 */
int rodp_mcast_attach(struct rodp_end *end, const union ib_gid *gid);

/**
 * rodp_mcast_detach() - undo it
 * @end: as above
 * @gid: as above
 *
 * Context: As above.
 * Return: 0, or -EINVAL: it is not attached.
 */
int rodp_mcast_detach(struct rodp_end *end, const union ib_gid *gid);

/**
 * rodp_mcast_receive() - a packet from the network to a group
 * @net: the network namespace
 * @skb: the packet, whose form was checked; is consumed
 *
 * Context: Softirq, under RCU.
 */
void rodp_mcast_receive(struct net *net, struct sk_buff *skb);

/* end sends skb to a group: leave copies for this device's members with the courier. Send lane held, RCU. */
void rodp_mcast_loop_back(struct rodp_end *end, const struct rodp_address *address,
			  struct sk_buff *skb);

#endif
