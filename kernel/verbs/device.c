// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A device's coming and going, and its netdev's events. */
#include <linux/etherdevice.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

#include "base/account.h"
#include "net/place.h"
#include "net/socket.h"
#include "uapi/rodp_abi.h"
#include "verbs/device.h"
#include "verbs/gids.h"
#include "verbs/verbs.h"

/*
 * The device leaves its network namespace, which may be gone long before the device is: from here on
 * it neither sends nor receives there. Sleeps; RTNL may be held.
 */
static void device_leave_net(struct rodp_dev *dev)
{
	struct net *net = xchg(&dev->net, NULL);

	if (!net)
		return;
	synchronize_net(); /* who read dev->net is done with it */
	rodp_net_put(net);
}

/* What of the device may outlive it. */
static int device_make_counters(struct rodp_dev *dev)
{
	dev->stats = rodp_stats_create();
	if (!dev->stats)
		return -ENOMEM;
	dev->dm = rodp_account_create(RODP_MAX_DM);
	if (dev->dm)
		return 0;
	rodp_stats_put(dev->stats);
	return -ENOMEM;
}

static void device_put_counters(struct rodp_dev *dev)
{
	rodp_account_put(dev->dm);
	rodp_stats_put(dev->stats);
}

/* Of the netdev's MAC; where there is none, as on lo and in tunnels, one of its own: connections are told apart by it. */
static void device_set_guid(struct rodp_dev *dev, const struct net_device *ndev)
{
	u8 mac[ETH_ALEN];

	if (ndev->addr_len == ETH_ALEN && !is_zero_ether_addr(ndev->dev_addr))
		ether_addr_copy(mac, ndev->dev_addr);
	else
		eth_random_addr(mac);
	addrconf_addr_eui48((u8 *)&dev->ib.node_guid, mac);
}

static int device_init(struct rodp_dev *dev, struct net_device *ndev, struct net *net)
{
	static atomic64_t serial;
	int err;

	dev->serial = atomic64_inc_return(&serial);
	err = device_make_counters(dev);
	if (err)
		return err;
	err = rodp_net_get(net);
	if (err) {
		device_put_counters(dev);
		return err;
	}
	dev_hold(ndev);
	dev->ndev = ndev;
	dev->net = net;
	rodp_gids_init(dev);
	xa_init_flags(&dev->mrs, XA_FLAGS_ALLOC1);
	xa_init_flags(&dev->ahs, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_IRQ);

	dev->ib.node_type = RDMA_NODE_IB_CA;
	dev->ib.phys_port_cnt = 1;
	dev->ib.num_comp_vectors = num_possible_cpus();
	dev->ib.uverbs_cmd_mask |= BIT_ULL(IB_USER_VERBS_CMD_POST_SEND) |
				   BIT_ULL(IB_USER_VERBS_CMD_POST_RECV);
	device_set_guid(dev, ndev);
	strscpy(dev->ib.node_desc, "rodp", sizeof(dev->ib.node_desc));
	ib_set_device_ops(&dev->ib, &rodp_device_ops);
	dev->ib.driver_def = rodp_uapi_defs;
	return 0;
}

/* ib_device_ops.dealloc_driver: the last of the device's users is gone. */
void rodp_device_free(struct ib_device *ib)
{
	struct rodp_dev *dev = to_rodp_dev(ib);
	unsigned long key = 0;

	WARN_ON(xa_find(&dev->mrs, &key, ULONG_MAX, XA_PRESENT));
	xa_destroy(&dev->mrs);
	WARN_ON(!xa_empty(&dev->ahs));
	xa_destroy(&dev->ahs);
	device_leave_net(dev);
	dev_put(dev->ndev);
	device_put_counters(dev);
}

/* What became of the netdev before the device was registered, no notifier told. */
static int device_check_netdev(struct net_device *ndev, const struct net *net)
{
	struct ib_device *ib = NULL;

	rtnl_lock();
	if (ndev->reg_state != NETREG_REGISTERED || !net_eq(dev_net(ndev), net))
		ib = ib_device_get_by_netdev(ndev, RODP_DRIVER_ID);
	rtnl_unlock();
	if (!ib)
		return 0;
	ib_unregister_device_queued(ib);
	ib_device_put(ib);
	return -ENODEV;
}

