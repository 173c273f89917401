// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does the kernel lend drivers threads of the current process, and tell when they are killed? (Since 6.10.) */
#include <linux/types.h>
#include <linux/sched/vhost_task.h>

#ifndef CONFIG_VHOST_TASK
#error "declared, but left out of the kernel"
#endif

struct vhost_task *probe(bool (*turn)(void *), void (*killed)(void *));
struct vhost_task *probe(bool (*turn)(void *), void (*killed)(void *))
{
	return vhost_task_create(turn, killed, NULL, "probe");
}
