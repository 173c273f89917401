/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Which device an IP address belongs to. */
#ifndef RODP_NET_OWNER_H
#define RODP_NET_OWNER_H

#include <linux/in6.h>

#include "base/dev.h"

/**
 * rodp_owner_get() - find the rodp device that has an IP address
 * @net: the network namespace.
 * @addr: the address, IPv4-mapped or IPv6.
 * @in: where a packet to a link-local address came in, or NULL.
 *
 * The address of a netdev without a device is that of a device on a netdev below it, of which it is a GID.
 *
 * Context: Any but hard interrupts.
 * Return: the device, for ib_device_put(&dev->ib), or NULL.
 */
struct rodp_dev *rodp_owner_get(struct net *net, const struct in6_addr *addr,
				struct net_device *in);

/**
 * rodp_owner_of() - find the rodp device that a packet from the network was sent to
 * @net: the network namespace.
 * @skb: the packet, the network header in place.
 *
 * A multicast packet is for the device where it came in, any other for the one with its address.
 *
 * Context: Under RCU.
 * Return: the device, for ib_device_put(&dev->ib), or NULL.
 */
struct rodp_dev *rodp_owner_of(struct net *net, const struct sk_buff *skb);

/**
 * rodp_owner_vlan() - the VLAN by which a packet from the network came in
 * @net: the network namespace.
 * @skb: the packet, the network header in place.
 * @priority: becomes the priority that its tag gave it, 0 to 7.
 *
 * A packet that did not leave the host has the VLAN of the address that it was sent to.
 *
 * Context: Under RCU.
 * Return: the VLAN id, or 0: none.
 */
u16 rodp_owner_vlan(struct net *net, const struct sk_buff *skb, u8 *priority);

/**
 * rodp_owner_netdev() - the netdev whose device serves another
 * @ndev: the other.
 *
 * Context: Under RCU, or with a reference to @ndev.
 * Return: the one below a VLAN, or @ndev itself.
 */
const struct net_device *rodp_owner_netdev(const struct net_device *ndev);

/**
 * rodp_owner_netdev_vlan() - the VLAN that a netdev's packets are of
 * @ndev: the netdev.
 *
 * That is its own, or that of the netdev below it, which is where the RDMA core looks for the VLAN of a GID.
 *
 * Context: Under RCU.
 * Return: the VLAN id, or 0: none.
 */
u16 rodp_owner_netdev_vlan(const struct net_device *ndev);

/**
 * rodp_owner_daddr() - the destination of a packet
 * @skb: the packet, the network header in place.
 * @addr: becomes its address, IPv4-mapped or IPv6.
 *
 * Context: Any.
 */
void rodp_owner_daddr(const struct sk_buff *skb, struct in6_addr *addr);

/**
 * rodp_owner_is() - whether a packet from the network was sent to an address of this device
 * @dev: the device
 * @net: the network namespace that it came in
 * @skb: a unicast packet, the network header in place
 *
 * Context: Under RCU.
 */
bool rodp_owner_is(const struct rodp_dev *dev, struct net *net, const struct sk_buff *skb);

#endif
