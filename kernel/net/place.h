/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Places: the netdevs whose addresses are GIDs of a device, each in its network namespace. One is the device's own netdev,
 * others are above it (VLANs, macvlans, ipvlans) and may be anywhere: a pod's macvlan is in the pod's namespace. The
 * RDMA core says which GIDs there are. As long as a device has a place in a namespace it sends and receives there.
 *
 * Namespaces are told apart by their cookies: numbers that no other namespace ever has. A cookie may be kept by
 * whoever likes, and leads nowhere once the device is no longer there.
 */
#ifndef RODP_NET_PLACE_H
#define RODP_NET_PLACE_H

#include "base/dev.h"

struct ib_gid_attr;

/**
 * rodp_place_add_gid() - a GID is added to a device's table: ib_device_ops.add_gid
 * @attr: the GID; the RDMA core holds the table's lock.
 * @context: becomes the place, for rodp_place_del_gid(); or NULL: its netdev is about to go, or nobody can receive at
 *	UDP port 4791 of its namespace. Nothing can be sent by such a GID then.
 *
 * Context: Process, sleeps. RTNL may be held.
 * Return: 0.
 */
int rodp_place_add_gid(const struct ib_gid_attr *attr, void **context);

/**
 * rodp_place_del_gid() - a GID is deleted from a device's table: ib_device_ops.del_gid
 * @attr: the GID; the RDMA core holds the table's lock.
 * @context: what rodp_place_add_gid() set.
 *
 * Context: Process, sleeps. RTNL may be held.
 * Return: 0.
 */
int rodp_place_del_gid(const struct ib_gid_attr *attr, void **context);

/**
 * rodp_place_leave() - a netdev leaves its network namespace
 * @ndev: the netdev, still of the namespace. Its GIDs are deleted later, by the RDMA core.
 *
 * From here on no device sends or receives there because of it.
 *
 * Context: A netdev notifier: process, sleeps, RTNL is held.
 */
void rodp_place_leave(const struct net_device *ndev);

/**
 * rodp_place_net() - a network namespace that a device sends and receives in
 * @dev: the device.
 * @cookie: the namespace's cookie.
 *
 * Context: Under rcu_read_lock() or with BH disabled, which keeps the namespace and its sockets until the end of the
 * section.
 * Return: the namespace, or NULL: the device is not, or no longer, there.
 */
struct net *rodp_place_net(const struct rodp_dev *dev, u64 cookie);

/**
 * rodp_place_has() - whether addresses of a netdev are GIDs of a device
 * @dev: the device.
 * @net: the network namespace of @ndev.
 * @ndev: the netdev.
 *
 * Context: Under RCU.
 */
bool rodp_place_has(const struct rodp_dev *dev, const struct net *net,
		    const struct net_device *ndev);

/**
 * rodp_place_dev_get() - a device that has addresses of a netdev as GIDs
 * @net: the network namespace of @ndev.
 * @ndev: the netdev.
 *
 * Context: Under RCU.
 * Return: the device, for ib_device_put(&dev->ib), or NULL.
 */
struct rodp_dev *rodp_place_dev_get(const struct net *net, const struct net_device *ndev);

/**
 * rodp_place_of_process() - where the calling process is
 *
 * Context: Process, in a verb of a process.
 * Return: the cookie of its network namespace.
 */
u64 rodp_place_of_process(void);

/**
 * rodp_place_is_open() - whether what comes in in a network namespace may be for what a process has made
 * @dev: the device.
 * @net: the network namespace that it comes in in.
 * @cookie: of the namespace that the process was in.
 *
 * The namespace of the device's own netdev is open to whoever has the device, others are to those that are in them.
 *
 * Context: Under RCU.
 */
bool rodp_place_is_open(const struct rodp_dev *dev, const struct net *net, u64 cookie);

/**
 * rodp_place_permit() - whether the calling process may send by GIDs of a network namespace
 * @dev: the device.
 * @cookie: the namespace's cookie.
 *
 * As rodp_place_is_open(); and who has CAP_NET_ADMIN in the namespace may, too.
 *
 * Context: Process, in a verb of a process. Sleeps.
 * Return: 0; -EPERM; -ENETDOWN: the device is not there.
 */
int rodp_place_permit(const struct rodp_dev *dev, u64 cookie);

#endif
