// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Multicast, see mcast.h. */
#include <linux/hashtable.h>
#include <linux/igmp.h>
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <linux/once.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

#include "net/drop.h"
#include "net/owner.h"
#include "net/packet.h"
#include "net/rx.h"
#include "net/segments.h"
#include "qp/end/courier.h"
#include "qp/ud/mcast.h"

/* One QP in one group. */
struct member {
	struct hlist_node node;
	struct rodp_end *end;
	struct in6_addr group; /* IPv4-mapped or IPv6 */
	u64 net; /* cookie of the network namespace in which the netdev joined */
	struct rcu_head rcu;
};

/* Of all devices. Read under RCU: a QP leaves its groups, and a grace period passes, before it goes. */
static DEFINE_HASHTABLE(members, 8);
static DEFINE_MUTEX(members_lock);

/* Keyed: who chooses groups does not choose who shares a bucket with whom. */
static u32 mcast_hash(const struct in6_addr *group)
{
	static u32 seed;

	get_random_once(&seed, sizeof(seed));
	return jhash2((__force const u32 *)group->s6_addr32, 4, seed);
}

static const struct in6_addr *mcast_group(const union ib_gid *gid)
{
	return (const struct in6_addr *)gid->raw;
}

/* The cookie of the network namespace that the device's netdev is in; 0: it is on its way to another. */
static u64 mcast_net(const struct rodp_dev *dev)
{
	const struct net *net = READ_ONCE(dev->net);

	ASSERT_RTNL();
	return net ? net->net_cookie : 0;
}

/* The netdev may have lost its addresses, and with them its groups. */
static int mcast_join(const struct rodp_dev *dev, const struct in6_addr *group)
{
	struct net_device *ndev = dev->ndev;
	struct in_device *in_dev = __in_dev_get_rtnl(ndev);

	ASSERT_RTNL();
	lockdep_assert_held(&members_lock);
	if (!mcast_net(dev))
		return -ENODEV;
	if (!ipv6_addr_v4mapped(group))
		return ipv6_mod_enabled() ? ipv6_dev_mc_inc(ndev, group) : -ENODEV;
	if (!in_dev)
		return -ENODEV;
	ip_mc_inc_group(in_dev, group->s6_addr32[3]);
	return 0;
}

/*
 * A netdev that went to another network namespace has lost its groups, and those that it has there
 * are others'.
 */
static void mcast_leave(const struct member *member)
{
	const struct in6_addr *group = &member->group;
	const struct rodp_dev *dev = member->end->dev;
	struct net_device *ndev = dev->ndev;
	struct in_device *in_dev = __in_dev_get_rtnl(ndev);

	ASSERT_RTNL();
	if (mcast_net(dev) != member->net)
		return;
	if (!ipv6_addr_v4mapped(group))
		ipv6_dev_mc_dec(ndev, group);
	else if (in_dev)
		ip_mc_dec_group(in_dev, group->s6_addr32[3]);
}

static struct member *mcast_member_find(const struct rodp_end *end, const struct in6_addr *group)
{
	struct member *member;

	lockdep_assert_held(&members_lock);
	hash_for_each_possible(members, member, node, mcast_hash(group))
		if (member->end == end && ipv6_addr_equal(&member->group, group))
			return member;
	return NULL;
}

/* Of the QPs of one device in one group. */
static u32 mcast_members_count(const struct rodp_dev *dev, const struct in6_addr *group)
{
	struct member *member;
	u32 n = 0;

	lockdep_assert_held(&members_lock);
	hash_for_each_possible(members, member, node, mcast_hash(group))
		n += member->end->dev == dev && ipv6_addr_equal(&member->group, group);
	return n;
}

/* member becomes that of the QP in the group. */
static int mcast_member_add(struct rodp_end *end, const struct in6_addr *group,
			    struct member *member)
{
	struct rodp_dev *dev = end->dev;
	int err;

	lockdep_assert_held(&members_lock);
	if (dev->attached >= RODP_MAX_MCAST_GROUPS ||
	    mcast_members_count(dev, group) >= RODP_MAX_MCAST_QPS)
		return -ENOMEM;
	rtnl_lock();
	err = mcast_join(dev, group);
	member->net = mcast_net(dev);
	rtnl_unlock();
	if (err)
		return err;
	member->end = end;
	member->group = *group;
	hash_add_rcu(members, &member->node, mcast_hash(group));
	dev->attached++;
	return 0;
}

int rodp_mcast_attach(struct rodp_end *end, const union ib_gid *gid)
{
	/* Not under the lock, for which others wait. */
	struct member *member = kzalloc(sizeof(*member), GFP_KERNEL_ACCOUNT);
	int err = -EEXIST;

	if (!member)
		return -ENOMEM;
	mutex_lock(&members_lock);
	if (!mcast_member_find(end, mcast_group(gid)))
		err = mcast_member_add(end, mcast_group(gid), member);
	mutex_unlock(&members_lock);
	if (err)
		kfree(member);
	return err == -EEXIST ? 0 : err;
}

