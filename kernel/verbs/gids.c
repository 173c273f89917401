// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* GIDs of netdevs that are not Ethernet, see gids.h. */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <net/addrconf.h>

#include "uapi/rodp_abi.h"
#include "verbs/gids.h"

static struct workqueue_struct *gids_queue;

/* All GIDs of the netdev go and those that have an address come back: the core cannot be asked to delete one. */
static void gids_run(struct work_struct *work)
{
	struct rodp_dev *dev = container_of(work, struct rodp_dev, gids);

	if (xchg(&dev->gids_stale, false))
		roce_del_all_netdev_gids(&dev->ib, 1, dev->ndev);
	rdma_roce_rescan_device(&dev->ib);
	ib_device_put(&dev->ib);
}

void rodp_gids_init(struct rodp_dev *dev)
{
	INIT_WORK(&dev->gids, gids_run);
}

static bool gids_are_watched(const struct net_device *ndev)
{
	return ndev->type == ARPHRD_ETHER;
}

/* The device stays until the work is done. Any context. */
static void gids_refresh(struct rodp_dev *dev, bool gone)
{
	if (gone)
		WRITE_ONCE(dev->gids_stale, true);
	if (!ib_device_try_get(&dev->ib))
		return;
	if (!queue_work(gids_queue, &dev->gids))
		ib_device_put(&dev->ib);
}

void rodp_gids_netdev_event(struct rodp_dev *dev, unsigned long event)
{
	ASSERT_RTNL();
	if (gids_are_watched(dev->ndev))
		return;
	if (event == NETDEV_UNREGISTER)
		gids_refresh(dev, true);
	else if (event == NETDEV_REGISTER || event == NETDEV_UP)
		gids_refresh(dev, false);
}

static int gids_address_event(struct net_device *ndev, unsigned long event)
{
	struct ib_device *ib;

	if (gids_are_watched(ndev) || (event != NETDEV_UP && event != NETDEV_DOWN))
		return NOTIFY_DONE;
	ib = ib_device_get_by_netdev(ndev, RODP_DRIVER_ID);
	if (!ib)
		return NOTIFY_DONE;
	gids_refresh(to_rodp_dev(ib), event == NETDEV_DOWN);
	ib_device_put(ib);
	return NOTIFY_DONE;
}

/* RTNL is held. */
static int gids_ipv4_event(struct notifier_block *nb, unsigned long event, void *arg)
{
	const struct in_ifaddr *addr = arg;

	return gids_address_event(addr->ifa_dev->dev, event);
}

/* May be called in softirq. */
static int gids_ipv6_event(struct notifier_block *nb, unsigned long event, void *arg)
{
	const struct inet6_ifaddr *addr = arg;

	return gids_address_event(addr->idev->dev, event);
}

static struct notifier_block gids_ipv4_notifier = {
	.notifier_call = gids_ipv4_event,
};

static struct notifier_block gids_ipv6_notifier = {
	.notifier_call = gids_ipv6_event,
};

int rodp_gids_module_init(void)
{
	gids_queue = alloc_workqueue("rodp_gids", WQ_UNBOUND, 0);
	if (!gids_queue)
		return -ENOMEM;
	register_inetaddr_notifier(&gids_ipv4_notifier);
	register_inet6addr_notifier(&gids_ipv6_notifier);
	return 0;
}

void rodp_gids_module_exit(void)
{
	unregister_inet6addr_notifier(&gids_ipv6_notifier);
	unregister_inetaddr_notifier(&gids_ipv4_notifier);
	destroy_workqueue(gids_queue);
}
