// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Which path a peer is reached by, see path.h. */
#include <rdma/ib_cache.h>

#include "qp/end/courier.h"
#include "qp/end/qpn.h"
#include "qp/path/path.h"
#include "wire/header.h"

static bool choose_gid_is_of(struct rodp_dev *dev, const union ib_gid *gid)
{
	const struct ib_gid_attr *attr = rdma_find_gid_by_port(
		&dev->ib, gid, IB_GID_TYPE_ROCE_UDP_ENCAP, 1, dev->ndev);

	if (IS_ERR(attr))
		return false;
	rdma_put_gid_attr(attr);
	return true;
}

/* Whether this end's address is one of the device's own netdev. Both ends must find the same. */
static bool choose_is_own(const struct rodp_dev *dev, const struct rdma_ah_attr *ah)
{
	return rdma_read_gid_attr_ndev_rcu(rdma_ah_read_grh(ah)->sgid_attr) == dev->ndev;
}

/* Whether the peer is in the same namespace and host, behind the address that is meant. */
static bool choose_is_near(const struct rodp_end *end, const struct rodp_end *peer,
			   const struct rdma_ah_attr *ah)
{
	return net_eq(rodp_dev_net(peer->dev), rodp_dev_net(end->dev)) &&
	       choose_is_own(end->dev, ah) &&
	       choose_gid_is_of(peer->dev, &rdma_ah_read_grh(ah)->dgid);
}

/*
 * The path to a peer that is near: as the peer has chosen, if it is connected to this end already, so that
 * both agree whatever has become of the module's parameter since.
 */
static bool choose_is_local(const struct rodp_end *end, const struct rodp_end *peer)
{
	if (rodp_end_is_connected(peer) && READ_ONCE(peer->dest_qpn) == end->ib.qp_num)
		return READ_ONCE(peer->path) == peer->transport->local;
	return rodp_courier_is_on();
}

const struct rodp_path_ops *rodp_path_choose(struct rodp_end *end, u32 dest_qpn,
					     const struct rdma_ah_attr *ah)
{
	const struct rodp_transport_ops *transport = end->transport;
	const struct rodp_end *peer;
	bool local;

	rcu_read_lock();
	peer = rodp_qpn_lookup_peer(end, dest_qpn & RODP_QPN_MASK);
	local = peer && choose_is_near(end, peer, ah) && choose_is_local(end, peer);
	rcu_read_unlock();
	return local ? transport->local : transport->wire;
}
