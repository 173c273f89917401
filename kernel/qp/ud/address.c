// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Addresses, see address.h. */
#include <rdma/ib_addr.h>

#include "net/owner.h"
#include "net/place.h"
#include "wire/header.h"
#include "qp/ud/address.h"

static const struct in6_addr *address_dgid(const struct rdma_ah_attr *attr)
{
	return (const struct in6_addr *)rdma_ah_read_grh(attr)->dgid.raw;
}

/* What goes by a GID of another namespace than the device's own goes by the network there. */
static u64 address_owner(struct rodp_dev *dev, const struct rdma_ah_attr *attr,
			 const struct rodp_route *route)
{
	struct rodp_dev *owner = NULL;
	struct net *net;
	u64 serial;

	rcu_read_lock();
	net = rodp_dev_net(dev);
	if (net && rodp_route_is_in(route, net))
		owner = rodp_owner_get(net, address_dgid(attr), dev->ndev);
	rcu_read_unlock();
	if (!owner)
		return 0;
	serial = owner->serial;
	ib_device_put(&owner->ib);
	return serial;
}

static void address_free(struct rodp_address *address)
{
	rodp_flow_destroy(&address->flow);
	kfree(address);
}

static void address_free_rcu(struct rcu_head *rcu)
{
	address_free(container_of(rcu, struct rodp_address, rcu));
}

static struct rodp_address *address_create(struct rodp_dev *dev, const struct ib_pd *pd,
					   const struct rdma_ah_attr *attr, gfp_t gfp)
{
	struct rodp_address *address = kzalloc(sizeof(*address), gfp);
	static atomic_t entropy; /* of the UDP source port, in place of the QP numbers */
	int err = -EINVAL;
	u32 salt;

	if (!address)
		return ERR_PTR(-ENOMEM);
	if (rodp_flow_init(&address->flow, gfp)) {
		kfree(address);
		return ERR_PTR(-ENOMEM);
	}
	salt = atomic_inc_return(&entropy) & RODP_QPN_MASK;
	if (rdma_ah_get_ah_flags(attr) & IB_AH_GRH)
		err = rodp_flow_set(&address->flow, dev, attr, salt, 0x9e37);
	if (!err && pd->uobject)
		err = rodp_place_permit(dev, address->flow.route.net);
	if (err) {
		address_free(address);
		return ERR_PTR(err);
	}
	address->attr = *attr;
	address->attr.grh.sgid_attr = NULL;
	address->pd = pd;
	address->multicast = rdma_is_multicast_addr((struct in6_addr *)address_dgid(attr));
	if (!address->multicast)
		address->owner = address_owner(dev, attr, &address->flow.route);
	return address;
}

/* With interrupts as they are: handles are made and ended in any context. */
static int address_publish(struct rodp_dev *dev, struct rodp_address *address, u32 *num)
{
	struct rodp_address *old;
	unsigned long flags;
	int err;

	xa_lock_irqsave(&dev->ahs, flags);
	if (*num) {
		old = __xa_store(&dev->ahs, *num, address, GFP_ATOMIC);
		err = xa_err(old);
		if (!err)
			call_rcu(&old->rcu, address_free_rcu);
	} else {
		err = __xa_alloc_cyclic(&dev->ahs, num, address, XA_LIMIT(1, RODP_MAX_AH),
					&dev->next_ah, GFP_ATOMIC);
	}
	xa_unlock_irqrestore(&dev->ahs, flags);
	return min(err, 0);
}

int rodp_address_set(struct rodp_dev *dev, const struct ib_pd *pd, const struct rdma_ah_attr *attr,
		     u32 *num, gfp_t gfp)
{
	struct rodp_address *address = address_create(dev, pd, attr, gfp);
	int err;

	if (IS_ERR(address))
		return PTR_ERR(address);
	err = address_publish(dev, address, num);
	if (err)
		address_free(address);
	return err;
}

void rodp_address_remove(struct rodp_dev *dev, u32 num)
{
	struct rodp_address *address;
	unsigned long flags;

	xa_lock_irqsave(&dev->ahs, flags);
	address = __xa_erase(&dev->ahs, num);
	xa_unlock_irqrestore(&dev->ahs, flags);
	call_rcu(&address->rcu, address_free_rcu);
}

struct rodp_address *rodp_address_lookup(struct rodp_dev *dev, const struct ib_pd *pd, u32 num)
{
	struct rodp_address *address = xa_load(&dev->ahs, num);

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the address may be freed");
	return address && address->pd == pd ? address : NULL;
}
