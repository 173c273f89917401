// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Netdevs whose addresses are GIDs, see place.h. */
#include <linux/capability.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "net/place.h"
#include "net/socket.h"

/* One netdev of one device. Freed with its last GID, which may be after it has left. */
struct place {
	struct hlist_node node; /* by the namespace's cookie; unhashed once the netdev has left */
	struct rodp_dev *dev; /* outlives its GIDs */
	const struct net_device *ndev; /* held by the GIDs */
	struct net *net; /* as long as this is hashed: one user of its sockets is this */
	unsigned int gids;
	struct rcu_head rcu;
};

/* Of all devices. Read under RCU, changed under the lock. */
static DEFINE_HASHTABLE(places, 6);
/*
 * Taken inside the RTNL and inside the lock of a table of GIDs. A netdev that leaves its namespace is taken off the
 * namespace's list first, and then announced to rodp_place_leave(): who holds this lock and finds it on the list knows
 * that the namespace stays until the lock is free.
 */
static DEFINE_MUTEX(places_lock);

/* NULL: the netdev is on its way to another namespace, or is going. */
static struct net *place_net_of(const struct net_device *ndev)
{
	struct net *net;

	lockdep_assert_held(&places_lock);
	rcu_read_lock();
	net = dev_net(ndev);
	if (dev_get_by_index_rcu(net, ndev->ifindex) != ndev)
		net = NULL;
	rcu_read_unlock();
	return net;
}

static struct place *place_find(const struct rodp_dev *dev, const struct net *net,
				const struct net_device *ndev)
{
	struct place *place;

	lockdep_assert_held(&places_lock);
	hash_for_each_possible(places, place, node, net->net_cookie)
		if (place->dev == dev && place->net == net && place->ndev == ndev)
			return place;
	return NULL;
}

static struct place *place_make(struct rodp_dev *dev, struct net *net,
				const struct net_device *ndev)
{
	struct place *place = kzalloc(sizeof(*place), GFP_KERNEL);

	lockdep_assert_held(&places_lock);
	if (!place)
		return NULL;
	if (rodp_net_get(net)) {
		kfree(place);
		return NULL;
	}
	place->dev = dev;
	place->ndev = ndev;
	place->net = net;
	hash_add_rcu(places, &place->node, net->net_cookie);
	return place;
}

int rodp_place_add_gid(const struct ib_gid_attr *attr, void **context)
{
	const struct net_device *ndev = rcu_dereference_protected(attr->ndev, true);
	struct rodp_dev *dev = to_rodp_dev(attr->device);
	struct place *place = NULL;
	struct net *net;

	mutex_lock(&places_lock);
	net = place_net_of(ndev);
	if (net) {
		place = place_find(dev, net, ndev);
		if (!place)
			place = place_make(dev, net, ndev);
	}
	if (place)
		place->gids++;
	mutex_unlock(&places_lock);
	*context = place;
	return 0;
}

/* Who found it in the table is done with it, and with the namespace, when this returns. */
static void place_close(struct place *place)
{
	lockdep_assert_held(&places_lock);
	hash_del_rcu(&place->node);
	synchronize_net();
	rodp_net_put(place->net);
}

int rodp_place_del_gid(const struct ib_gid_attr *attr, void **context)
{
	struct place *place = *context;

	*context = NULL;
	if (!place)
		return 0;
	mutex_lock(&places_lock);
	if (!--place->gids) {
		if (!hlist_unhashed(&place->node))
			place_close(place);
		kfree_rcu(place, rcu);
	}
	mutex_unlock(&places_lock);
	return 0;
}

void rodp_place_leave(const struct net_device *ndev)
{
	struct net *net = dev_net(ndev);
	struct hlist_node *next;
	struct place *place;

	ASSERT_RTNL();
	mutex_lock(&places_lock);
	hash_for_each_possible_safe(places, place, next, node, net->net_cookie)
		if (place->ndev == ndev)
			place_close(place);
	mutex_unlock(&places_lock);
}

struct net *rodp_place_net(const struct rodp_dev *dev, u64 cookie)
{
	struct net *own = rodp_dev_net(dev);
	const struct place *place;

	if (likely(own && own->net_cookie == cookie))
		return own;
	hash_for_each_possible_rcu(places, place, node, cookie)
		if (place->dev == dev && place->net->net_cookie == cookie)
			return place->net;
	return NULL;
}

bool rodp_place_has(const struct rodp_dev *dev, const struct net *net,
		    const struct net_device *ndev)
{
	const struct place *place;

	hash_for_each_possible_rcu(places, place, node, net->net_cookie)
		if (place->dev == dev && place->ndev == ndev)
			return true;
	return false;
}

struct rodp_dev *rodp_place_dev_get(const struct net *net, const struct net_device *ndev)
{
	const struct place *place;

	hash_for_each_possible_rcu(places, place, node, net->net_cookie)
		if (place->ndev == ndev && ib_device_try_get(&place->dev->ib))
			return place->dev;
	return NULL;
}

u64 rodp_place_of_process(void)
{
	return current->nsproxy->net_ns->net_cookie;
}

bool rodp_place_is_open(const struct rodp_dev *dev, const struct net *net, u64 cookie)
{
	return net->net_cookie == cookie || net_eq(net, rodp_dev_net(dev));
}

/* A reference to a namespace other than the device's own. NULL: it is the device's own. */
static struct net *place_foreign_net_get(const struct rodp_dev *dev, u64 cookie)
{
	struct net *net;

	rcu_read_lock();
	net = rodp_place_net(dev, cookie);
	if (!net)
		net = ERR_PTR(-ENETDOWN);
	else if (net_eq(net, rodp_dev_net(dev)))
		net = NULL;
	else if (!maybe_get_net(net))
		net = ERR_PTR(-ENETDOWN);
	rcu_read_unlock();
	return net;
}

int rodp_place_permit(const struct rodp_dev *dev, u64 cookie)
{
	struct net *net = place_foreign_net_get(dev, cookie);
	bool may;

	if (IS_ERR_OR_NULL(net))
		return PTR_ERR_OR_ZERO(net);
	may = net_eq(net, current->nsproxy->net_ns) || ns_capable(net->user_ns, CAP_NET_ADMIN);
	put_net(net);
	return may ? 0 : -EPERM;
}
