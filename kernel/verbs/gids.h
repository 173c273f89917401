/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * GIDs of devices on netdevs that are not Ethernet: lo, and tunnels of IP packets such as WireGuard and ipip. The RDMA core
 * makes GIDs of their addresses when a device is made, but does not look at what becomes of those addresses later.
 */
#ifndef RODP_VERBS_GIDS_H
#define RODP_VERBS_GIDS_H

#include "base/dev.h"

/* Of a device that is being made. */
void rodp_gids_init(struct rodp_dev *dev);

/**
 * rodp_gids_netdev_event() - a device's own netdev has had an event
 * @dev: the device; the caller has a reference.
 * @event: NETDEV_*.
 *
 * Context: A netdev notifier: process, RTNL is held.
 */
void rodp_gids_netdev_event(struct rodp_dev *dev, unsigned long event);

/**
 * rodp_gids_module_init() - begin to watch addresses
 *
 * Return: 0 or -errno.
 */
int rodp_gids_module_init(void);

/**
 * rodp_gids_module_exit() - undo it
 *
 * Context: Process, sleeps. No device is left.
 */
void rodp_gids_module_exit(void);

#endif