/* One device is added at a time: of two for one netdev the second finds the first. */
static DEFINE_MUTEX(device_add_lock);

static bool device_exists(struct net_device *ndev)
{
	struct ib_device *ib = ib_device_get_by_netdev(ndev, RODP_DRIVER_ID);

	lockdep_assert_held(&device_add_lock);
	if (ib)
		ib_device_put(ib);
	return ib;
}

static int device_make(const char *name, struct net_device *ndev)
{
	struct net *net = dev_net(ndev);
	struct rodp_dev *dev;
	int err;

	if (device_exists(ndev))
		return -EEXIST;
	dev = ib_alloc_device(rodp_dev, ib);
	if (!dev)
		return -ENOMEM;
	err = device_init(dev, ndev, net);
	if (err) {
		ib_dealloc_device(&dev->ib);
		return err;
	}
	ib_mark_name_assigned_by_user(&dev->ib);
	/* Exclusive mode: where the netdev is, and whoever asks for the device, it is seen. */
	if (!rdma_dev_access_netns(&dev->ib, net))
		write_pnet(&dev->ib.coredev.rdma_net, net);
	err = ib_device_set_netdev(&dev->ib, ndev, 1);
	if (!err)
		err = ib_register_device(&dev->ib, name, NULL);
	if (err) {
		ib_dealloc_device(&dev->ib); /* frees what device_init() took, by dealloc_driver */
		return err;
	}
	return device_check_netdev(ndev, net);
}

int rodp_device_add(const char *name, struct net_device *ndev)
{
	int err;

	mutex_lock(&device_add_lock);
	err = device_make(name, ndev);
	mutex_unlock(&device_add_lock);
	return err;
}

static void device_tell_port(struct rodp_dev *dev)
{
	struct ib_event event = {
		.device = &dev->ib,
		.element.port_num = 1,
		.event = rodp_port_state(dev) == IB_PORT_ACTIVE ? IB_EVENT_PORT_ACTIVE
								: IB_EVENT_PORT_ERR,
	};

	ib_dispatch_event(&event);
}

/* It comes into its netdev's new network namespace. If somebody has the port there, it cannot stay. */
static void device_join_net(struct rodp_dev *dev)
{
	struct net *net = dev_net(dev->ndev);

	ASSERT_RTNL();
	if (READ_ONCE(dev->net))
		return;
	if (rodp_net_get(net))
		ib_unregister_device_queued(&dev->ib);
	else
		WRITE_ONCE(dev->net, net);
}

/* It goes to another network namespace, and the device with it; or for good. */
static void device_lose_netdev(struct rodp_dev *dev)
{
	device_leave_net(dev);
	if (dev->ndev->reg_state != NETREG_REGISTERED)
		ib_unregister_device_queued(&dev->ib);
}

static int device_netdev_event(struct notifier_block *nb, unsigned long event, void *arg)
{
	struct net_device *ndev = netdev_notifier_info_to_dev(arg);
	struct ib_device *ib = ib_device_get_by_netdev(ndev, RODP_DRIVER_ID);

	ASSERT_RTNL();
	if (event == NETDEV_UNREGISTER) /* also when it goes to another namespace */
		rodp_place_leave(ndev);
	if (!ib)
		return NOTIFY_DONE;
	rodp_gids_netdev_event(to_rodp_dev(ib), event);
	switch (event) {
	case NETDEV_UNREGISTER:
		device_lose_netdev(to_rodp_dev(ib));
		break;
	case NETDEV_REGISTER:
		device_join_net(to_rodp_dev(ib));
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		device_tell_port(to_rodp_dev(ib));
		break;
	}
	ib_device_put(ib);
	return NOTIFY_OK;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_netdev_event,
};

int rodp_device_module_init(void)
{
	int err = rodp_gids_module_init();

	if (err)
		return err;
	err = register_netdevice_notifier(&device_notifier);
	if (err)
		rodp_gids_module_exit();
	return err;
}

void rodp_device_module_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
	ib_unregister_driver(RODP_DRIVER_ID);
	rodp_gids_module_exit();
}
