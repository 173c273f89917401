// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The module: rooms come up from the ground floor, and `rdma link add ... type rodp`. */
#include <linux/module.h>
#include <rdma/rdma_netlink.h>

#include "base/account.h"
#include "base/share.h"
#include "mem/mr.h"
#include "net/packet.h"
#include "net/socket.h"
#include "odp/mirror.h"
#include "qp/end/courier.h"
#include "qp/end/qpn.h"
#include "qp/lane/lane.h"
#include "qp/queue/srq.h"
#include "qp/receive.h"
#include "uapi/rodp_abi.h"
#include "verbs/device.h"
#include "verbs/verbs.h"
#include "wire/crc32.h"

MODULE_AUTHOR("The rodp developers");
MODULE_DESCRIPTION("RoCE with on-demand paging: a soft RDMA device without pinning");
MODULE_LICENSE("Dual BSD/GPL");
MODULE_ALIAS_RDMA_LINK("rodp");

static int main_link_new(const char *name, struct net_device *ndev)
{
	if (is_vlan_dev(ndev))
		return -EOPNOTSUPP;
	return rodp_device_add(name, ndev);
}

static struct rdma_link_ops main_link_ops = {
	.type = "rodp",
	.newlink = main_link_new,
};

static int __init main_init(void)
{
	int err;

	rodp_share_module_init();
	err = rodp_odp_module_init();
	if (err)
		return err;
	err = rodp_mr_module_init();
	if (err)
		goto err_odp;
	err = rodp_lane_module_init();
	if (err)
		goto err_mr;
	rodp_courier_module_init();
	rodp_crc32_module_init();
	err = rodp_net_module_init(rodp_qp_receive);
	if (err)
		goto err_lane;
	err = rodp_device_module_init();
	if (err)
		goto err_net;
	rdma_link_register(&main_link_ops);
	return 0;

err_net:
	rodp_net_module_exit();
err_lane:
	rodp_crc32_module_exit();
	rodp_lane_module_exit();
err_mr:
	rodp_mr_module_exit();
err_odp:
	rodp_odp_module_exit();
	return err;
}

static void __exit main_exit(void)
{
	rdma_link_unregister(&main_link_ops);
	rodp_device_module_exit();
	rodp_net_module_exit();
	rodp_packet_module_exit();
	rodp_crc32_module_exit();
	rodp_lane_module_exit();
	rodp_courier_module_exit();
	rodp_qpn_module_exit();
	rodp_srq_module_exit();
	rodp_odp_module_exit();
	rcu_barrier(); /* regions */
	rodp_mr_module_exit();
	rodp_share_module_exit();
	rodp_account_module_exit();
}

module_init(main_init);
module_exit(main_exit);
