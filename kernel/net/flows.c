// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Routes and flows, see flows.h. */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <rdma/ib_cache.h>

#include "net/flows.h"
#include "net/owner.h"
#include "net/packet.h"
#include "net/place.h"

int rodp_flow_init(struct rodp_flow *flow, gfp_t gfp)
{
	return dst_cache_init(&flow->cache, gfp);
}

void rodp_flow_destroy(struct rodp_flow *flow)
{
	dst_cache_destroy(&flow->cache);
}

static const struct in6_addr *flow_gid_addr(const union ib_gid *gid)
{
	return (const struct in6_addr *)gid->raw;
}

/* Out through the GID's own netdev: packets of a VLAN's address are the VLAN's, those of a pod's macvlan the pod's. */
static int flow_route_set_netdev(struct rodp_route *route, const struct rodp_dev *dev,
				 const struct ib_gid_attr *gid)
{
	const struct net_device *ndev;
	int err = 0;

	rcu_read_lock();
	ndev = rdma_read_gid_attr_ndev_rcu(gid);
	if (IS_ERR(ndev)) /* deleted by now: no packet will find a route */
		ndev = dev->ndev;
	route->oif = ndev->ifindex;
	route->net = dev_net(ndev)->net_cookie;
	route->vlan = rodp_owner_netdev_vlan(ndev);
	if (!rodp_place_net(dev, route->net))
		err = -ENETDOWN;
	rcu_read_unlock();
	return err;
}

static int flow_route_set_addresses(struct rodp_route *route, const struct in6_addr *src,
				    const struct in6_addr *dst)
{
	bool v4 = ipv6_addr_v4mapped(src);

	if (v4 != ipv6_addr_v4mapped(dst))
		return -EINVAL;
	route->version = v4 ? 4 : 6;
	if (v4) {
		route->v4.saddr = src->s6_addr32[3];
		route->v4.daddr = dst->s6_addr32[3];
	} else {
		route->v6.saddr = *src;
		route->v6.daddr = *dst;
	}
	return 0;
}

int rodp_route_resolve(struct rodp_route *route, const struct rodp_dev *dev,
		       const struct rdma_ah_attr *ah, u32 lqpn, u32 rqpn)
{
	const struct ib_global_route *grh = rdma_ah_read_grh(ah);
	u8 sl = rdma_ah_get_sl(ah);
	int err;

	if (!grh->sgid_attr)
		return -EINVAL;
	*route = (struct rodp_route){
		.tos = grh->traffic_class,
		.hop_limit = grh->hop_limit ? grh->hop_limit : IPV6_DEFAULT_HOPLIMIT,
		.flow_label = cpu_to_be32(grh->flow_label & 0xfffff),
		.sport = cpu_to_be16(rdma_get_udp_sport(grh->flow_label, lqpn, rqpn)),
		.priority = sl ? sl : rt_tos2priority(grh->traffic_class),
	};
	err = flow_route_set_addresses(route, flow_gid_addr(&grh->sgid_attr->gid),
				       flow_gid_addr(&grh->dgid));
	if (err)
		return err;
	return flow_route_set_netdev(route, dev, grh->sgid_attr);
}

bool rodp_route_is_in(const struct rodp_route *route, const struct net *net)
{
	return READ_ONCE(route->net) == net->net_cookie;
}

bool rodp_route_matches(const struct rodp_route *route, const struct sk_buff *skb)
{
	if (ip_hdr(skb)->version != route->version)
		return false;
	if (route->version == 4)
		return ip_hdr(skb)->saddr == route->v4.daddr &&
		       ip_hdr(skb)->daddr == route->v4.saddr;
	return ipv6_addr_equal(&ipv6_hdr(skb)->saddr, &route->v6.daddr) &&
	       ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &route->v6.saddr);
}

void rodp_flow_aim(struct rodp_flow *flow, const struct rodp_route *route)
{
	flow->route = *route;
	WRITE_ONCE(flow->near, RODP_NEAR_UNKNOWN);
	WRITE_ONCE(flow->joins, false);
	dst_cache_reset(&flow->cache);
}

void rodp_flow_learn(struct rodp_flow *flow, const struct sk_buff *skb)
{
	if (rodp_packet_is_ours(skb))
		cmpxchg(&flow->near, RODP_NEAR_UNKNOWN, RODP_NEAR_YES);
}

int rodp_flow_set(struct rodp_flow *flow, const struct rodp_dev *dev, const struct rdma_ah_attr *ah,
		  u32 lqpn, u32 rqpn)
{
	struct rodp_route route;
	int err = rodp_route_resolve(&route, dev, ah, lqpn, rqpn);

	if (!err)
		rodp_flow_aim(flow, &route);
	return err;
}
