// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Flows, see flow.h. */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <rdma/ib_cache.h>

#include "net/flow.h"

int rodp_flow_init(struct rodp_flow *flow, gfp_t gfp)
{
	return dst_cache_init(&flow->cache, gfp);
}

void rodp_flow_destroy(struct rodp_flow *flow)
{
	dst_cache_destroy(&flow->cache);
}

static const struct in6_addr *gid_addr(const union ib_gid *gid)
{
	return (const struct in6_addr *)gid->raw;
}

/* Out through the GID's own netdev: packets of a VLAN's address are the VLAN's. */
static int flow_set_netdev(struct rodp_flow *flow, const struct rodp_dev *dev,
			   const struct ib_gid_attr *gid)
{
	const struct net_device *ndev;
	int err = 0;

	rcu_read_lock();
	ndev = rdma_read_gid_attr_ndev_rcu(gid);
	if (IS_ERR(ndev)) /* deleted by now: no packet will find a route */
		ndev = dev->ndev;
	if (!net_eq(dev_net(ndev), rodp_dev_net(dev)))
		err = -EINVAL;
	flow->oif = ndev->ifindex;
	flow->vlan = is_vlan_dev(ndev) ? vlan_dev_vlan_id(ndev) : 0;
	rcu_read_unlock();
	return err;
}

int rodp_flow_set(struct rodp_flow *flow, const struct rodp_dev *dev, const struct rdma_ah_attr *ah,
		  u32 lqpn, u32 rqpn)
{
	const struct ib_global_route *grh = rdma_ah_read_grh(ah);
	const struct in6_addr *src, *dst = gid_addr(&grh->dgid);
	u8 sl = rdma_ah_get_sl(ah);
	bool v4;
	int err;

	if (!grh->sgid_attr)
		return -EINVAL;
	src = gid_addr(&grh->sgid_attr->gid);
	v4 = ipv6_addr_v4mapped(src);
	if (v4 != ipv6_addr_v4mapped(dst))
		return -EINVAL;

	err = flow_set_netdev(flow, dev, grh->sgid_attr);
	if (err)
		return err;
	flow->version = v4 ? 4 : 6;
	flow->tos = grh->traffic_class;
	flow->hop_limit = grh->hop_limit ? grh->hop_limit : IPV6_DEFAULT_HOPLIMIT;
	flow->flow_label = cpu_to_be32(grh->flow_label & 0xfffff);
	flow->sport = cpu_to_be16(rdma_get_udp_sport(grh->flow_label, lqpn, rqpn));
	flow->priority = sl ? sl : rt_tos2priority(grh->traffic_class);
	if (v4) {
		flow->v4.saddr = src->s6_addr32[3];
		flow->v4.daddr = dst->s6_addr32[3];
	} else {
		flow->v6.saddr = *src;
		flow->v6.daddr = *dst;
	}
	dst_cache_reset(&flow->cache);
	return 0;
}

bool rodp_flow_matches(const struct rodp_flow *flow, const struct sk_buff *skb)
{
	if (ip_hdr(skb)->version != flow->version)
		return false;
	if (flow->version == 4)
		return ip_hdr(skb)->saddr == flow->v4.daddr && ip_hdr(skb)->daddr == flow->v4.saddr;
	return ipv6_addr_equal(&ipv6_hdr(skb)->saddr, &flow->v6.daddr) &&
	       ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &flow->v6.saddr);
}
