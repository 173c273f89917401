// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is the function that pins user memory called ib_umem_get_va? */
#include <rdma/ib_umem.h>
#include <rdma/ib_verbs.h>

struct ib_umem *probe(struct ib_device *dev);
struct ib_umem *probe(struct ib_device *dev)
{
	return ib_umem_get_va(dev, 0ul, (size_t)1, 0);
}
