// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is the unbound system work queue called system_dfl_wq? */
#include <linux/workqueue.h>

struct workqueue_struct *probe(void);
struct workqueue_struct *probe(void)
{
	return system_dfl_wq;
}
