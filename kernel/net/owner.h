/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Which device an IP address belongs to. */
#ifndef RODP_NET_OWNER_H
#define RODP_NET_OWNER_H

#include <linux/in6.h>

#include "base/dev.h"

/*
 * The rodp device on the netdev (or below the VLAN) of net that has the address, IPv4-mapped or
 * IPv6; NULL: none. in: where a packet to a link-local address came in, or NULL.
 * The caller owes ib_device_put(&dev->ib). Any context but hard interrupts.
 */
struct rodp_dev *rodp_owner_get(struct net *net, const struct in6_addr *addr,
				struct net_device *in);

/*
 * The device that a packet from the network was sent to: by its address, or of a multicast packet by
 * where it came in. As above. Under RCU, the network header in place.
 */
struct rodp_dev *rodp_owner_of(struct net *net, const struct sk_buff *skb);

/*
 * The VLAN that a packet from the network came in by, or 0, and the priority that its tag gave it. One
 * that did not leave the host has the VLAN of the address that it was sent to. Under RCU.
 */
u16 rodp_owner_vlan(struct net *net, const struct sk_buff *skb, u8 *priority);

/* The netdev that a device would be on which serves ndev: the one below a VLAN, or itself. */
const struct net_device *rodp_owner_netdev(const struct net_device *ndev);

/* The destination of a packet, as an address of the kind above. */
void rodp_owner_daddr(const struct sk_buff *skb, struct in6_addr *addr);

#endif
