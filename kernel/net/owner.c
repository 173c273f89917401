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
#include "net/place.h"

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

static int owner_lower_vlan(struct net_device *lower, struct netdev_nested_priv *priv)
{
	u16 *vlan = priv->data;

	if (is_vlan_dev(lower))
		*vlan = vlan_dev_vlan_id(lower);
	return 1; /* it is looked no deeper */
}

u16 rodp_owner_netdev_vlan(const struct net_device *ndev)
{
	u16 vlan = 0;
	struct netdev_nested_priv priv = { .data = &vlan };

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the netdevs below may go");
	if (is_vlan_dev(ndev))
		return vlan_dev_vlan_id(ndev);
	netdev_walk_all_lower_dev_rcu((struct net_device *)ndev, owner_lower_vlan, &priv);
	return vlan;
}

const struct net_device *rodp_owner_netdev(const struct net_device *ndev)
{
	return is_vlan_dev(ndev) ? vlan_dev_real_dev(ndev) : ndev;
}

u16 rodp_owner_vlan(struct net *net, const struct sk_buff *skb, u8 *priority)
{
	const struct net_device *ndev = skb->dev;
	struct in6_addr addr;
	u16 vlan;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "an address's netdev may be freed");
	if (ndev->flags & IFF_LOOPBACK) {
		rodp_owner_daddr(skb, &addr);
		ndev = owner_netdev(net, &addr, NULL);
	}
	vlan = ndev ? rodp_owner_netdev_vlan(ndev) : 0;
	*priority = vlan ? skb->priority & 7 : 0;
	return vlan;
}

/* The device on the netdev, or one that has the netdev's addresses as GIDs. */
static struct rodp_dev *owner_of_netdev(const struct net *net, struct net_device *ndev)
{
	struct ib_device *ib;

	if (!ndev)
		return NULL;
	ib = ib_device_get_by_netdev(ndev, RODP_DRIVER_ID);
	return ib ? to_rodp_dev(ib) : rodp_place_dev_get(net, ndev);
}

struct rodp_dev *rodp_owner_get(struct net *net, const struct in6_addr *addr, struct net_device *in)
{
	struct rodp_dev *dev;

	rcu_read_lock();
	dev = owner_of_netdev(net, owner_netdev(net, addr, in));
	rcu_read_unlock();
	return dev;
}

struct rodp_dev *rodp_owner_of(struct net *net, const struct sk_buff *skb)
{
	struct in6_addr addr;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "the packet's netdev may be freed");
	rodp_owner_daddr(skb, &addr);
	if (rdma_is_multicast_addr(&addr))
		return owner_of_netdev(net, skb->dev);
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
	return ndev && (ndev == dev->ndev || rodp_place_has(dev, net, ndev));
}
