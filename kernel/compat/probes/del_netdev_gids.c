// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* May a driver delete the GIDs of a netdev? */
#include <rdma/ib_verbs.h>

void probe(struct ib_device *dev, struct net_device *ndev);
void probe(struct ib_device *dev, struct net_device *ndev)
{
	roce_del_all_netdev_gids(dev, 1, ndev);
}
