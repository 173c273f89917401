// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Can a driver ask for a device's network namespace? */
#include <rdma/ib_verbs.h>

struct net *probe(struct ib_device *dev);
struct net *probe(struct ib_device *dev)
{
	return rdma_dev_net(dev);
}
