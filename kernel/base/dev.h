/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The device, as far as all rooms may use it. It is made and registered by verbs/device.c.
 */
#ifndef RODP_BASE_DEV_H
#define RODP_BASE_DEV_H

#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <rdma/ib_verbs.h>

#include "base/recent.h"
#include "base/stats.h"

/* Limits, reported by query_device and checked where an object is made. */
enum rodp_limits {
	RODP_MAX_QP = 1 << 16,
	RODP_MAX_CQ = 1 << 16,
	RODP_MAX_MR = 1 << 20, /* and memory windows: they share the keys */
	RODP_MAX_DM = 1 << 26, /* bytes of device memory, all together */
	RODP_MAX_PD = 1 << 16,
	RODP_MAX_SRQ = 1 << 16,
	RODP_MAX_SGE = 32,
	RODP_MAX_INLINE = RODP_MAX_SGE * 16, /* bytes: what the SGEs of a full WQE would take */
	RODP_MAX_WR = 1 << 15,
	RODP_MAX_CQE = 1 << 20,
	RODP_MAX_RD_ATOMIC = 128,
	RODP_MAX_AH = 1 << 16,
	RODP_MAX_MCAST_GROUPS = 1 << 12, /* attachments of one device, too */
	RODP_MAX_MCAST_QPS = 128, /* in one group */
};

struct rodp_account;
struct rodp_end;

struct rodp_dev {
	struct ib_device ib;
	u64 serial; /* never 0, and no other device ever has it */
	struct net_device *ndev; /* held until the device is freed */
	struct net *net; /* that ndev is in; NULL while it goes to another, and once it is gone */
	struct work_struct gids; /* verbs/gids.c */
	bool gids_stale; /* the same */
	struct rodp_stats *stats;
	struct xarray mrs; /* key index -> struct rodp_mr or rodp_window (mem/key.c), under RCU */
	struct rodp_recent recent_mrs; /* by key index */
	struct rodp_account *dm; /* of device memory that somebody has; may outlive the device */
	atomic_t pds, cqs, qps, srqs, keys; /* that there are (quota.h) */
	struct xarray ahs; /* number -> struct rodp_address, under RCU; IRQs off inside its lock */
	u32 next_ah;
	struct rodp_end __rcu *gsi; /* QP 1 */
	u32 attached; /* QPs to multicast groups; under mcast.c's lock */
};

static inline struct rodp_dev *to_rodp_dev(struct ib_device *ib)
{
	return container_of(ib, struct rodp_dev, ib);
}

/**
 * rodp_dev_is_going() - whether the device is being removed while its users are still there
 * @dev: the device
 *
 * ib_core destroys the users' objects with this lock held, and takes it for nothing else: so what a
 * verb finds is stable where it matters, in a destroy that the removal calls.
 */
static inline bool rodp_dev_is_going(const struct rodp_dev *dev)
{
	return mutex_is_locked(&((struct rodp_dev *)dev)->ib.unregistration_lock);
}

/**
 * rodp_dev_net() - The network namespace that the device sends and receives in
 * @dev: the device
 *
 * Context: Under rcu_read_lock() or with BH disabled, which keeps the namespace until the end of
 * the section.
 * That is the one of its own netdev; others: rodp_place_net().
 *
 * Return: the namespace, or NULL: the netdev is on its way to another, or the device is being removed.
 */
static inline struct net *rodp_dev_net(const struct rodp_dev *dev)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the namespace may be freed");
	return READ_ONCE(dev->net);
}

#endif
