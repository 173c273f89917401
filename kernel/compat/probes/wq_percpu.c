// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Must a work queue say that it is bound to CPUs? (It was the default.) */
#include <linux/workqueue.h>

struct workqueue_struct *probe(void);
struct workqueue_struct *probe(void)
{
	return alloc_workqueue("probe", WQ_PERCPU, 0);
}
