// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Can a device be allocated for a network namespace? */
#include <rdma/ib_verbs.h>

struct probe_device {
	struct ib_device ib;
};

struct probe_device *probe(struct net *net);
struct probe_device *probe(struct net *net)
{
	return ib_alloc_device_with_net(probe_device, ib, net);
}