int rodp_mcast_detach(struct rodp_end *end, const union ib_gid *gid)
{
	struct member *member;

	mutex_lock(&members_lock);
	member = mcast_member_find(end, mcast_group(gid));
	if (member) {
		hash_del_rcu(&member->node);
		end->dev->attached--;
		rtnl_lock();
		mcast_leave(member);
		rtnl_unlock();
		kfree_rcu(member, rcu);
	}
	mutex_unlock(&members_lock);
	return member ? 0 : -EINVAL;
}

/* Groups are those of a device's own netdev, in the namespace where it joined. */
static bool mcast_member_hears(const struct member *member, const struct in6_addr *group,
			       const struct net_device *ndev, u64 net)
{
	return member->end->dev->ndev == ndev && member->net == net &&
	       ipv6_addr_equal(&member->group, group);
}

static void mcast_member_receive(struct rodp_end *end, struct sk_buff *skb)
{
	struct rodp_segments alone = {};

	rodp_segments_add(&alone, skb);
	rodp_rx_count(end->dev, &alone);
	rodp_lane_receive_all(end->receive_lane, &alone);
}

/* A copy for each member that hears it. Returns whether there is one. */
static bool mcast_members_receive(struct net *net, const struct in6_addr *group,
				  struct sk_buff *skb)
{
	const struct net_device *ndev = rodp_owner_netdev(skb->dev);
	struct member *member;
	struct sk_buff *copy;
	bool heard = false;

	rodp_packet(skb)->vlan = rodp_owner_vlan(net, skb, &rodp_packet(skb)->sl);
	hash_for_each_possible_rcu(members, member, node, mcast_hash(group)) {
		if (!mcast_member_hears(member, group, ndev, net->net_cookie))
			continue;
		heard = true;
		copy = skb_clone(skb, GFP_ATOMIC);
		if (copy)
			mcast_member_receive(member->end, copy);
	}
	return heard;
}

void rodp_mcast_receive(struct net *net, struct sk_buff *skb)
{
	bool datagram = rodp_packet(skb)->op->deth;
	struct in6_addr group;

	rodp_owner_daddr(skb, &group);
	if (skb->pkt_type == PACKET_LOOPBACK)
		kfree_skb(skb); /* what this host sent itself was looped back already */
	else if (!rodp_packet_icrc_ok(skb))
		rodp_packet_drop_stray(net, skb, RODP_STAT_BAD_ICRC);
	else if (!datagram)
		rodp_packet_drop_stray(net, skb, RODP_STAT_NO_QP);
	else if (!rodp_bth_pkey_ok(rodp_packet_bth(skb)))
		rodp_packet_drop_stray(net, skb, RODP_STAT_BAD_PKEY);
	else if (mcast_members_receive(net, &group, skb))
		consume_skb(skb);
	else
		rodp_packet_drop_stray(net, skb, RODP_STAT_MCAST_UNWANTED);
}

/* What the members of a group get: one buffer for all of them, with the network header in front. */
static struct sk_buff *mcast_copy(const struct rodp_address *address, struct sk_buff *skb)
{
	struct sk_buff *copy = skb_copy(skb, GFP_ATOMIC);

	if (copy)
		rodp_packet_address(&address->flow, copy);
	return copy;
}

/* Whether a datagram of this device to the group is looped back to the member. */
static bool mcast_member_shares(const struct member *member, const struct in6_addr *group,
				const struct net_device *ndev, u64 net)
{
	return mcast_member_hears(member, group, ndev, net) &&
	       !(member->end->init.create_flags & IB_QP_CREATE_BLOCK_MULTICAST_LOOPBACK);
}

void rodp_mcast_loop_back(struct rodp_end *end, const struct rodp_address *address,
			  struct sk_buff *skb)
{
	const struct in6_addr *group = mcast_group(&rdma_ah_read_grh(&address->attr)->dgid);
	struct sk_buff *shared = NULL, *clone;
	struct member *member;

	rodp_end_assert_sending(end);
	hash_for_each_possible_rcu(members, member, node, mcast_hash(group)) {
		if (!mcast_member_shares(member, group, end->dev->ndev, address->flow.route.net))
			continue;
		if (!shared)
			shared = mcast_copy(address, skb);
		if (!shared)
			return;
		clone = skb_clone(shared, GFP_ATOMIC);
		if (clone)
			rodp_courier_take(end, member->end->ib.qp_num, clone);
	}
	consume_skb(shared);
}
