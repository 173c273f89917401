/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Addresses: where a datagram goes. What an address handle stands for.
 *
 * A work request names its handle by number, and the number is looked up when the datagram is
 * sent, under RCU: a handle may be destroyed at any time. An address never changes; to modify a
 * handle is to put another one in its place.
 */
#ifndef RODP_QP_ADDRESS_H
#define RODP_QP_ADDRESS_H

#include <rdma/ib_verbs.h>

#include "base/dev.h"
#include "net/flows.h"

struct rodp_ah {
	struct ib_ah ib;
	u32 num;
};

static inline struct rodp_ah *to_rodp_ah(struct ib_ah *ib)
{
	return container_of(ib, struct rodp_ah, ib);
}

struct rodp_address {
	struct rodp_flow flow;
	struct rdma_ah_attr attr; /* as it was told, without sgid_attr */
	const struct ib_pd *pd;
	u64 owner; /* serial number of the device of this host that has the far end, or 0: none */
	bool multicast;
	struct rcu_head rcu;
};

/**
 * rodp_address_set() - give a handle an address
 * @dev: the device
 * @pd: the handle's PD
 * @attr: the address
 * @num: the handle's number, whose address is replaced; or 0: becomes its number
 * @gfp: how to allocate
 *
 * Context: Any, with interrupts off too if @gfp is GFP_ATOMIC; sleeps if it may.
 * Return: 0, -EINVAL, -ENOMEM, -EBUSY (RODP_MAX_AH are there).
 */
int rodp_address_set(struct rodp_dev *dev, const struct ib_pd *pd, const struct rdma_ah_attr *attr,
		     u32 *num, gfp_t gfp);

/**
 * rodp_address_remove() - end a handle's address, which is freed after a grace period
 * @dev: the device
 * @num: the handle's number
 *
 * Context: Any.
 */
void rodp_address_remove(struct rodp_dev *dev, u32 num);

/**
 * rodp_address_lookup() - the address of a handle
 * @dev: the device
 * @pd: that the handle must belong to
 * @num: the handle's number
 *
 * Context: Under RCU.
 * Return: the address, good until the end of the RCU section, or NULL.
 */
struct rodp_address *rodp_address_lookup(struct rodp_dev *dev, const struct ib_pd *pd, u32 num);

#endif
