// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Which device an IP address belongs to, see owner.h. */
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <rdma/ib_addr.h>

#include "uapi/rodp_abi.h"
#include "net/owner.h"

/* ipv6_dev_find() with a netdev looks at no other; only a link-local address needs one. */
static struct net_device *owner_netdev_ipv6(struct net *net, const struct in6_addr *addr,
					    struct net_device *in)
{
	bool link = ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL;
	struct net_device *ndev = NULL;

	if (!ipv6_mod_enabled())
		return NULL;
	if (link && in)
		ndev = ipv6_dev_find(net, addr, in);
	if (!ndev)
		ndev = ipv6_dev_find(net, addr, NULL);
	return ndev;
}

static struct net_device *owner_netdev(struct net *net, const struct in6_addr *addr,
				       struct net_device *in)
{
	struct net_device *ndev;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "an address's netdev may be freed");
	if (ipv6_addr_v4mapped(addr))
		ndev = __ip_dev_find(net, addr->s6_addr32[3], false);
	else
		ndev = owner_netdev_ipv6(net, addr, in);
	return ndev;
}

const struct net_device *rodp_owner_netdev(const struct net_device *ndev)
{
	return is_vlan_dev(ndev) ? vlan_dev_real_dev(ndev) : ndev;
}

u16 rodp_owner_vlan(struct net *net, const struct sk_buff *skb, u8 *priority)
{
	const struct net_device *ndev = skb->dev;
	struct in6_addr addr;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "an address's netdev may be freed");
	if (ndev->flags & IFF_LOOPBACK) {
		rodp_owner_daddr(skb, &addr);
		ndev = owner_netdev(net, &addr, NULL);
	}
	*priority = 0;
	if (!ndev || !is_vlan_dev(ndev))
		return 0;
	*priority = skb->priority & 7;
	return vlan_dev_vlan_id(ndev);
}

static struct rodp_dev *owner_of_netdev(struct net_device *ndev)
{
	struct ib_device *ib = NULL;

	if (ndev)
		ib = ib_device_get_by_netdev((struct net_device *)rodp_owner_netdev(ndev),
					     RODP_DRIVER_ID);
	return ib ? to_rodp_dev(ib) : NULL;
}

struct rodp_dev *rodp_owner_get(struct net *net, const struct in6_addr *addr, struct net_device *in)
{
	struct rodp_dev *dev;

	rcu_read_lock();
	dev = owner_of_netdev(owner_netdev(net, addr, in));
	rcu_read_unlock();
	return dev;
}

struct rodp_dev *rodp_owner_of(struct net *net, const struct sk_buff *skb)
{
	struct in6_addr addr;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the packet's netdev may be freed");
	rodp_owner_daddr(skb, &addr);
	if (rdma_is_multicast_addr(&addr))
		return owner_of_netdev(skb->dev);
	return rodp_owner_get(net, &addr, skb->dev);
}

void rodp_owner_daddr(const struct sk_buff *skb, struct in6_addr *addr)
{
	if (ip_hdr(skb)->version == 4)
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, addr);
	else
		*addr = ipv6_hdr(skb)->daddr;
}

bool rodp_owner_is(const struct rodp_dev *dev, struct net *net, const struct sk_buff *skb)
{
	const struct net_device *ndev;
	struct in6_addr addr;

	rodp_owner_daddr(skb, &addr);
	ndev = owner_netdev(net, &addr, skb->dev);
	return ndev && rodp_owner_netdev(ndev) == dev->ndev;
}
