// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is the origin of a device's name recorded? */
#include <rdma/ib_verbs.h>

void probe(struct ib_device *dev);
void probe(struct ib_device *dev)
{
	ib_mark_name_assigned_by_user(dev);
}
