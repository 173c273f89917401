// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does the core know RDMA FLUSH and ATOMIC WRITE? */
#include <rdma/ib_verbs.h>

u64 probe(void);
u64 probe(void)
{
	return IB_DEVICE_FLUSH_GLOBAL | IB_DEVICE_ATOMIC_WRITE | IB_ACCESS_FLUSH_PERSISTENT |
	       IB_WR_FLUSH | IB_WC_ATOMIC_WRITE;
}
